import sys

sys.path.insert(0, f"{workflow.basedir}/workflow")

from xstilts.reporting import gallery
from xstilts.run import Run

RUN = Run(config, workflow.configfiles, workflow.config_settings.config)


def made_from(wildcards):
    # Snakemake would take a damaged entry for finished; a run begins by setting it aside, a plan only lists it.
    workflow.dag.forcefiles.update(RUN.damaged(wildcards))
    return RUN.inputs(wildcards)


def shown(item):
    caption = f"workflow/report/{item.caption}.rst"
    return report(RUN.path(item.path), caption=caption, category=item.category, labels=item.labels)


# A cluster may start a job again that had done its work: because it lost sight of it, or ended it while it was leaving.
# On the node, Snakemake is called with `--target-jobs <rule>:entry=<entry>`.
STARTED = [argument.partition(":entry=")[2] for argument in sys.argv if ":entry=" in argument]
if workflow.remote_exec and STARTED and RUN.has(STARTED):
    sys.exit()

# As many jobs on a GPU at once as there are GPUs; `--resources gpu=N` wins.
if RUN.devices and "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", len(RUN.devices))

# After the undoing of an edit there may be nothing to do but to show the reports that are there.
if not RUN.pending:
    RUN.show()
    RUN.tidy()
