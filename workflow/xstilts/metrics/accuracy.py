"""Accuracy over examples, as in XTREME's evaluate.py; the comparison of labels is case-sensitive."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from xstilts.metrics import Number, gold, ratio, require_equal_counts, table

NAMES = ("accuracy",)


def per_example(examples: pa.Table, predictions: Sequence[str], lang: str) -> pa.Table:
    """Whether the predicted label of each example is correct.

    Raises:
        UserError: the examples are unlabelled, or the number of predictions differs from the number of examples.
    """
    labels = gold(examples, "label")
    require_equal_counts(predictions, labels, "examples")
    right = [predicted == label for predicted, label in zip(predictions, labels, strict=True)]
    return table(examples["id"], right=right, all=[1] * len(right))


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """The percentage of correct labels."""
    return {"accuracy": ratio(sums["right"], sums["all"]) * 100}


def main_score(scores: Mapping[str, Number]) -> Number:
    """Accuracy."""
    return scores["accuracy"]
