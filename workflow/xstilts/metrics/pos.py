"""Part-of-speech F1 as XTREME counts it: over runs of equal tags, not over tokens.

XTREME gives bare tags to seqeval, which reads each run of a tag as a chunk, and its published test values come
from seqeval up to 0.0.13: `f1`, `precision` and `recall`. Since 0.0.18 seqeval drops the first letter of a bare
tag, so that CCONJ and SCONJ become one; `f1_seqeval1` is that value, by the installed seqeval.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa
from seqeval import metrics as seqeval

from xstilts.metrics import precision_recall_f1
from xstilts.metrics.chunks import aligned_tags, conlleval_chunks, in_percent

NAMES = ("f1", "precision", "recall", "f1_seqeval1")


def score(examples: pa.Table, predictions: Sequence[list[str]], lang: str) -> dict[str, float]:
    """Micro-averaged F1, precision and recall in percent over the chunks of all sentences.

    Raises:
        UserError: unlabelled examples, or another number of sentences or of tags than in the examples.
    """
    tags = aligned_tags(examples, predictions)
    found, expected = conlleval_chunks(predictions), conlleval_chunks(tags)
    return precision_recall_f1(found, expected) | {"f1_seqeval1": in_percent(seqeval.f1_score, tags, predictions)}


def headline(scores: Mapping[str, float]) -> float:
    """F1 by the older rules, the number that XTREME's own test expects."""
    return scores["f1"]
