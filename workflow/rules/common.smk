import sys

sys.path.insert(0, f"{workflow.basedir}/workflow")

from xstilts.run import Run

RUN = Run(config, workflow.configfiles)
