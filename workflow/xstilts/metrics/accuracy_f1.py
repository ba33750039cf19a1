"""Accuracy and the F1 of finding the class `1`, as GLUE scores Quora's question pairs (Wang et al. 2019)."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from xstilts.metrics import Number, accuracy, gold, precision_recall_f1

NAMES = ("accuracy", "f1")

POSITIVE = "1"
"""The class that is to be found: pairs that ask the same."""


def per_example(examples: pa.Table, predictions: Sequence[str], lang: str) -> pa.Table:
    """Whether the predicted label of each example is the gold one, and which of the two are `POSITIVE`.

    Raises:
        UserError: unlabelled examples, or another number of predictions than of examples.
    """
    counts = accuracy.per_example(examples, predictions, lang)
    found, expected = (_positive(labels) for labels in (predictions, gold(examples, "label")))
    both = [one and other for one, other in zip(found, expected, strict=True)]
    for name, column in {"found_right": both, "found": found, "expected": expected}.items():
        counts = counts.append_column(name, pa.array(column, pa.float64()))
    return counts


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """Percent of right labels, and F1 in percent of the examples that are labelled `POSITIVE`."""
    f1 = precision_recall_f1(sums["found_right"], sums["found"], sums["expected"])["f1"]
    return accuracy.aggregate(sums) | {"f1": f1}


def main_score(scores: Mapping[str, Number]) -> Number:
    """The mean of accuracy and F1."""
    return (scores["accuracy"] + scores["f1"]) / 2


def _positive(labels: Sequence[str]) -> list[int]:
    return [int(label == POSITIVE) for label in labels]
