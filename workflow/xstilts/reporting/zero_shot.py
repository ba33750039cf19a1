"""Means over the languages of a target without labelled training data, and over groups of them."""

from collections.abc import Iterable

import pandas as pd

from xstilts.names import NO_INTERMEDIATE
from xstilts.reporting.collect import MAIN_SCORE
from xstilts.reporting.experiment_results import Results

ZERO_SHOT = "zero-shot mean"
"""The name of the mean over the languages that are not seen."""

SEEN = "°"
"""Marks a language with labelled training data of the target's kind in the path of a cell."""

READING = (
    f"{SEEN}: labelled training data of the task, or of a task of its kind, in this language; not in the zero-shot "
    "mean. A change of a zero-shot mean is over the languages that neither of the two has seen."
)


def level(results: Results, encoder: str, intermediate: str, target: str, languages: Iterable[str]) -> float:
    """The score of a cell: the mean over some languages, then the median or mean over seeds.

    It is missing without languages, and if the score of a language or seed is.
    """
    scores = results.scores
    where = [encoder, intermediate, target, MAIN_SCORE]
    mine = scores[(scores[["encoder", "intermediate", "target", "metric"]] == where).all(axis=1)]
    wide = mine.pivot(index="seed", columns="language", values="value")
    by_seed = wide.reindex(index=results.grid.seeds, columns=list(languages)).mean(axis=1, skipna=False)
    return float(getattr(by_seed, results.over_seeds)(skipna=False))


def change(
    results: Results, encoder: str, intermediate: str, target: str, only: Iterable[str] | None = None
) -> tuple[float, float]:
    """The zero-shot mean of a cell, and its change over the baseline.

    The change is over the languages that the cell has not seen, and thus the baseline has not either; it is missing for
    the baseline itself.

    Args:
        only: the languages of a group; None for all.
    """
    own = _among(results.zero_shot(target, intermediate), only)
    value = level(results, encoder, intermediate, target, own)
    if intermediate == NO_INTERMEDIATE or not results.has_baseline:
        return value, float("nan")
    return value, value - level(results, encoder, NO_INTERMEDIATE, target, own)


def row(results: Results, encoder: str, target: str, only: Iterable[str] | None = None) -> pd.Series:
    """The zero-shot means of a target by intermediate: that of the baseline, and the changes of the others over it."""
    found = {}
    for name in results.after(target):
        value, delta = change(results, encoder, name, target, only)
        found[name] = delta if results.has_baseline and name != NO_INTERMEDIATE else value
    return pd.Series(found)


def _among(languages: list[str], only: Iterable[str] | None) -> list[str]:
    return languages if only is None else [lang for lang in languages if lang in set(only)]
