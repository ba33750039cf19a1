rule predict:
    input:
        made_from,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("predict"),
    conda:
        "../../envs/xstilts.yaml"
    resources:
        gpu=RUN.gpus,
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts predict {wildcards.entry:q} --config {params.config:q} --log {log:q}"


rule score:
    input:
        made_from,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("score"),
    localrule: True
    conda:
        "../../envs/xstilts.yaml"
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts score {wildcards.entry:q} --config {params.config:q} --log {log:q}"
