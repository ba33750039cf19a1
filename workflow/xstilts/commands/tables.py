"""Write the table of deltas of every encoder, as CSV and Markdown."""

from argparse import Namespace
from pathlib import Path

import pandas as pd

from xstilts.commands import job
from xstilts.config import Config
from xstilts.reporting import tables
from xstilts.store import write_json


def run(arguments: Namespace) -> None:
    """Write `tables/<encoder>.csv` and `.md` of the experiment."""
    this = job.of(arguments)
    folder = this.store / this.entry.about["folder"]
    for encoder, table in of_experiment(this.config, folder).items():
        tables.write(table, folder / "tables", encoder)
    write_json(this.store / this.entry.manifest, {"spec": this.entry.spec})


def of_experiment(config: Config, folder: Path) -> dict[str, pd.DataFrame]:
    """The table of deltas of each encoder, from the collected scores."""
    scores, grid = pd.read_parquet(folder / "scores.parquet"), config.grid
    return {
        encoder: tables.deltas(tables.levels(scores, encoder, list(grid.intermediates), list(grid.targets)))
        for encoder in grid.encoders
    }
