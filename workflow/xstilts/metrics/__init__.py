"""The official metrics, one module each, in percent as XTREME's evaluate.py prints them."""

import pkgutil
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

import pyarrow as pa

from xstilts.errors import UserError


class Metric(Protocol):
    """What a metric module offers; `NAMES` are the keys of its scores, the main one first."""

    NAMES: tuple[str, ...]

    def score(self, examples: pa.Table, predictions: Any, lang: str) -> dict[str, float]:
        """The scores, 0 to 100, of one language's predictions on its gold table (`xstilts.sources.columns`).

        Raises:
            UserError: the examples have no gold labels, or the predictions are not one for each of them.
        """

    def headline(self, scores: Mapping[str, float]) -> float:
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
            f"{values.null_count} of {len(values)} examples have no gold {column}: only a labelled split can be scored."
        )
    return values.to_pylist()


def require_equal_counts(predictions: Sequence, expected: Sequence, unit: str) -> None:
    """Refuses predictions that are not one for each gold label; `unit` says of what, for the message.

    Raises:
        UserError: the counts differ.
    """
    if len(predictions) != len(expected):
        raise UserError(f"Found {len(predictions)} predictions; expected one for each of the {len(expected)} {unit}.")


def precision_recall_f1(found: set, expected: set) -> dict[str, float]:
    """Precision, recall and their harmonic mean F1, in percent, of a found set; 0 where a ratio is undefined."""
    right = len(found & expected)
    precision = right / len(found) if found else 0.0
    recall = right / len(expected) if expected else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return {"f1": f1 * 100, "precision": precision * 100, "recall": recall * 100}
