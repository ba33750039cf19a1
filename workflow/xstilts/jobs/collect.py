"""Collect the scores of all cells, the dev scores of all trainings, and the devices on which they were computed."""

from argparse import Namespace

from xstilts.reporting import collect, devices
from xstilts.runtime import job
from xstilts.store import precisions
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write `scores.parquet`, `scores.csv`, `trainings.parquet` and `devices.csv` of the experiment.

    If forgetting is measured, also write `forgetting.parquet` and `forgetting.csv`.

    Raises:
        ConfigError: the configuration is strict, and results that are compared differ in precision.
    """
    this = job.of(arguments)
    precisions.require_one(this.config, this.grid)
    for warning in precisions.warnings(this.store, this.grid):
        print(f"warning: {warning}", flush=True)
    scores = collect.collect(this.store, this.entry.spec["cells"], this.grid.evaluated)
    trainings = collect.trainings(this.store, this.entry.spec["trainings"])
    measured = collect.measured(this.store, this.entry.spec.get("probes", []))
    with publishing(this.store, this.entry) as draft:
        collect.write(scores, draft.folder)
        trainings.to_parquet(draft.folder / "trainings.parquet", index=False)
        if not measured.empty:
            measured.to_parquet(draft.folder / "forgetting.parquet", index=False)
            measured.to_csv(draft.folder / "forgetting.csv", index=False)
        devices.devices(this.store, this.grid).to_csv(draft.folder / "devices.csv", index=False)
        draft.notes["rows"] = len(scores)
