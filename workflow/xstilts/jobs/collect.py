"""Collect the scores of all cells and the dev scores of all trainings."""

from argparse import Namespace

from xstilts.reporting import collect
from xstilts.runtime import job
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write `scores.parquet`, `scores.csv` and `trainings.parquet` of the experiment."""
    this = job.of(arguments)
    scores = collect.collect(this.store, this.entry.spec["cells"])
    trainings = collect.trainings(this.store, this.entry.spec["trainings"])
    with publishing(this.store, this.entry) as draft:
        collect.write(scores, draft.folder)
        trainings.to_parquet(draft.folder / "trainings.parquet", index=False)
        draft.notes["rows"] = len(scores)
