"""Accuracy over words, as supertagging is scored (Clark and Curran 2007): every word of every sentence counts once."""

from collections.abc import Mapping, Sequence
from itertools import chain

import pyarrow as pa

from xstilts.metrics.chunks import aligned_tags

NAMES = ("accuracy",)


def score(examples: pa.Table, predictions: Sequence[list[str]], lang: str) -> dict[str, float]:
    """Percent of words whose predicted tag is the gold one.

    Raises:
        UserError: unlabelled examples, or another number of sentences or of tags than in the examples.
    """
    tags, found = (list(chain.from_iterable(side)) for side in (aligned_tags(examples, predictions), predictions))
    right = sum(predicted == tag for predicted, tag in zip(found, tags, strict=True))
    return {"accuracy": right / len(tags) * 100}


def headline(scores: Mapping[str, float]) -> float:
    """Accuracy."""
    return scores["accuracy"]
