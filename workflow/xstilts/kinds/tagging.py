"""Tagging: one tag for each word of a sentence."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xstilts.errors import UserError, shorten
from xstilts.features import batching
from xstilts.features.tokens import Template
from xstilts.features.words import Words, flattened, tokenised

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from xstilts.kinds import Lengths
    from xstilts.task import Task

AUTO_MODEL = "AutoModelForTokenClassification"
OUTPUTS = ("logits",)
PER_TOKEN = True
GOLD = ("labels",)
COLUMNS = ("input_ids", "token_type_ids", "labels")


class Piece(NamedTuple):
    """Consecutive words of one sentence: the row of the sentence, and a slice of the words of all sentences."""

    example: int
    words: slice


def head(task: "Task") -> dict[str, Any]:
    """One output for each tag of the task."""
    return batching.label_head(task.labels)


def encode(examples: pa.Table, tokenizer: "PreTrainedTokenizerBase", task: "Task", settings: "Lengths") -> pa.Table:
    """One feature for each piece of a sentence: as many whole words as fit, without overlap.

    The sub-words are those of running text, see `words.tokenised`; a piece that starts within a sentence includes the
    space before its first word. A word with no sub-words, or with more than fit, is replaced by the unknown token. The
    column `words` (list of int32) has the position of the first sub-word of each word. Labelled features have `labels`
    (list of int32): the tag at these positions, -100 elsewhere and for tags that are not labels of the task.

    Raises:
        UserError: `max_length` leaves no room for words, or a word needs an unknown token and the tokenizer has none.
    """
    template = Template(tokenizer, texts=1)
    room = settings.max_length - template.size
    if room < 1:
        raise UserError(f"max_length {settings.max_length} leaves no room beside {template.size} special tokens.")
    found = _with_unknown(tokenised(examples["words"], tokenizer), tokenizer, room)
    sizes = np.array([len(ids) for ids in found.ids], np.int32)[found.codes]
    firsts = found.firsts[found.codes]
    pieces = list(_pieces(examples["words"], sizes, room))

    texts = [np.concatenate([found.ids[code] for code in found.codes[piece.words]]) for piece in pieces]
    words = [template.start() + batching.bounds(sizes[piece.words])[:-1] + firsts[piece.words] for piece in pieces]
    columns = template.columns([(text,) for text in texts])
    columns["example"] = pa.array([piece.example for piece in pieces], pa.int32())
    columns["words"] = batching.list_column(words)
    if batching.has_gold(examples, "tags"):
        tags = batching.label_ids(flattened(examples["tags"]), task.labels)
        rows = zip(columns["input_ids"].value_lengths().to_pylist(), words, pieces, strict=True)
        labels = [_labels(length, positions, tags[piece.words]) for length, positions, piece in rows]
        columns["labels"] = batching.list_column(labels)
    return pa.table(columns)


def _with_unknown(words: Words, tokenizer: "PreTrainedTokenizerBase", room: int) -> Words:
    """Words with the unknown token in place of each word that has no sub-words, or more than fit."""
    unknown = [place for place, ids in enumerate(words.ids) if not 0 < len(ids) <= room]
    if unknown and tokenizer.unk_token_id is None:
        raise UserError(
            f"the word {shorten(words.forms[unknown[0]].as_py())} has no sub-words, or more than the {room} that fit, "
            "and the tokenizer has no unknown token to replace it. Remove the word or increase max_length."
        )
    ids, firsts = list(words.ids), words.firsts.copy()
    for place in unknown:
        ids[place] = np.array([tokenizer.unk_token_id], np.int32)
        firsts[place] = 0
    return words._replace(ids=ids, firsts=firsts)


def _pieces(words: pa.ChunkedArray, sizes: np.ndarray, room: int) -> Iterator[Piece]:
    sentences = batching.bounds(pc.list_value_length(words)).tolist()
    for example, (start, end) in enumerate(pairwise(sentences)):
        for first, last in pairwise([*_cuts(sizes[start:end].tolist(), room), end - start]):
            yield Piece(example, slice(start + first, start + last))


def _cuts(sizes: list[int], room: int) -> Iterator[int]:
    """The first word of each piece: the one that does not fit after its predecessors."""
    used = room
    for word, size in enumerate(sizes):
        if used + size > room:
            yield word
            used = 0
        used += size


def _labels(length: int, positions: np.ndarray, tags: np.ndarray) -> np.ndarray:
    labels = np.full(length, batching.IGNORED, np.int32)
    labels[positions] = tags
    return labels


def collate(rows: Sequence[Mapping[str, Any]], pad_token_id: int) -> dict[str, np.ndarray]:
    """`input_ids`, `attention_mask` and, if present, `token_type_ids` and `labels`: `(batch, length)`."""
    return batching.collate(rows, pad_token_id, sequences={"labels": batching.IGNORED})


def decode(
    outputs: list[tuple[np.ndarray, ...]], features: pa.Table, examples: pa.Table, task: "Task", settings: "Lengths"
) -> list[list[str]]:
    """The tag of each word: the highest logit at its first sub-word, pieces joined; logits are `(length, tags)`."""
    tags: list[list[str]] = [[] for _ in range(len(examples))]
    rows = zip(outputs, features["example"].to_pylist(), batching.list_arrays(features["words"]), strict=True)
    for (logits,), example, words in rows:
        tags[example] += [task.labels[best] for best in logits[words].argmax(axis=1)]
    expected = pc.list_value_length(examples["words"]).to_pylist()
    assert [len(sentence) for sentence in tags] == expected, "features and examples do not belong together"
    return tags
