"""Paired differences between cells: what perturbed text costs, and what an objective gains over plain training."""

import zlib
from itertools import chain

import numpy as np
import pandas as pd

from xstilts import metrics, tasks
from xstilts.config import GridSettings, Report
from xstilts.reporting import per_example as counting
from xstilts.reporting.paired import Samples, missing
from xstilts.reporting.significance import Scores
from xstilts.robustness import Cell, Contrasts

ONE, OTHER = ["intermediate", "target"], ["other_intermediate", "other_target"]
COLUMNS = ["encoder", *ONE, *OTHER, "delta", "delta_low", "delta_high", "p", "n", "seeds"]


def differences(scores: Scores, contrasts: Contrasts, grid: GridSettings, settings: Report) -> pd.DataFrame:
    """The score of the first cell of each pair minus that of the second.

    Both scores are means over the languages of the contrasts, and then medians or means over seeds.

    Args:
        scores: the scores of all cells.
        contrasts: the pairs of cells.
        grid: the grid of the experiment.
        settings: the number of samples, and whether the median or the mean is taken over seeds.

    Returns:
        A table with `COLUMNS`. The numbers are missing if a seed or the score of a language is; cells with the same
        models have no p-value.

    Raises:
        DataError: the cells were not scored on the same examples.
    """
    rows = [row for encoder in grid.encoders for row in _of_encoder(scores, encoder, contrasts, grid, settings)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_encoder(scores: Scores, encoder: str, contrasts: Contrasts, grid: GridSettings, settings: Report) -> list[list]:
    cells = dict.fromkeys(chain.from_iterable(contrasts.pairs))
    paths = {
        (_name(cell), seed): path
        for cell in cells
        for (intermediate, seed), path in scores.of(encoder, cell[1]).items()
        if intermediate == cell[0]
    }
    counts = counting.read(scores.store, paths, map(_name, cells), grid.seeds, contrasts.languages)
    metric = metrics.load(tasks.load(contrasts.task).metric)
    samples = None if counts is None else Samples(counts, metric, settings, zlib.crc32(contrasts.name.encode()))
    rows = []
    for pair in contrasts.pairs:
        one, other = map(_name, pair)
        found, p = missing(), float("nan")
        if samples is not None:
            found = samples.difference(one, other, contrasts.languages, contrasts.same_models)
            p = p if contrasts.same_models else samples.p(one, other, contrasts.languages)
        models = min(len({paths.get((name, seed)) for seed in grid.seeds}) for name in (one, other))
        seeds = 0 if np.isnan(found["difference"]) else models
        numbers = [found["difference"], found["low"], found["high"], p, found["n"], seeds]
        rows.append([encoder, *chain.from_iterable(pair), *numbers])
    return rows


def _name(cell: Cell) -> str:
    """A cell as the name of a model; names have no blanks."""
    return " ".join(cell)
