"""Compares the intermediates of one target: scores over seeds, confidence intervals, and tests against the baseline."""

from dataclasses import dataclass

import numpy as np

from xstilts.config import Report
from xstilts.metrics import Metric
from xstilts.names import NO_INTERMEDIATE
from xstilts.reporting import resampling
from xstilts.reporting.correction import LEVEL
from xstilts.reporting.per_example import Counts

ROUNDING = 1e-9
"""Differences of scores that are at most this far apart are equal."""

NUMBERS = ["value", "low", "high", "delta", "delta_low", "delta_high", "p"]


@dataclass(frozen=True)
class Comparison:
    """Scores, intervals and tests of one encoder and target.

    Args:
        counts: the counts of all units.
        metric: the metric of the target.
        settings: the number of samples, and whether the median or the mean is taken over seeds.
        complete: whether all languages of the target have counts. Otherwise the mean over languages is missing.
        seed: the seed of the random generator.
    """

    counts: Counts
    metric: Metric
    settings: Report
    complete: bool
    seed: int

    def numbers(self) -> dict[str, np.ndarray]:
        """Arrays by the names in `NUMBERS`, of shape (1 + languages, intermediates); row 0 is the mean over languages.

        Differences from the baseline and their p-values are NaN if there is no baseline, and in the baseline's column.
        """
        random = np.random.default_rng(self.seed)
        value = self._over_seeds(self._with_mean(resampling.observed(self.counts, self.metric)))[:, 0]
        drawn = resampling.bootstrap(self.counts, self.metric, self.settings.samples, random)
        samples = self._over_seeds(redrawn(self._with_mean(drawn), random))
        low, high = interval(samples)
        numbers = dict.fromkeys(NUMBERS, np.full_like(value, np.nan)) | {"value": value, "low": low, "high": high}
        if NO_INTERMEDIATE not in self.counts.intermediates:
            return numbers
        baseline = self.counts.intermediates.index(NO_INTERMEDIATE)
        delta = value - value[:, [baseline]]
        low, high = interval(samples - samples[:, :, [baseline]])
        p = self._p(delta, baseline, random)
        against = {"delta": delta, "delta_low": low, "delta_high": high, "p": p}
        for array in against.values():
            array[:, baseline] = np.nan
        return numbers | against

    def _p(self, delta: np.ndarray, baseline: int, random: np.random.Generator) -> np.ndarray:
        """Two-sided p-values of the differences, by approximate randomisation (Noreen 1989; Yeh 2000)."""
        exchanged = resampling.exchange(self.counts, self.metric, baseline, self.settings.samples, random)
        theirs, ours = (self._over_seeds(self._with_mean(scores)) for scores in exchanged)
        as_large = np.abs(theirs - ours) >= np.abs(delta)[:, None] - ROUNDING
        p = (1 + as_large.sum(axis=1)) / (1 + self.settings.samples)
        return np.where(np.isnan(delta), np.nan, p)

    def _with_mean(self, scores: np.ndarray) -> np.ndarray:
        """Scores of shape (languages, ...) with their mean over languages prepended, shape (1 + languages, ...)."""
        mean = scores.mean(axis=0) if self.complete else np.full_like(scores[0], np.nan)
        return np.concatenate([mean[None], scores])

    def _over_seeds(self, scores: np.ndarray) -> np.ndarray:
        """The median or mean over seeds, the last axis."""
        return getattr(np, self.settings.over_seeds)(scores, axis=-1)


def redrawn(scores: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Scores of seeds drawn with replacement, independently for each sample and intermediate.

    Args:
        scores: shape (languages, samples, intermediates, seeds).

    Returns:
        The same shape.
    """
    drawn = random.integers(scores.shape[-1], size=scores.shape[1:])
    return np.take_along_axis(scores, drawn[None], axis=-1)


def interval(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bounds of the percentile interval of samples, shape (languages, samples, intermediates)."""
    low, high = np.quantile(samples, [LEVEL / 2, 1 - LEVEL / 2], axis=1)
    return low, high
