rule predict:
    input:
        inputs,
    output:
        manifest=in_store("{entry}/manifest.json"),
    wildcard_constraints:
        entry=pending("predict"),
    log:
        "logs/{entry}.log",
    conda:
        "../../envs/xstilts.yaml"
    resources:
        gpu=min(GPUS, 1),
    params:
        run=RUN,
    shell:
        "python -m xstilts predict {wildcards.entry} --config {params.run} --log {log}"


rule score:
    input:
        inputs,
    output:
        scores=in_store("{entry}"),
    wildcard_constraints:
        entry=pending("score"),
    log:
        "logs/{entry}.log",
    conda:
        "../../envs/xstilts.yaml"
    params:
        run=RUN,
    shell:
        "python -m xstilts score {wildcards.entry} --config {params.run} --log {log}"
