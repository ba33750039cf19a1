import sys

sys.path.insert(0, f"{workflow.basedir}/workflow")

from xstilts.run import Run

RUN = Run(config, workflow.configfiles)

# As many jobs on a GPU at once as there are GPUs; `--resources gpu=N` wins.
if RUN.devices and "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", len(RUN.devices))

# After the undoing of an edit there may be nothing to do but to show the reports that are there.
if not RUN.pending:
    RUN.show()
