"""Paired differences between cells: what perturbed text costs, and what an objective gains over plain training."""

import zlib
from itertools import chain, product

import numpy as np
import pandas as pd

from xstilts import metrics, tasks
from xstilts.config import GridSettings, Report
from xstilts.metrics import Metric
from xstilts.reporting import per_example as counting
from xstilts.reporting import resampling
from xstilts.reporting.comparison import ROUNDING
from xstilts.reporting.paired import Samples
from xstilts.reporting.per_example import Counts
from xstilts.reporting.significance import Scores
from xstilts.robustness import Cell, Contrasts

NAMES = ["encoder", "intermediate", "target", "other_intermediate", "other_target"]
COLUMNS = [*NAMES, "delta", "delta_low", "delta_high", "p", "n", "seeds"]


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
    rows = []
    for encoder, pair in product(grid.encoders, contrasts.pairs):
        paths = _paths(scores, encoder, pair)
        counts = counting.read(scores.store, paths, map(_name, pair), grid.seeds, contrasts.languages)
        numbers = {} if counts is None else _numbers(counts, pair, contrasts, settings)
        models = min(len({paths.get((_name(cell), seed)) for seed in grid.seeds}) for cell in pair)
        names = dict(zip(NAMES, [encoder, *chain.from_iterable(pair)], strict=True))
        rows.append(names | numbers | ({"seeds": models} if numbers else {}))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(**{name: table[name].fillna(0).astype("int64") for name in ("n", "seeds")})


def _paths(scores: Scores, encoder: str, pair: tuple[Cell, Cell]) -> dict[tuple[str, int], str]:
    """The paths of the scores of two cells, by the name of the cell and the seed."""
    return {
        (_name((intermediate, target)), seed): path
        for target in {target for _, target in pair}
        for (intermediate, seed), path in scores.of(encoder, target).items()
        if (intermediate, target) in pair
    }


def _numbers(counts: Counts, pair: tuple[Cell, Cell], contrasts: Contrasts, settings: Report) -> dict[str, float]:
    """The numbers of a pair; empty if one of them is missing. The examples of a sample are the same for all pairs."""
    metric, seed = metrics.load(tasks.load(contrasts.task).metric), zlib.crc32(contrasts.name.encode())
    one, other = map(_name, pair)
    found = Samples(counts, metric, settings, seed).difference(one, other, contrasts.languages, contrasts.same_models)
    delta = found["difference"]
    if np.isnan(delta):
        return {}
    p = float("nan") if contrasts.same_models else _p(counts, metric, delta, settings, seed)
    return {"delta": delta, "delta_low": found["low"], "delta_high": found["high"], "p": p, "n": found["n"]}


def _p(counts: Counts, metric: Metric, delta: float, settings: Report, seed: int) -> float:
    """The two-sided p-value of the difference of two cells, by approximate randomisation (Noreen 1989; Yeh 2000)."""
    exchanged = resampling.exchange(counts, metric, 1, settings.samples, np.random.default_rng(seed))
    over_seeds = getattr(np, settings.over_seeds)
    ours, theirs = (over_seeds(scores[:, :, 0].mean(axis=0), axis=-1) for scores in exchanged)
    as_large = np.abs(ours - theirs) >= np.abs(delta) - ROUNDING
    return float((1 + as_large.sum()) / (1 + settings.samples))


def _name(cell: Cell) -> str:
    """A cell as the name of a model; names have no blanks."""
    return " ".join(cell)
