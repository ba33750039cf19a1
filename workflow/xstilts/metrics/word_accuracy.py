"""Accuracy over words, as supertagging is scored (Clark and Curran 2007): every word of every sentence counts once."""

from collections.abc import Mapping, Sequence
from operator import eq

import pyarrow as pa

from xstilts.metrics import Number, ratio, table
from xstilts.metrics.chunks import aligned_tags

NAMES = ("accuracy",)


def per_example(examples: pa.Table, predictions: Sequence[list[str]], lang: str) -> pa.Table:
    """The words of each sentence, and those of them whose predicted tag is the gold one.

    Raises:
        UserError: unlabelled examples, or another number of sentences or of tags than in the examples.
    """
    sentences = aligned_tags(examples, predictions)
    right = [sum(map(eq, found, tags)) for found, tags in zip(predictions, sentences, strict=True)]
    return table(examples["id"], right=right, all=list(map(len, sentences)))


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """Percent of right words."""
    return {"accuracy": ratio(sums["right"], sums["all"]) * 100}


def main_score(scores: Mapping[str, Number]) -> Number:
    """Accuracy."""
    return scores["accuracy"]
