"""Accuracy over examples, as in XTREME's evaluate.py; labels are compared as they are spelled, case included."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from xstilts.metrics import gold, require_equal_counts

NAMES = ("accuracy",)


def score(examples: pa.Table, predictions: Sequence[str], lang: str) -> dict[str, float]:
    """Percent of examples whose predicted label is the gold one.

    Raises:
        UserError: unlabelled examples, or another number of predictions than of examples.
    """
    labels = gold(examples, "label")
    require_equal_counts(predictions, labels, "examples")
    right = sum(predicted == label for predicted, label in zip(predictions, labels, strict=True))
    return {"accuracy": right / len(labels) * 100}


def headline(scores: Mapping[str, float]) -> float:
    """Accuracy."""
    return scores["accuracy"]
