"""Write the table of deltas of every encoder, as CSV and Markdown."""

from argparse import Namespace

import pandas as pd

from xstilts.commands import job
from xstilts.config import GridSettings
from xstilts.reporting import tables
from xstilts.store import publishing, warnings


def run(arguments: Namespace) -> None:
    """Write `tables/<encoder>.csv` and `.md` of the experiment, and `warnings.txt`, what is strange about its data."""
    this = job.of(arguments)
    scores = pd.read_parquet(this.input("scores") / "scores.parquet")
    lines = [f"{warning}\n" for warning in warnings(this.store, this.grid)]
    with publishing(this.store, this.entry) as draft:
        folder = draft.folder / "tables"
        for encoder, table in of_scores(scores, this.config.grid).items():
            tables.write(table, folder, encoder)
        (folder / "warnings.txt").write_text("".join(lines), encoding="utf-8")


def of_scores(scores: pd.DataFrame, grid: GridSettings) -> dict[str, pd.DataFrame]:
    """The table of deltas of each encoder."""
    return {encoder: tables.deltas(tables.levels(scores, encoder, grid)) for encoder in grid.encoders}
