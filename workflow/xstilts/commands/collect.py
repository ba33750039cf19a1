"""Collect the scores of all cells into one table, as parquet and CSV."""

from argparse import Namespace

from xstilts.commands import job
from xstilts.reporting import collect
from xstilts.store import write_json


def run(arguments: Namespace) -> None:
    """Write `scores.parquet` and `scores.csv` of the experiment."""
    this = job.of(arguments)
    folder = this.store / this.entry.about["folder"]
    scores = collect.collect(this.store, this.entry.spec["cells"])
    collect.write(scores, folder)
    write_json(this.store / this.entry.manifest, {"rows": len(scores), "spec": this.entry.spec})
