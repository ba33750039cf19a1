"""Scores of resampled examples: bootstrap samples, and samples in which two models exchange their predictions.

A score is a function of sums of counts over units. The sums of many samples are one matrix product: the weights of the
units in each sample times the counts of the units for each model. All models of a target share the same weights. Units
with the same name in several languages, which are translations of each other, share them too.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from xstilts.metrics import Metric
from xstilts.reporting.per_example import Counts

_CHUNK = 2**23
"""The number of weights held in memory at once."""


def observed(counts: Counts, metric: Metric) -> np.ndarray:
    """The main scores over all units, shape (languages, 1, intermediates, seeds)."""
    return np.stack([_main_score(metric, counts, one.values.sum(axis=0))[None] for one in counts.languages.values()])


def bootstrap(counts: Counts, metric: Metric, samples: int, random: np.random.Generator) -> np.ndarray:
    """The main scores of bootstrap samples of the units.

    The multiplicity of a unit in a sample is drawn independently from a Poisson distribution with mean 1. This replaces
    the multinomial draw of the bootstrap by one without a fixed sample size (Hanley & MacGibbon 2006).

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
    """The main scores after each intermediate and the baseline exchange a random half of their predictions.

    A unit is exchanged in all seeds and languages, or in none.

    Args:
        baseline: the index of the baseline among the intermediates.

    Returns:
        The scores of the intermediates, and the scores of the baseline after the exchange with each of them, both of
        shape (languages, samples, intermediates, seeds).
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
    """Slices of the samples, each with its weights, shape (samples in the slice, names)."""
    size = max(1, _CHUNK // max(1, names))
    for start in range(0, samples, size):
        stop = min(start + size, samples)
        yield slice(start, stop), draw(size=(stop - start, names)).astype(float)


def _sums(weights: np.ndarray, places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The weighted sums of counts, shape (samples, intermediates, seeds, columns)."""
    return np.tensordot(weights[:, places], values, axes=1)


def _main_score(metric: Metric, counts: Counts, sums: np.ndarray) -> np.ndarray:
    """The main scores of sums whose last axis is the columns of the counts."""
    columns = dict(zip(counts.columns, np.moveaxis(sums, -1, 0), strict=True))
    return np.asarray(metric.main_score(metric.aggregate(columns)))
