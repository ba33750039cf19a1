rule read_task:
    output:
        manifest=in_store("{entry}/manifest.json"),
    wildcard_constraints:
        entry=pending("read_task"),
    log:
        "logs/{entry}.log",
    conda:
        "../../envs/xstilts.yaml"
    params:
        run=RUN,
    shell:
        "python -m xstilts read_task {wildcards.entry} --config {params.run} --log {log}"


rule encode_task:
    input:
        inputs,
    output:
        manifest=in_store("{entry}/manifest.json"),
    wildcard_constraints:
        entry=pending("encode_task"),
    log:
        "logs/{entry}.log",
    conda:
        "../../envs/xstilts.yaml"
    params:
        run=RUN,
    shell:
        "python -m xstilts encode_task {wildcards.entry} --config {params.run} --log {log}"
