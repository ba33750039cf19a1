rule read_task:
    input:
        made_from,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("read_task"),
    conda:
        "../../envs/xstilts.yaml"
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts read_task {wildcards.entry:q} --config {params.config:q} --log {log:q}"


rule encode_task:
    input:
        made_from,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("encode_task"),
    conda:
        "../../envs/xstilts.yaml"
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts encode_task {wildcards.entry:q} --config {params.config:q} --log {log:q}"
