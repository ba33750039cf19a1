# The base of all other rules, each of which creates the entries of one step. It never runs itself. The paths of pending
# entries are known when the workflow is parsed.
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
