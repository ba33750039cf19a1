"""What a sequence of trainings forgets: the matrix of its scores, and transfer and forgetting computed from it.

R[i, c] is the score in a task c after stage i, from 0 for the encoder itself to T. A column belongs to a stage j; a
stage of several tasks has several columns. With the heads of earlier stages, R[i, c] exists for i >= j only. Scores of
heads and of probes are never in one matrix.

Lopez-Paz & Ranzato 2017 define backward and forward transfer, Chaudhry et al. 2018 forgetting. Here all three are means
over the columns for which they are defined: those before the last stage, or after the first one.
"""

from dataclasses import dataclass

import numpy as np

from xstilts.reporting.correction import LEVEL

SAMPLES = 10_000
"""The number of bootstrap samples of an interval."""

Values = np.ndarray
"""A statistic of each seed, `(seeds,)`."""


@dataclass(frozen=True)
class Matrix:
    """The scores of a sequence with one measure, of all seeds.

    Args:
        scores: `(1 + stages, columns, seeds)`, in percent; NaN if missing, or before the stage of a head.
        places: the stage of each column, from 1, `(columns,)`.
        is_probed: whether they are the scores of probes, which exist before the training on a task.
    """

    scores: np.ndarray
    places: np.ndarray
    is_probed: bool

    @property
    def last(self) -> int:
        """The number of stages."""
        return len(self.scores) - 1


def backward_transfer(matrix: Matrix) -> Values:
    """The mean of R[T, c] - R[j, c] over the columns before the last stage: T - 1 of them, if each stage has one task.

    Lopez-Paz & Ranzato 2017, equation 3. Their code also counts the last stage, whose difference is 0.
    """
    changes = [matrix.scores[-1, column] - matrix.scores[place, column] for column, place in _before_last(matrix)]
    return _mean(changes, matrix)


def forward_transfer(matrix: Matrix) -> Values:
    """The mean of R[j - 1, c] - R[0, c] over the columns after the first stage; of probes only.

    Lopez-Paz & Ranzato 2017, equation 4, with the probe of the untrained encoder in place of a random initialisation.
    """
    after = [(column, place) for column, place in enumerate(matrix.places) if place > 1] if matrix.is_probed else []
    return _mean([matrix.scores[place - 1, column] - matrix.scores[0, column] for column, place in after], matrix)


def forgetting(matrix: Matrix) -> Values:
    """The mean of max R[i, c] - R[T, c] over the columns before the last stage; negative if scores rise to the end.

    Chaudhry et al. 2018, equation 3. The maximum is over the stages before the last one: of probes over all of them, of
    heads over those from their own stage.
    """
    lost = []
    for column, place in _before_last(matrix):
        first = 1 if matrix.is_probed else place
        lost.append(matrix.scores[first:-1, column].max(axis=0) - matrix.scores[-1, column])
    return _mean(lost, matrix)


def final(matrix: Matrix) -> Values:
    """The mean score over all columns after the last stage (Lopez-Paz & Ranzato 2017, equation 2)."""
    return _mean(list(matrix.scores[-1]), matrix)


def over_seeds(values: Values) -> tuple[float, float, float]:
    """The mean of the values of all seeds, `(seeds,)`, and the bounds of its 95 % interval.

    The interval has the percentiles of the means of seeds that are drawn with replacement; it is missing for a single
    seed. All are missing if the value of a seed is.
    """
    mean = float(np.mean(values))
    if len(values) < 2 or np.isnan(mean):
        return mean, np.nan, np.nan
    drawn = np.random.default_rng(0).choice(values, size=(SAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(drawn, [LEVEL / 2, 1 - LEVEL / 2])
    return mean, float(low), float(high)


def _before_last(matrix: Matrix) -> list[tuple[int, int]]:
    """The columns before the last stage, with their stages."""
    return [(column, place) for column, place in enumerate(matrix.places) if place < matrix.last]


def _mean(values: list[np.ndarray], matrix: Matrix) -> Values:
    """The mean over columns, `(seeds,)`; missing if one is missing, or if there are no columns."""
    return np.mean(values, axis=0) if values else np.full(matrix.scores.shape[-1], np.nan)
