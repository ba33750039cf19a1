rule collect:
    input:
        RUN.inputs,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("collect"),
    localrule: True
    conda:
        "../../envs/xstilts.yaml"
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts collect {wildcards.entry} --config {params.config} --log {log}"


rule tables:
    input:
        RUN.inputs,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("tables"),
    localrule: True
    conda:
        "../../envs/xstilts.yaml"
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts tables {wildcards.entry} --config {params.config} --log {log}"
