"""Part-of-speech F1 as XTREME counts it: over runs of equal tags, not over tokens.

XTREME gives bare tags to seqeval, which reads each run of a tag as a chunk, and its published test values come
from seqeval up to 0.0.13: `f1`, `precision` and `recall`. Since 0.0.18 seqeval drops the first letter of a bare
tag, so that CCONJ and SCONJ become one, and a bare `X` may go on in the next sentence; `f1_seqeval1` is that value, by
the installed seqeval.
"""

import warnings
from collections.abc import Mapping, Sequence

import pyarrow as pa

from xstilts.metrics import Number, overlaps, precision_recall_f1, table
from xstilts.metrics.chunks import aligned_tags, conlleval_chunks, seqeval_chunks

NAMES = ("f1", "precision", "recall", "f1_seqeval1")

_NEWER = "_seqeval1"


def per_example(examples: pa.Table, predictions: Sequence[list[str]], lang: str) -> pa.Table:
    """The found and the gold chunks of each sentence, by the older rules and by those of the installed seqeval.

    Raises:
        UserError: unlabelled examples, or another number of sentences or of tags than in the examples.
    """
    tags = aligned_tags(examples, predictions)
    counts = overlaps(map(conlleval_chunks, predictions), map(conlleval_chunks, tags))
    with warnings.catch_warnings():
        # That they are bare is known; whether they are tags of the task the reader has checked.
        warnings.filterwarnings("ignore", message=".* seems not to be NE tag", category=UserWarning)
        newer = overlaps(seqeval_chunks(predictions), seqeval_chunks(tags))
    return table(examples["id"], **counts, **{f"{name}{_NEWER}": column for name, column in newer.items()})


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """Micro-averaged F1, precision and recall in percent over all chunks."""
    scores = precision_recall_f1(sums["right"], sums["found"], sums["expected"])
    newer = precision_recall_f1(*(sums[f"{name}{_NEWER}"] for name in ("right", "found", "expected")))
    return scores | {f"f1{_NEWER}": newer["f1"]}


def main_score(scores: Mapping[str, Number]) -> Number:
    """F1 by the older rules, the number that XTREME's own test expects."""
    return scores["f1"]
