"""The table of the precisions and devices with which the results of an experiment were computed."""

from pathlib import Path

import pandas as pd

from xstilts.grid import Grid
from xstilts.names import path_of
from xstilts.steps.entry import Entry
from xstilts.store import precisions
from xstilts.store.precisions import Computed

COLUMNS = ["step", "encoder", "stages", "target", "seed", "precision", "device", "path"]


def devices(store: Path, grid: Grid) -> pd.DataFrame:
    """The precision and the device of each model, of the predictions of each cell, and of probes.

    Returns:
        A table with `COLUMNS`. `target` is empty for models and probes, `seed` for an encoder that is not trained, and
        `precision` and `device` where they are unknown.
    """
    rows = [_row(entry, found) for entry, found in precisions.of_grid(store, grid).items()]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"seed": "Int64"})


def _row(entry: Entry, found: Computed) -> list:
    about = entry.about
    what = [entry.step, about.encoder, path_of(about.stages), about.task, about.seed]
    return [*what, found.precision, found.device, entry.path]
