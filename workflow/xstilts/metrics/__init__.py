"""The official metrics, one module each, in percent as in XTREME's evaluate.py."""

import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xstilts.errors import UserError

Number = float | np.ndarray

UNIT = "unit"
"""The column with the ids of units."""


class Metric(Protocol):
    """The interface of metric modules; `NAMES` are the keys of the scores, the main one first.

    All scores are functions of sums over units (examples, sentences or questions), so the score of any sample of units
    can be computed from the counts of its units.
    """

    NAMES: tuple[str, ...]

    def per_example(self, examples: pa.Table, predictions: Any, lang: str) -> pa.Table:
        """The counts of each unit.

        Args:
            examples: the gold table of one language (`xstilts.sources.columns`).
            predictions: the predictions for these examples, as in `xstilts.prediction.xtreme_files`.
            lang: the code of the language.

        Returns:
            A table with the id of each unit, in the order of the examples, and one column for each count.

        Raises:
            UserError: the examples are unlabelled, or the number of predictions differs from the number of examples.
        """

    def aggregate(self, sums: Mapping[str, Number]) -> dict[str, Number]:
        """The scores, 0 to 100, from the sums of counts; arrays of sums give the scores of many samples at once."""

    def main_score(self, scores: Mapping[str, Number]) -> Number:
        """The score of a task that XTREME averages, from the scores of a language or their averages."""


def load(name: str) -> Metric:
    """The module of a metric.

    Raises:
        UserError: the name is unknown.
    """
    known = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "xtreme")
    if name not in known:
        raise UserError(f"unknown metric {name!r}; the metrics are {', '.join(known)}.")
    return import_module(f"{__name__}.{name}")


def score(metric: Metric, units: pa.Table) -> dict[str, float]:
    """The scores over all units."""
    sums = {name: pc.sum(units[name]).as_py() for name in units.column_names if name != UNIT}
    return {name: float(value) for name, value in metric.aggregate(sums).items()}


def gold(examples: pa.Table, column: str) -> list:
    """The gold labels of all examples.

    Raises:
        UserError: there are no examples, or some are unlabelled.
    """
    values = examples.column(column)
    if not len(values):
        raise UserError("There are no examples to score.")
    if values.null_count:
        raise UserError(
            f"{values.null_count} of {len(values)} examples have no gold label in their column {column!r}: only a "
            "labelled split can be scored."
        )
    return values.to_pylist()


def require_equal_counts(predictions: Sequence, expected: Sequence, unit: str) -> None:
    """Check that there is one prediction for each gold label.

    Args:
        unit: what is predicted, in the plural, for the message.

    Raises:
        UserError: the numbers differ.
    """
    if len(predictions) != len(expected):
        raise UserError(f"Found {len(predictions)} predictions; expected one for each of the {len(expected)} {unit}.")


def table(units: Sequence, **counts: Sequence[float] | np.ndarray) -> pa.Table:
    """Counts by unit, as float64, whose sums are exact for integers."""
    return pa.table(
        {UNIT: pa.array(units, pa.string())} | {name: pa.array(c, pa.float64()) for name, c in counts.items()}
    )


def overlaps(found: Iterable[set], expected: Iterable[set]) -> dict[str, tuple[int, ...]]:
    """The counts for F1, for each unit: the numbers of correct, found and expected items."""
    sizes = [(len(a & b), len(a), len(b)) for a, b in zip(found, expected, strict=True)]
    return dict(zip(("right", "found", "expected"), zip(*sizes, strict=True), strict=True))


def ratio(part: Number, whole: Number) -> Number:
    """`part / whole`, and 0 where `whole` is 0."""
    return part / np.where(whole == 0, 1, whole)


def precision_recall_f1(right: Number, found: Number, expected: Number) -> dict[str, Number]:
    """Precision, recall and their harmonic mean F1, in percent; an undefined ratio is 0."""
    precision, recall = ratio(right, found), ratio(right, expected)
    f1 = ratio(2 * precision * recall, precision + recall)
    return {"f1": f1 * 100, "precision": precision * 100, "recall": recall * 100}
