"""Accuracy and the F1 of class `1`, GLUE's metrics for Quora Question Pairs (Wang et al. 2019)."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from xstilts.metrics import Number, accuracy, gold, precision_recall_f1

NAMES = ("accuracy", "f1")

POSITIVE = "1"
"""The positive class: duplicate questions."""


def per_example(examples: pa.Table, predictions: Sequence[str], lang: str) -> pa.Table:
    """Whether the predicted label of each example is correct, and whether each of the two labels is `POSITIVE`.

    Raises:
        UserError: the examples are unlabelled, or the number of predictions differs from the number of examples.
    """
    counts = accuracy.per_example(examples, predictions, lang)
    found, expected = (_positive(labels) for labels in (predictions, gold(examples, "label")))
    both = [one and other for one, other in zip(found, expected, strict=True)]
    for name, column in {"found_right": both, "found": found, "expected": expected}.items():
        counts = counts.append_column(name, pa.array(column, pa.float64()))
    return counts


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """The percentage of correct labels, and the F1 of class `POSITIVE` in percent."""
    f1 = precision_recall_f1(sums["found_right"], sums["found"], sums["expected"])["f1"]
    return accuracy.aggregate(sums) | {"f1": f1}


def main_score(scores: Mapping[str, Number]) -> Number:
    """The mean of accuracy and F1."""
    return (scores["accuracy"] + scores["f1"]) / 2


def _positive(labels: Sequence[str]) -> list[int]:
    return [int(label == POSITIVE) for label in labels]
