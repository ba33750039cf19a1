# A model is a path and a stage is one edge of it: the parent of `models/<encoder>/<stage>/<stage>/seed-<n>` is the same
# path without its last stage. Intermediates, targets and mixtures are all trained by this one rule.
rule train_stage:
    input:
        made_from,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
        settings=RUN.path("{entry}/config.json"),
        weights=RUN.path("{entry}/model.safetensors"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("train_stage"),
    conda:
        "../../envs/xstilts.yaml"
    threads: RUN.processes
    resources:
        gpu=RUN.gpus_together,
    params:
        config=RUN.config_file,
        gpus=RUN.processes,
    shell:
        "exec python -m xstilts train_stage {wildcards.entry:q}"
        " --config {params.config:q} --gpus {params.gpus:q} --log {log:q}"
