"""Invented counts of examples, and scores computed from them in plain Python."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np

from xstilts.reporting.per_example import Counts, LanguageCounts

ACCURACY, F1 = ("right", "all"), ("right", "found", "expected")
"""The columns of two metrics."""

Unit = tuple[int, list]
"""The place of a unit among the names, and what it counts: intermediates by seeds by columns."""


def counts(languages: Mapping[str, Sequence[Unit]], columns: Sequence[str], *intermediates: str) -> Counts:
    """Counts of these units."""
    of = {
        lang: LanguageCounts(
            len(units), np.array([place for place, _ in units]), np.array([values for _, values in units], float)
        )
        for lang, units in languages.items()
    }
    names = 1 + max(place for units in languages.values() for place, _ in units)
    return Counts(list(intermediates), list(columns), names, of)


def accuracy(right: float, whole: float) -> float:
    """Percent of right examples; 0 of none."""
    return 100 * right / whole if whole else 0.0


def f1(right: float, found: float, expected: float) -> float:
    """F1 in percent; 0 where nothing is found or expected."""
    return 200 * right / (found + expected) if found + expected else 0.0


def models(units: Sequence[Unit]) -> Iterator[tuple[int, int]]:
    """All models of a language: intermediate and seed."""
    values = units[0][1]
    return product(range(len(values)), range(len(values[0])))
