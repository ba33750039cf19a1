"""F1 over mined sentence pairs (Zweigenbaum et al. 2018, BUCC shared task; XTREME's evaluate.py)."""

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from xstilts.metrics import Number, overlaps, precision_recall_f1, table
from xstilts.sources.gold_pairs import Pair, gold_pairs

NAMES = ("f1", "precision", "recall")


def per_example(examples: pa.Table, predictions: Iterable[Pair], lang: str) -> pa.Table:
    """The counts of mined and gold pairs of each English sentence; order and repetitions do not matter.

    A predicted English id that is not in the corpus is a separate unit.

    Raises:
        UserError: the examples are unlabelled.
    """
    found = _by_english((foreign, english) for foreign, english in predictions)
    expected = _by_english(gold_pairs(examples))
    sentences = examples.filter(pc.equal(examples["side"], "english"))["id"].to_pylist()
    sentences = list(dict.fromkeys([*sentences, *found]))
    nothing: set[Pair] = set()
    sets = ([pairs.get(sentence, nothing) for sentence in sentences] for pairs in (found, expected))
    return table(sentences, **overlaps(*sets))


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """F1, precision and recall over all pairs, in percent."""
    return precision_recall_f1(sums["right"], sums["found"], sums["expected"])


def main_score(scores: Mapping[str, Number]) -> Number:
    """F1."""
    return scores["f1"]


def _by_english(pairs: Iterable[Pair]) -> dict[str, set[Pair]]:
    grouped: dict[str, set[Pair]] = {}
    for pair in pairs:
        grouped.setdefault(pair[1], set()).add(pair)
    return grouped
