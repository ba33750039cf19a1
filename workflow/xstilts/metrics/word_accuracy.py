"""Accuracy over the words of all sentences, the metric of supertagging (Clark and Curran 2007)."""

from collections.abc import Mapping, Sequence
from operator import eq

import pyarrow as pa

from xstilts.metrics import Number, ratio, table
from xstilts.metrics.chunks import aligned_tags

NAMES = ("accuracy",)


def per_example(examples: pa.Table, predictions: Sequence[list[str]], lang: str) -> pa.Table:
    """The number of words of each sentence, and of words with the correct tag.

    Raises:
        UserError: the examples are unlabelled, or the predictions differ from them in the number of sentences or tags.
    """
    sentences = aligned_tags(examples, predictions)
    right = [sum(map(eq, found, tags)) for found, tags in zip(predictions, sentences, strict=True)]
    return table(examples["id"], right=right, all=list(map(len, sentences)))


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """The percentage of correct words."""
    return {"accuracy": ratio(sums["right"], sums["all"]) * 100}


def main_score(scores: Mapping[str, Number]) -> Number:
    """Accuracy."""
    return scores["accuracy"]
