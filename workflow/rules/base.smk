# What all rules have in common: each makes the entries of one step, whose names are listed when the workflow is read.
# This one makes nothing itself.
rule job:
    input:
        of("nothing"),
    output:
        manifest=RUN.path("{entry}/manifest.json"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("job"),
    conda:
        "../../envs/xstilts.yaml"
    params:
        step="job",
        config=RUN.config_file,
        options="",
    shell:
        "exec python -m xstilts {params.step:q} {wildcards.entry:q}"
        " --config {params.config:q} --log {log:q} {params.options:q}"
