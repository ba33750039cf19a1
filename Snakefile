from snakemake.utils import min_version

min_version("9.27")


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"


rule all:
    input:
        RUN.targets,
        [shown(item) for item in gallery.tables(RUN.grid) + gallery.figures(RUN.grid)],
    localrule: True


include: "workflow/rules/base.smk"
include: "workflow/rules/miniature.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/report.smk"


# Snakemake ignores the hooks of modules, so runs must not depend on them.
onsuccess:
    RUN.show()
    RUN.tidy()
    RUN.discard()
    # Fails if no cell is finished, for example after `--until`.
    shell("python -m xstilts table {RUN.last_config_file:q} --directory . || true")


onerror:
    shell("python -m xstilts table {RUN.last_config_file:q} --directory . || true")
    print(RUN.failures(), flush=True)
