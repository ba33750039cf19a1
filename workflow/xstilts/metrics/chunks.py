"""Entity F1 over typed chunks (Tjong Kim Sang & De Meulder 2003), as XTREME scores PAN-X: seqeval's default mode."""

import warnings
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
from seqeval import metrics as seqeval

from xstilts.errors import UserError
from xstilts.metrics import gold, require_equal_counts

NAMES = ("f1", "precision", "recall")

Chunk = tuple[str, int, int]
"""The type of a chunk, its first and its last place among all tags of a file."""


def score(examples: pa.Table, predictions: Sequence[list[str]], lang: str) -> dict[str, float]:
    """Micro-averaged F1, precision and recall in percent over the chunks of all sentences.

    Raises:
        UserError: unlabelled examples, or another number of sentences or of tags than in the examples.
    """
    tags = aligned_tags(examples, predictions)
    measures = {"f1": seqeval.f1_score, "precision": seqeval.precision_score, "recall": seqeval.recall_score}
    return {name: in_percent(measure, tags, predictions) for name, measure in measures.items()}


def headline(scores: Mapping[str, float]) -> float:
    """F1."""
    return scores["f1"]


def in_percent(measure, tags: Sequence[list[str]], predictions: Sequence[list[str]]) -> float:
    """One of seqeval's scores, x100; without its warnings about tags that are not IOB and about empty sets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(measure(tags, predictions)) * 100


def aligned_tags(examples: pa.Table, predictions: Sequence[Sequence[str]]) -> list[list[str]]:
    """The gold tags of each sentence, once it is sure that each has its prediction.

    Raises:
        UserError: unlabelled examples, or another number of sentences or of tags than in the examples.
    """
    sentences = gold(examples, "tags")
    require_equal_counts(predictions, sentences, "sentences")
    for number, (expected, found) in enumerate(zip(sentences, predictions, strict=True), start=1):
        if len(expected) != len(found):
            raise UserError(f"Sentence {number}: found {len(found)} predicted tags; expected {len(expected)}.")
    return sentences


def conlleval_chunks(sentences: Iterable[Sequence[str]]) -> set[Chunk]:
    """The chunks by the rules of CoNLL-2000's conlleval, as seqeval up to 0.0.13 applies them.

    The first letter of a tag is its role and what follows its last dash the type. A bare tag is its own type
    there, so that its first letter decides: a run of equal tags is one chunk, save for tags in S, which stand alone.
    """
    chunks: set[Chunk] = set()
    begin, role_before, type_before = 0, "O", ""
    for place, tag in enumerate(tag for sentence in sentences for tag in (*sentence, "O")):
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
