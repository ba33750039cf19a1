"""F1 over mined sentence pairs (Zweigenbaum et al. 2018, BUCC shared task; XTREME's evaluate.py)."""

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from xstilts.errors import UserError
from xstilts.metrics import precision_recall_f1

NAMES = ("f1", "precision", "recall")

Pair = tuple[str, str]
"""The ids of a foreign sentence and of its English translation, in this order."""


def gold_pairs(examples: pa.Table) -> set[Pair]:
    """The gold pairs of a retrieval table; an English sentence without translation, null or empty, adds none.

    Raises:
        UserError: no English sentence has gold translations, not even an empty list of them.
    """
    english = examples.filter(pc.equal(examples["side"], "english"))
    if english["gold"].null_count == len(english):
        raise UserError(
            f"None of the {len(english)} English sentences has gold translations: only a labelled split can be scored."
        )
    rows = zip(english["id"].to_pylist(), english["gold"].to_pylist(), strict=True)
    return {(foreign, english_id) for english_id, foreign_ids in rows for foreign in foreign_ids or ()}


def score(examples: pa.Table, predictions: Iterable[Pair], lang: str) -> dict[str, float]:
    """F1, precision and recall in percent over the set of pairs: order and repetitions do not count.

    Raises:
        UserError: unlabelled examples.
    """
    return precision_recall_f1(set(map(tuple, predictions)), gold_pairs(examples))


def headline(scores: Mapping[str, float]) -> float:
    """F1."""
    return scores["f1"]
