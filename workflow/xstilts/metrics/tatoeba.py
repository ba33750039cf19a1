"""Tatoeba retrieval accuracy, from English to the other language (Artetxe & Schwenk 2019, XTREME's evaluate.py)."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from xstilts.metrics import Number, gold, ratio, require_equal_counts, table

NAMES = ("accuracy",)


def per_example(examples: pa.Table, predictions: Sequence[str], lang: str) -> pa.Table:
    """Whether the predicted foreign id of each English sentence, in the order of the table, is a gold translation.

    Raises:
        UserError: the examples are unlabelled, or the number of predictions differs from that of English sentences.
    """
    english = examples.filter(pc.equal(examples["side"], "english"))
    translations = gold(english, "gold")
    require_equal_counts(predictions, translations, "English sentences")
    right = [predicted in ids for predicted, ids in zip(predictions, translations, strict=True)]
    return table(english["id"], right=right, all=[1] * len(right))


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """The percentage of correct sentences."""
    return {"accuracy": ratio(sums["right"], sums["all"]) * 100}


def main_score(scores: Mapping[str, Number]) -> Number:
    """Accuracy."""
    return scores["accuracy"]
