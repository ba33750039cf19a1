"""Scores of resampled examples: bootstrap samples, and samples in which two models exchange their predictions.

A score is a function of sums of counts over units. The sums of many samples are one matrix product: the weights of the
units in each sample times the counts of the units for each model. All models of a target share the same weights. Units
with the same name in several languages, which are translations of each other, share them too.
"""

from collections.abc import Callable, Iterator
from functools import partial
from math import exp, factorial, prod

import numpy as np

from xstilts.metrics import Metric
from xstilts.reporting.per_example import Counts, LanguageCounts

_CHUNK = 2**23
"""The number of weights held in memory at once."""

_EXACT = 2**24
"""Whole numbers up to this one are exact in float32, and so are sums of them."""

_BINS = 2**16
_CUMULATIVE = np.cumsum([exp(-1) / factorial(number) for number in range(20)])
"""The probabilities that a Poisson variable with mean 1 is at most 0, 1, 2 and so on, up to 1 in double precision."""


def observed(counts: Counts, metric: Metric) -> np.ndarray:
    """The main scores over all units, shape (languages, 1, intermediates, seeds)."""
    return np.stack([_main_score(metric, counts, _total(one))[None] for one in counts.languages.values()])


def bootstrap(counts: Counts, metric: Metric, samples: int, random: np.random.Generator) -> np.ndarray:
    """The main scores of bootstrap samples of the units.

    The multiplicity of a unit in a sample is drawn independently from a Poisson distribution with mean 1. This replaces
    the multinomial draw of the bootstrap by one without a fixed sample size (Hanley & MacGibbon 2006).

    Returns:
        Shape (languages, samples, intermediates, seeds).
    """
    products, scores = _Products(counts, metric), np.empty((len(counts.languages), samples, *_models(counts)))
    for rows, weights in _chunks(samples, counts.names, partial(poisson, random)):
        for place, sums in enumerate(products.of(weights)):
            scores[place, rows] = _main_score(metric, counts, sums)
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
    products, scores = _Products(counts, metric), np.empty((2, len(counts.languages), samples, *_models(counts)))
    totals = [_total(one) for one in counts.languages.values()]
    for rows, weights in _chunks(samples, counts.names, draw):
        for place, (total, sums) in enumerate(zip(totals, products.of(weights), strict=True)):
            gained = sums[:, [baseline]] - sums
            scores[0, place, rows] = _main_score(metric, counts, total + gained)
            scores[1, place, rows] = _main_score(metric, counts, total[[baseline]] - gained)
    return scores[0], scores[1]


def poisson(random: np.random.Generator, size: int) -> np.ndarray:
    """Independent draws from a Poisson distribution with mean 1, by inversion of its distribution function.

    The first 16 bits of a uniform number decide nearly all draws, by a table; only the others need its further bits.
    """
    first = random.integers(_BINS, size=size, dtype=np.uint16)
    drawn = _DECIDED[first]
    undecided = np.flatnonzero(drawn == _UNDECIDED)
    uniform = (first[undecided] + random.random(len(undecided))) / _BINS
    drawn[undecided] = np.searchsorted(_CUMULATIVE, uniform, side="right")
    return drawn


def _decided() -> np.ndarray:
    """The draw that the first bits of a uniform number decide, or `_UNDECIDED`."""
    bounds = np.arange(_BINS + 1) / _BINS
    lowest = np.searchsorted(_CUMULATIVE, bounds[:-1], side="right")
    highest = np.searchsorted(_CUMULATIVE, bounds[1:], side="left")
    return np.where(lowest == highest, lowest, _UNDECIDED).astype(np.uint8)


_UNDECIDED = 255
_DECIDED = _decided()


class _Products:
    """Weighted sums of the counts of each language, as matrix products.

    Whole numbers are multiplied in float32, which is exact as long as the sums are small, and twice as fast.
    """

    def __init__(self, counts: Counts, metric: Metric):
        needed = _needed(metric, counts.columns)
        self._factors = [_Factor(one, needed) for one in counts.languages.values()]
        self._largest = max((one.largest for one in self._factors), default=0.0)

    def of(self, weights: np.ndarray) -> Iterator[np.ndarray]:
        """The weighted sums of each language, as float64, shape (samples, intermediates, seeds, columns).

        Args:
            weights: the weights of the names, whole numbers, shape (samples, names).
        """
        is_exact = self._largest * float(weights.max(initial=1)) < _EXACT
        weights = weights.astype(np.float32 if is_exact else np.float64)
        return (one.sums(weights) for one in self._factors)


class _Factor:
    """The counts of a language as the second factor of a product.

    Equal columns, such as the number of gold names, which is the same for all models, are multiplied once.

    Args:
        needed: whether each count is needed; the sums of the others are 0.
    """

    def __init__(self, counts: LanguageCounts, needed: np.ndarray):
        self._places = _slice(counts.places)
        self._shape = counts.values.shape[1:]
        values = np.where(needed, counts.values, counts.values.dtype.type(0))
        columns = np.ascontiguousarray(values.reshape(len(values), prod(self._shape)).T)
        known: dict[bytes, int] = {}
        self._of = np.array([known.setdefault(column.tobytes(), len(known)) for column in columns])
        self._columns = columns[np.unique(self._of, return_index=True)[1]]
        is_whole = np.array_equal(self._columns, np.rint(self._columns))
        self.largest = float(self._columns.sum(axis=1, dtype=float).max(initial=0)) if is_whole else np.inf
        """The largest sum of a column; infinite if the counts are not whole numbers."""

    def sums(self, weights: np.ndarray) -> np.ndarray:
        """The sums with the weights of all names, of which the units of the language have their own."""
        product = weights[:, self._places] @ self._columns.T.astype(weights.dtype, copy=False)
        return product.astype(float)[:, self._of].reshape(len(weights), *self._shape)


def _needed(metric: Metric, columns: list[str]) -> np.ndarray:
    """Whether the main score depends on each count: it is not a number if one of these is not."""
    lacking = np.where(np.eye(len(columns), dtype=bool), np.nan, 1.0)
    return np.isnan(metric.main_score(metric.aggregate(dict(zip(columns, lacking.T, strict=True)))))


def _slice(places: np.ndarray) -> slice | np.ndarray:
    """Places that follow one another as a slice, by which an array is indexed without a copy."""
    following = len(places) and np.array_equal(places, np.arange(places[0], places[0] + len(places)))
    return slice(places[0], places[0] + len(places)) if following else places


def _total(counts: LanguageCounts) -> np.ndarray:
    """The sums over all units, shape (intermediates, seeds, columns)."""
    return counts.values.sum(axis=0, dtype=float)


def _models(counts: Counts) -> tuple[int, int]:
    return next(iter(counts.languages.values())).values.shape[1:3]


def _chunks(samples: int, names: int, draw: Callable) -> Iterator[tuple[slice, np.ndarray]]:
    """Slices of the samples, each with its weights, shape (samples in the slice, names).

    Each sample is drawn by itself, so that the draws do not depend on how many are held at once.
    """
    size = max(1, _CHUNK // max(1, names))
    for start in range(0, samples, size):
        stop = min(start + size, samples)
        yield slice(start, stop), np.stack([draw(size=names) for _ in range(start, stop)])


def _main_score(metric: Metric, counts: Counts, sums: np.ndarray) -> np.ndarray:
    """The main scores of sums whose last axis is the columns of the counts."""
    columns = dict(zip(counts.columns, np.moveaxis(sums, -1, 0), strict=True))
    return np.asarray(metric.main_score(metric.aggregate(columns)))
