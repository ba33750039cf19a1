"""The official metrics, one module each, in percent as XTREME's evaluate.py prints them."""

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
"""The column that names the units."""


class Metric(Protocol):
    """What a metric module offers; `NAMES` are the keys of its scores, the main one first.

    All scores are functions of sums over units (examples, sentences, questions), so that the score of any sample of
    units is known from the counts of each.
    """

    NAMES: tuple[str, ...]

    def per_example(self, examples: pa.Table, predictions: Any, lang: str) -> pa.Table:
        """The counts of each unit of one language's predictions on its gold table (`xstilts.sources.columns`).

        Returns:
            A table with the id of each unit, in the order of the examples, and one column for each count.

        Raises:
            UserError: the examples have no gold labels, or the predictions are not one for each of them.
        """

    def aggregate(self, sums: Mapping[str, Number]) -> dict[str, Number]:
        """The scores, 0 to 100, from the sums of the counts; of many samples at once where the sums are arrays."""

    def main_score(self, scores: Mapping[str, Number]) -> Number:
        """The one number of a task that XTREME averages, from the scores of a language or their averages."""


def load(name: str) -> Metric:
    """The metric of this name.

    Raises:
        UserError: there is no such metric.
    """
    known = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "xtreme")
    if name not in known:
        raise UserError(f"There is no metric {name!r}; the metrics are {', '.join(known)}.")
    return import_module(f"{__name__}.{name}")


def score(metric: Metric, units: pa.Table) -> dict[str, float]:
    """The scores of all units together."""
    sums = {name: pc.sum(units[name]).as_py() for name in units.column_names if name != UNIT}
    return {name: float(value) for name, value in metric.aggregate(sums).items()}


def gold(examples: pa.Table, column: str) -> list:
    """The gold labels of all examples.

    Raises:
        UserError: there are no examples, or some have no gold label.
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
    """Refuses predictions that are not one for each gold label; `unit` says of what, for the message.

    Raises:
        UserError: the counts differ.
    """
    if len(predictions) != len(expected):
        raise UserError(f"Found {len(predictions)} predictions; expected one for each of the {len(expected)} {unit}.")


def table(units: Sequence, **counts: Sequence[float]) -> pa.Table:
    """Counts by unit, as float64 that add up exactly as long as they are whole."""
    return pa.table(
        {UNIT: pa.array(units, pa.string())} | {name: pa.array(c, pa.float64()) for name, c in counts.items()}
    )


def overlaps(found: Iterable[set], expected: Iterable[set]) -> dict[str, list[int]]:
    """What F1 is made of, unit by unit: how many were right, found, and to be found."""
    sizes = [(len(a & b), len(a), len(b)) for a, b in zip(found, expected, strict=True)]
    return dict(zip(("right", "found", "expected"), zip(*sizes, strict=True), strict=True))


def ratio(part: Number, whole: Number) -> Number:
    """A part of a whole; 0 where there is no whole."""
    return part / np.where(whole == 0, 1, whole)


def precision_recall_f1(right: Number, found: Number, expected: Number) -> dict[str, Number]:
    """Precision, recall and their harmonic mean F1, in percent; 0 where a ratio is undefined."""
    precision, recall = ratio(right, found), ratio(right, expected)
    f1 = ratio(2 * precision * recall, precision + recall)
    return {"f1": f1 * 100, "precision": precision * 100, "recall": recall * 100}
