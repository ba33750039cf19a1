# A model is a path and a stage is one edge of it: the parent of `models/<encoder>/<stage>/<stage>/seed-<n>` is the same
# path without its last stage. Intermediates, targets and mixtures are all trained by this one rule.
rule train_stage:
    input:
        inputs,
    output:
        manifest=in_store("{entry}/manifest.json"),
        config=in_store("{entry}/config.json"),
        weights=in_store("{entry}/model.safetensors"),
    wildcard_constraints:
        entry=pending("train_stage"),
    log:
        "logs/{entry}.log",
    conda:
        "../../envs/xstilts.yaml"
    resources:
        gpu=min(GPUS, 1),
    params:
        run=RUN,
    shell:
        "python -m xstilts train_stage {wildcards.entry} --config {params.run} --log {log}"
