"""F1 over mined sentence pairs (Zweigenbaum et al. 2018, BUCC shared task; XTREME's evaluate.py)."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from xstilts.metrics import precision_recall_f1
from xstilts.sources.pairs import Pair, gold_pairs

NAMES = ("f1", "precision", "recall")


def score(examples: pa.Table, predictions: Iterable[Pair], lang: str) -> dict[str, float]:
    """F1, precision and recall in percent over the set of pairs: order and repetitions do not count.

    Raises:
        UserError: unlabelled examples.
    """
    return precision_recall_f1(set(map(tuple, predictions)), gold_pairs(examples))


def headline(scores: Mapping[str, float]) -> float:
    """F1."""
    return scores["f1"]
