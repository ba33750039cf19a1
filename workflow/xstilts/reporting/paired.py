"""Differences between two models that are evaluated on the same examples, with their intervals and tests."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from xstilts.config import Report
from xstilts.metrics import Metric
from xstilts.reporting import resampling
from xstilts.reporting.comparison import ROUNDING, interval, redrawn
from xstilts.reporting.per_example import Counts


class Samples:
    """The scores of models, observed and in bootstrap samples of examples and seeds.

    The examples of a sample are the same for all models.

    Args:
        counts: the counts of all models, of which each takes the place of an intermediate.
        metric: the metric of their target.
        settings: the number of samples, and whether the median or the mean is taken over seeds.
        seed: the seed of the random generator.
    """

    def __init__(self, counts: Counts, metric: Metric, settings: Report, seed: int):
        self._counts, self._metric, self._settings = counts, metric, settings
        self._random = np.random.default_rng(seed)
        self._observed = resampling.observed(counts, metric)
        self._drawn = resampling.bootstrap(counts, metric, settings.samples, self._random)

    def has(self, models: Iterable[str], languages: Iterable[str]) -> bool:
        """Whether the counts of all seeds of some models, and of at least one language and all of them, are known."""
        wanted = set(languages)
        return bool(wanted) and wanted <= self._counts.languages.keys() and set(models) <= {*self._counts.intermediates}

    def difference(self, one: str, other: str, languages: Sequence[str], same_models: bool = False) -> dict[str, float]:
        """The score of one model minus that of another, both means over some languages.

        Args:
            same_models: whether a seed is the same model in both, so that the seeds of a sample are the same in both;
                otherwise they are drawn independently.

        Returns:
            `difference`, the bounds `low` and `high` of its interval, and `n`, the number of examples behind it. They
            are missing if `has` is false.
        """
        if not self.has((one, other), languages):
            return missing()
        value = self._change(self._means(self._observed, one, other, languages))
        drawn = self._means(self._drawn, one, other, languages)
        # Draws are the same along the first axis.
        axes = (0, 2) if same_models else (0, 0)
        low, high = interval(self._change(redrawn(drawn.swapaxes(*axes), self._random).swapaxes(*axes))[:, :, None])
        n = sum(self._counts.languages[lang].size for lang in languages)
        return {"difference": float(value[0, 0]), "low": float(low[0, 0]), "high": float(high[0, 0]), "n": n}

    def p(self, one: str, other: str, languages: Sequence[str]) -> float:
        """The two-sided p-value of a difference, by approximate randomisation (Noreen 1989; Yeh 2000).

        It is missing if `has` is false.
        """
        if not self.has((one, other), languages):
            return float("nan")
        models = [self._counts.intermediates.index(name) for name in (one, other)]
        known = {lang: self._counts.languages[lang] for lang in languages}
        both = {lang: replace(counts, values=counts.values[:, models]) for lang, counts in known.items()}
        pair = replace(self._counts, intermediates=[one, other], languages=both)
        exchanged = resampling.exchange(pair, self._metric, 1, self._settings.samples, self._random)
        ours, theirs = (self._over_seeds(scores[:, :, 0].mean(axis=0)) for scores in exchanged)
        difference = self._change(self._means(self._observed, one, other, languages))[0, 0]
        as_large = np.abs(ours - theirs) >= np.abs(difference) - ROUNDING
        return float((1 + as_large.sum()) / (1 + self._settings.samples))

    def _means(self, scores: np.ndarray, one: str, other: str, languages: Sequence[str]) -> np.ndarray:
        """The means of two models over languages, shape (1, samples, 2, seeds)."""
        models = [self._counts.intermediates.index(name) for name in (one, other)]
        places = [list(self._counts.languages).index(lang) for lang in languages]
        return scores[places][:, :, models].mean(axis=0, keepdims=True)

    def _change(self, scores: np.ndarray) -> np.ndarray:
        """The differences of scores of shape (1, samples, 2, seeds), shape (1, samples)."""
        over_seeds = self._over_seeds(scores)
        return over_seeds[:, :, 0] - over_seeds[:, :, 1]

    def _over_seeds(self, scores: np.ndarray) -> np.ndarray:
        """The median or mean over seeds, the last axis."""
        return getattr(np, self._settings.over_seeds)(scores, axis=-1)


def missing() -> dict[str, float]:
    """A difference that is not known."""
    return {**dict.fromkeys(("difference", "low", "high"), float("nan")), "n": 0}
