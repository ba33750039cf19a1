"""Paired differences between the sources of a matrix, in the languages that are in the training of neither."""

import zlib
from itertools import combinations

import numpy as np
import pandas as pd

from xstilts import metrics, tasks
from xstilts.config import GridSettings, Report
from xstilts.metrics import Metric
from xstilts.reporting import per_example as counting
from xstilts.reporting.paired import Samples, missing
from xstilts.reporting.significance import Scores
from xstilts.transfer import Arm, Matrix

COLUMNS = ["encoder", "one", "other", "languages", "difference", "low", "high", "n", "seeds"]


def differences(scores: Scores, matrix: Matrix, task: str, grid: GridSettings, settings: Report) -> pd.DataFrame:
    """The difference between each two sources of a matrix: the score of `one` minus that of `other`.

    Both scores are means over the same languages, those that neither has seen, and then medians or means over seeds.

    Args:
        scores: the scores of all cells of the matrix.
        matrix: the arms.
        task: the task that they are evaluated on.
        grid: the grid of the experiment.
        settings: the number of samples, and whether the median or the mean is taken over seeds.

    Returns:
        A table with `COLUMNS`. `languages` are separated by blanks. The numbers are missing if there is no such
        language, or if a seed or the score of one of them is missing.

    Raises:
        DataError: the arms were not scored on the same examples.
    """
    metric = metrics.load(tasks.load(task).metric)
    rows = [row for encoder in grid.encoders for row in _of_encoder(scores, encoder, matrix, metric, grid, settings)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_encoder(
    scores: Scores, encoder: str, matrix: Matrix, metric: Metric, grid: GridSettings, settings: Report
) -> list[list]:
    paths = {
        (arm.source, seed): path
        for arm in matrix.arms
        for (intermediate, seed), path in scores.of(encoder, arm.target).items()
        if intermediate == arm.intermediate
    }
    counts = counting.read(scores.store, paths, [arm.source for arm in matrix.arms], grid.seeds)
    samples = None if counts is None else Samples(counts, metric, settings, zlib.crc32(matrix.title.encode()))
    rows = []
    for one, other in combinations(matrix.arms, 2):
        languages = unseen(matrix, one, other)
        numbers = missing() if samples is None else samples.difference(one.source, other.source, languages)
        models = [len({paths.get((arm.source, seed)) for seed in grid.seeds}) for arm in (one, other)]
        seeds = 0 if np.isnan(numbers["difference"]) else min(models)
        names = {"encoder": encoder, "one": one.source, "other": other.source, "languages": " ".join(languages)}
        found = {**names, **numbers, "seeds": seeds}
        rows.append([found[column] for column in COLUMNS])
    return rows


def unseen(matrix: Matrix, *arms: Arm) -> list[str]:
    """The languages of a matrix that are in the training of none of some arms."""
    return [lang for lang in matrix.languages if not any(lang in arm.seen or lang == arm.source for arm in arms)]
