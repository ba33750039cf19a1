rule write_miniature:
    output:
        manifest=RUN.path("{entry}/manifest.json"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("write_miniature"),
    conda:
        "../../envs/xstilts.yaml"
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts write_miniature {wildcards.entry} --config {params.config} --log {log}"
