"""Accuracy over examples, as in XTREME's evaluate.py; labels are compared as they are spelled, case included."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from xstilts.metrics import Number, gold, ratio, require_equal_counts, table

NAMES = ("accuracy",)


def per_example(examples: pa.Table, predictions: Sequence[str], lang: str) -> pa.Table:
    """Whether the predicted label of each example is the gold one.

    Raises:
        UserError: unlabelled examples, or another number of predictions than of examples.
    """
    labels = gold(examples, "label")
    require_equal_counts(predictions, labels, "examples")
    right = [predicted == label for predicted, label in zip(predictions, labels, strict=True)]
    return table(examples["id"], right=right, all=[1] * len(right))


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """Percent of right labels."""
    return {"accuracy": ratio(sums["right"], sums["all"]) * 100}


def main_score(scores: Mapping[str, Number]) -> Number:
    """Accuracy."""
    return scores["accuracy"]
