rule collect:
    input:
        inputs,
    output:
        manifest=in_store("{entry}"),
    wildcard_constraints:
        entry=pending("collect"),
    log:
        "logs/{entry}.log",
    conda:
        "../../envs/xstilts.yaml"
    params:
        run=RUN,
    shell:
        "python -m xstilts collect {wildcards.entry} --config {params.run} --log {log}"


rule tables:
    input:
        inputs,
    output:
        manifest=in_store("{entry}"),
    wildcard_constraints:
        entry=pending("tables"),
    log:
        "logs/{entry}.log",
    conda:
        "../../envs/xstilts.yaml"
    params:
        run=RUN,
    shell:
        "python -m xstilts tables {wildcards.entry} --config {params.run} --log {log}"
