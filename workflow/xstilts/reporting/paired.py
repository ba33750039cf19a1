"""Differences between two models that are evaluated on the same examples, with their intervals."""

from collections.abc import Sequence

import numpy as np

from xstilts.config import Report
from xstilts.metrics import Metric
from xstilts.reporting import resampling
from xstilts.reporting.comparison import interval, redrawn
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
        self._counts, self._over_seeds = counts, settings.over_seeds
        self._random = np.random.default_rng(seed)
        self._observed = resampling.observed(counts, metric)
        self._drawn = resampling.bootstrap(counts, metric, settings.samples, self._random)

    def difference(self, one: str, other: str, languages: Sequence[str], same_models: bool = False) -> dict[str, float]:
        """The score of one model minus that of another, both means over some languages.

        Args:
            same_models: whether a seed is the same model in both, so that the seeds of a sample are the same in both;
                otherwise they are drawn independently.

        Returns:
            `difference`, the bounds `low` and `high` of its interval, and `n`, the number of examples behind it; all
            missing without languages, and if a seed or the labels of a language are.
        """
        known = self._counts
        if not languages or {one, other} - set(known.intermediates) or set(languages) - set(known.languages):
            return missing()
        value = self._change(self._means(self._observed, one, other, languages))
        drawn = self._means(self._drawn, one, other, languages)
        # Draws are the same along the first axis.
        axes = (0, 2) if same_models else (0, 0)
        low, high = interval(self._change(redrawn(drawn.swapaxes(*axes), self._random).swapaxes(*axes))[:, :, None])
        n = sum(known.languages[lang].size for lang in languages)
        return {"difference": float(value[0, 0]), "low": float(low[0, 0]), "high": float(high[0, 0]), "n": n}

    def _means(self, scores: np.ndarray, one: str, other: str, languages: Sequence[str]) -> np.ndarray:
        """The means of two models over languages, shape (1, samples, 2, seeds)."""
        models = [self._counts.intermediates.index(name) for name in (one, other)]
        places = [list(self._counts.languages).index(lang) for lang in languages]
        return scores[:, :, models][places].mean(axis=0, keepdims=True)

    def _change(self, scores: np.ndarray) -> np.ndarray:
        """The differences of scores of shape (1, samples, 2, seeds), shape (1, samples)."""
        over_seeds = getattr(np, self._over_seeds)(scores, axis=-1)
        return over_seeds[:, :, 0] - over_seeds[:, :, 1]


def missing() -> dict[str, float]:
    """A difference that is not known."""
    return {**dict.fromkeys(("difference", "low", "high"), float("nan")), "n": 0}
