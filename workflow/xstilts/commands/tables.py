"""Write the table of deltas of every encoder, as CSV and Markdown."""

from argparse import Namespace

import pandas as pd

from xstilts.commands import job
from xstilts.config import GridSettings
from xstilts.reporting import tables
from xstilts.store import warnings, write_json


def run(arguments: Namespace) -> None:
    """Write `tables/<encoder>.csv` and `.md` of the experiment, and `warnings.txt`, what is strange about its data."""
    this = job.of(arguments)
    folder = this.store / this.entry.about["folder"]
    for encoder, table in of_scores(pd.read_parquet(folder / "scores.parquet"), this.config.grid).items():
        tables.write(table, folder / "tables", encoder)
    lines = [f"{warning}\n" for warning in warnings(this.store, this.grid)]
    (folder / "tables" / "warnings.txt").write_text("".join(lines), encoding="utf-8")
    write_json(this.store / this.entry.manifest, {"spec": this.entry.spec})


def of_scores(scores: pd.DataFrame, grid: GridSettings) -> dict[str, pd.DataFrame]:
    """The table of deltas of each encoder."""
    return {encoder: tables.deltas(tables.levels(scores, encoder, grid)) for encoder in grid.encoders}
