from snakemake.utils import min_version

min_version("9.27")


report: "workflow/report/workflow.rst"


configfile: f"{workflow.basedir}/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/miniature.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/report.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        RUN.targets,
        [shown(item) for item in gallery.tables(RUN.grid) + gallery.figures(RUN.grid)],


onstart:
    RUN.begin()


onsuccess:
    RUN.show()
    RUN.tidy()
    RUN.discard()
    # After `--until` there may be no cell to show.
    shell("python -m xstilts table {RUN.config_file:q} || true")


onerror:
    shell("python -m xstilts table {RUN.config_file:q} || true")
    print(RUN.failures(), flush=True)
