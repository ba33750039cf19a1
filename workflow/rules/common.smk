import sys
from pathlib import Path

import snakemake

# The package is in the parent folder, also if another workflow uses these rules as a module.
sys.path.insert(0, str(Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent))

from xstilts import experiments
from xstilts.reporting import gallery
from xstilts.run import Run, require_snakemake

require_snakemake(snakemake.__version__)


configfile: str(experiments.SHIPPED)


RUN = Run(
    *experiments.layered(config, workflow.configfiles, workflow.config_settings.config),
    on_node=workflow.remote_exec,
)
RUN.require_no_prefix(workflow.modifier.path_modifier.replace_prefix)


def of(role):
    """An input function for the files of the inputs with a role; empty if the job has none."""

    def files(wildcards):
        RUN.prepare(workflow)
        return RUN.inputs(wildcards, role)

    return files


def shown(item):
    caption = f"workflow/report/{item.caption}.rst"
    return report(RUN.path(item.path), caption=caption, category=item.category, labels=item.labels)


if workflow.remote_exec and RUN.has_made(sys.argv):
    sys.exit()

# By default as many concurrent GPU jobs as there are places on the GPUs; `--resources gpu=N` overrides it.
if RUN.devices and "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", sum(RUN.shared.places.values()))

RUN.show_if_finished()
