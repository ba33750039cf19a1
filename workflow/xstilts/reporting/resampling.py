"""Scores of samples of the examples: bootstrap samples, and samples in which models exchange their predictions.

A score is a function of sums of counts over units, so the scores of a thousand samples are those of one product of
matrices: weights of the units in each sample, times what the units count in each model. All models of a target get the
same weights, and so do units of one name in several languages, which are translations of each other.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from xstilts.metrics import Metric
from xstilts.reporting.per_example import Counts

_CHUNK = 2**23
"""Weights that are held at once."""


def observed(counts: Counts, metric: Metric) -> np.ndarray:
    """The main_score scores of all units, shape (languages, 1, intermediates, seeds)."""
    return np.stack([_main_score(metric, counts, one.values.sum(axis=0))[None] for one in counts.languages.values()])


def bootstrap(counts: Counts, metric: Metric, samples: int, random: np.random.Generator) -> np.ndarray:
    """The main_score scores of samples of the units with replacement.

    How often a unit is in a sample is drawn from a Poisson distribution of mean 1, for each unit by itself: the
    bootstrap's multinomial draw without a fixed size of the sample (Hanley & MacGibbon 2006).

    Returns:
        Shape (languages, samples, intermediates, seeds).
    """
    draw = partial(random.poisson, 1.0)
    scores = np.empty((len(counts.languages), samples, *_models(counts)))
    for rows, weights in _chunks(samples, counts.names, draw):
        for place, one in enumerate(counts.languages.values()):
            scores[place, rows] = _main_score(metric, counts, _sums(weights, one.places, one.values))
    return scores


def exchange(
    counts: Counts, metric: Metric, baseline: int, samples: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The main_score scores when each intermediate and the baseline exchange half of their predictions, at random.

    A unit is exchanged in all seeds and languages, or in none.

    Args:
        baseline: the place of the baseline among the intermediates.

    Returns:
        What the intermediates have then, and what the baseline has against each of them, both of the shape
        (languages, samples, intermediates, seeds).
    """
    draw = partial(random.integers, 0, 2, dtype=np.int8)
    scores = np.empty((2, len(counts.languages), samples, *_models(counts)))
    for rows, weights in _chunks(samples, counts.names, draw):
        for place, one in enumerate(counts.languages.values()):
            theirs = one.values[:, [baseline]]
            gained = _sums(weights, one.places, theirs - one.values)
            scores[0, place, rows] = _main_score(metric, counts, one.values.sum(axis=0) + gained)
            scores[1, place, rows] = _main_score(metric, counts, theirs.sum(axis=0) - gained)
    return scores[0], scores[1]


def _models(counts: Counts) -> tuple[int, int]:
    return next(iter(counts.languages.values())).values.shape[1:3]


def _chunks(samples: int, names: int, draw: Callable) -> Iterator[tuple[slice, np.ndarray]]:
    """The weights of some samples at a time, shape (samples, names), and which samples these are."""
    size = max(1, _CHUNK // max(1, names))
    for start in range(0, samples, size):
        stop = min(start + size, samples)
        yield slice(start, stop), draw(size=(stop - start, names)).astype(float)


def _sums(weights: np.ndarray, places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The weighted sums of counts, shape (samples, intermediates, seeds, columns)."""
    return np.tensordot(weights[:, places], values, axes=1)


def _main_score(metric: Metric, counts: Counts, sums: np.ndarray) -> np.ndarray:
    """The main_score scores of sums whose last axis has the columns of counts."""
    columns = dict(zip(counts.columns, np.moveaxis(sums, -1, 0), strict=True))
    return np.asarray(metric.main_score(metric.aggregate(columns)))
