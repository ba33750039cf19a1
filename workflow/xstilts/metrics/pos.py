"""Part-of-speech F1 as computed by XTREME: over runs of equal tags, not over tokens.

XTREME passes tags without a prefix to seqeval, which treats each run of a tag as a chunk. Its published test values
were computed with seqeval up to 0.0.13: `f1`, `precision` and `recall`. Since 0.0.18 seqeval drops the first letter of
such a tag, so that CCONJ and SCONJ become the same, and `X` may continue in the next sentence. `f1_seqeval1` is the
value of the installed seqeval.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from xstilts.metrics import Number, precision_recall_f1, table
from xstilts.metrics.chunks import CONLLEVAL, SEQEVAL, Tags, aligned_tags, overlaps

NAMES = ("f1", "precision", "recall", "f1_seqeval1")

_NEWER = "_seqeval1"


def per_example(examples: pa.Table, predictions: Sequence[list[str]], lang: str) -> pa.Table:
    """The counts of predicted and gold chunks of each sentence, by the old rules and by the installed seqeval.

    Raises:
        UserError: the examples are unlabelled, or the predictions differ from them in the number of sentences or tags.
    """
    found, expected = Tags(predictions), Tags(aligned_tags(examples, predictions))
    newer = {f"{name}{_NEWER}": counts for name, counts in overlaps(found, expected, SEQEVAL).items()}
    return table(examples["id"], **overlaps(found, expected, CONLLEVAL), **newer)


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """Micro-averaged F1, precision and recall over all chunks, in percent."""
    scores = precision_recall_f1(sums["right"], sums["found"], sums["expected"])
    newer = precision_recall_f1(*(sums[f"{name}{_NEWER}"] for name in ("right", "found", "expected")))
    return scores | {f"f1{_NEWER}": newer["f1"]}


def main_score(scores: Mapping[str, Number]) -> Number:
    """F1 by the old rules, which XTREME's own test expects."""
    return scores["f1"]
