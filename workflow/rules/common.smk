import sys

sys.path.insert(0, f"{workflow.basedir}/workflow")

from xstilts.run import Run

RUN = Run(config, workflow.configfiles)

# A cluster may start a job again that had done its work: because it lost sight of it, or ended it while it was leaving.
# On the node, Snakemake is called with `--target-jobs <rule>:entry=<entry>`.
STARTED = [argument.partition(":entry=")[2] for argument in sys.argv if ":entry=" in argument]
if workflow.remote_exec and STARTED and RUN.has(STARTED):
    sys.exit()

# As many jobs on a GPU at once as there are GPUs; `--resources gpu=N` wins.
if RUN.devices and "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", len(RUN.devices))

# A plan lists what is damaged; a run then begins by setting it aside.
if workflow.is_main_process:
    workflow.dag_settings.forcerun = {*workflow.dag_settings.forcerun, *RUN.forced()}

# After the undoing of an edit there may be nothing to do but to show the reports that are there.
if not RUN.pending:
    RUN.show()
    RUN.tidy()
