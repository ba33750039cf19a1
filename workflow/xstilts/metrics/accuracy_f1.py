"""Accuracy and the F1 of finding the class `1`, as GLUE scores Quora's question pairs (Wang et al. 2019)."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from xstilts.metrics import accuracy, gold, precision_recall_f1

NAMES = ("accuracy", "f1")

POSITIVE = "1"
"""The class that is to be found: pairs that ask the same."""


def score(examples: pa.Table, predictions: Sequence[str], lang: str) -> dict[str, float]:
    """Percent of right labels, and F1 in percent of the examples that are labelled `POSITIVE`.

    Raises:
        UserError: unlabelled examples, or another number of predictions than of examples.
    """
    scores = accuracy.score(examples, predictions, lang)
    found, expected = (_positive(labels) for labels in (predictions, gold(examples, "label")))
    return scores | {"f1": precision_recall_f1(found, expected)["f1"]}


def headline(scores: Mapping[str, float]) -> float:
    """The mean of accuracy and F1."""
    return (scores["accuracy"] + scores["f1"]) / 2


def _positive(labels: Sequence[str]) -> set[int]:
    return {row for row, label in enumerate(labels) if label == POSITIVE}
