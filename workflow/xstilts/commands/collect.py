"""Collect the scores of all cells into one table, as parquet and CSV."""

from argparse import Namespace

from xstilts.commands import job
from xstilts.reporting import collect
from xstilts.store import publishing


def run(arguments: Namespace) -> None:
    """Write `scores.parquet` and `scores.csv` of the experiment."""
    this = job.of(arguments)
    scores = collect.collect(this.store, this.entry.spec["cells"])
    with publishing(this.store, this.entry) as draft:
        collect.write(scores, draft.folder)
        draft.notes["rows"] = len(scores)
