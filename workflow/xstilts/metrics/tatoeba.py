"""Tatoeba retrieval accuracy, from English to the other language (Artetxe & Schwenk 2019, XTREME's evaluate.py)."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from xstilts.metrics import gold, require_equal_counts

NAMES = ("accuracy",)


def score(examples: pa.Table, predictions: Sequence[str], lang: str) -> dict[str, float]:
    """Percent of English sentences, in the order of the table, whose predicted foreign id is a gold translation.

    Raises:
        UserError: unlabelled examples, or another number of predictions than of English sentences.
    """
    translations = gold(examples.filter(pc.equal(examples["side"], "english")), "gold")
    require_equal_counts(predictions, translations, "English sentences")
    right = sum(predicted in ids for predicted, ids in zip(predictions, translations, strict=True))
    return {"accuracy": right / len(translations) * 100}


def headline(scores: Mapping[str, float]) -> float:
    """Accuracy."""
    return scores["accuracy"]
