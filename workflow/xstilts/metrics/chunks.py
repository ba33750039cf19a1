"""Entity F1 over typed chunks (Tjong Kim Sang & De Meulder 2003), XTREME's metric for PAN-X: seqeval's default mode."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from seqeval.metrics.sequence_labeling import get_entities

from xstilts.errors import UserError
from xstilts.metrics import Number, gold, overlaps, precision_recall_f1, require_equal_counts, table

NAMES = ("f1", "precision", "recall")

Chunk = tuple[str, int, int]
"""The type of a chunk, its first and its last position."""


def per_example(examples: pa.Table, predictions: Sequence[list[str]], lang: str) -> pa.Table:
    """The counts of predicted and gold chunks of each sentence, extracted by seqeval.

    Raises:
        UserError: the examples are unlabelled, or the predictions differ from them in the number of sentences or tags.
    """
    tags = aligned_tags(examples, predictions)
    return table(examples["id"], **overlaps(seqeval_chunks(predictions), seqeval_chunks(tags)))


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """Micro-averaged F1, precision and recall over all chunks, in percent."""
    return precision_recall_f1(sums["right"], sums["found"], sums["expected"])


def main_score(scores: Mapping[str, Number]) -> Number:
    """F1."""
    return scores["f1"]


def seqeval_chunks(sentences: Sequence[Sequence[str]]) -> list[set[Chunk]]:
    """The chunks that end in each sentence, as the installed seqeval extracts them from all sentences.

    seqeval concatenates the sentences with an `O` after each. This does not end a chunk of tags without a prefix: such
    a chunk may begin in an earlier sentence, so the result depends on the neighbouring sentences. Positions are counted
    from the beginning of the first sentence.
    """
    chunks: list[set[Chunk]] = [set() for _ in sentences]
    found = get_entities([list(tags) for tags in sentences])
    ends = np.cumsum([len(tags) + 1 for tags in sentences])
    for chunk, sentence in zip(found, np.searchsorted(ends, [end for *_, end in found], side="right"), strict=True):
        chunks[sentence].add(chunk)
    return chunks


def aligned_tags(examples: pa.Table, predictions: Sequence[Sequence[str]]) -> list[list[str]]:
    """The gold tags of each sentence, once they are known to match the predictions in number.

    Raises:
        UserError: the examples are unlabelled, or the predictions differ from them in the number of sentences or tags.
    """
    sentences = gold(examples, "tags")
    require_equal_counts(predictions, sentences, "sentences")
    for number, (expected, found) in enumerate(zip(sentences, predictions, strict=True), start=1):
        if len(expected) != len(found):
            raise UserError(f"Sentence {number}: found {len(found)} predicted tags; expected {len(expected)}.")
    return sentences


def conlleval_chunks(sentence: Sequence[str]) -> set[Chunk]:
    """The chunks of a sentence by the rules of CoNLL-2000's conlleval, as implemented by seqeval up to 0.0.13.

    The first letter of a tag is its role, and the part after its last dash is the type. A tag without a dash is its own
    type, so a run of equal tags is one chunk, except for tags that begin with S, each of which is a separate chunk.
    """
    chunks: set[Chunk] = set()
    begin, role_before, type_before = 0, "O", ""
    for place, tag in enumerate((*sentence, "O")):
        role, type_ = tag[0], tag.split("-")[-1]
        if _ends(role_before, role, type_before != type_):
            chunks.add((type_before, begin, place - 1))
        if _starts(role_before, role, type_before != type_):
            begin = place
        role_before, type_before = role, type_
    return chunks


def _ends(before: str, role: str, type_changes: bool) -> bool:
    return before in "ES" or (before in "BI" and role in "BSO") or (type_changes and before not in "O.")


def _starts(before: str, role: str, type_changes: bool) -> bool:
    return role in "BS" or (before in "ESO" and role in "EI") or (type_changes and role not in "O.")
