import os
import re
import sys
from pathlib import Path

sys.path.insert(0, f"{workflow.basedir}/workflow")
# Jobs find this package and this interpreter wherever they start, with or without an activated environment.
os.environ["PYTHONPATH"] = f"{workflow.basedir}/workflow"
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

from xstilts import config as configuration, store
from xstilts.errors import UserError

try:
    CONFIG = configuration.parse(config, workflow.configfiles)
    GRID = store.open_grid(CONFIG)
except UserError as error:
    raise SystemExit(f"error: {error}")

STORE = CONFIG.store
RUN = STORE / "experiments" / CONFIG.experiment / "config.json"
PENDING = store.pending(STORE, GRID)
GPUS = len(list(Path("/dev").glob("nvidia[0-9]*")))


def in_store(path):
    return str(STORE / path)


def write_config():
    store.write_json(RUN, CONFIG.model_dump(mode="json", exclude_unset=True))


def pending(step):
    """The paths that a rule may still make: a closed set, so that a finished entry is a file like any other."""
    paths = sorted((p for p, entry in PENDING.items() if entry.step == step), reverse=True)
    return "|".join(map(re.escape, paths)) or "nothing is pending"


def inputs(wildcards):
    """The manifests of the entries that an entry is made from."""
    return [in_store(entry.manifest) for entry in PENDING[wildcards.entry].inputs.values()]
