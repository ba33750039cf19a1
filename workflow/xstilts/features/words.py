"""The words of sentences as the sub-words of running text, in which words are separated by one space."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xstilts.errors import UserError, shorten
from xstilts.features.batching import bounds
from xstilts.features.tokens import Text, located, subwords

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_PROBE = ["a", "a"]
_MARKS = "▁Ġ "
"""How vocabularies write a space: SentencePiece, byte-level BPE, and added tokens."""

_BLANK_BEHIND = re.compile(f"[^{_MARKS}][{_MARKS}]")


class Words(NamedTuple):
    """Words as sub-words.

    Args:
        forms: the distinct forms, `(forms,)`; a word may have a different form after a space.
        ids: the sub-words of each form, `(length,)` each; empty if a form has only those of a space.
        firsts: the position of the first sub-word of the word among `ids`, `(forms,)`.
        codes: the form of each word, over all sentences in order, `(words,)`.
    """

    forms: pa.Array
    ids: list[np.ndarray]
    firsts: np.ndarray
    codes: np.ndarray


def tokenised(sentences: pa.ChunkedArray, tokenizer: "PreTrainedTokenizerBase") -> Words:
    """Tokenise sentences (lists of words) so that their ids are those of running text.

    Many tokenizers give a word the same ids in every position: WordPiece, and SentencePiece with a prefix (XLM-R,
    DeBERTa, RemBERT). Others mark the space before a word (byte-level BPE, Gemma): a word is tokenised as it is at the
    start of a sentence, and with a leading space elsewhere. Each distinct form is tokenised once. Both methods are
    compared with running text to choose one; if neither reproduces it, whole sentences are tokenised.

    The first sub-word of a word is the one that the official script labels: the prefix if the tokenizer adds one to
    every word, else the first sub-word that contains a character of the word.

    Raises:
        UserError: a sub-word of the running text spans two words.
    """
    return _method(tokenizer)(sentences, tokenizer)


@lru_cache(maxsize=1)
def _method(tokenizer: "PreTrainedTokenizerBase") -> Callable[[pa.ChunkedArray, "PreTrainedTokenizerBase"], Words]:
    """The first method that reproduces running text, for the probe and all sub-words with a space inside or after."""

    across = [_text(tokenizer, token).split() for token in tokenizer.get_vocab() if _BLANK_BEHIND.search(token)]
    probes = [_PROBE, *([*words, *_PROBE[:1]] for words in across if words)]
    expected = subwords(tokenizer, [" ".join(words) for words in probes])
    for method in (_without_space, _after_space):
        words = method(pa.chunked_array([probes], pa.list_(pa.string())), tokenizer)
        found = np.split(words.codes, bounds([len(probe) for probe in probes])[1:-1])
        pairs = zip(found, expected, strict=True)
        if all(np.array_equal(np.concatenate([words.ids[code] for code in codes]), ids) for codes, ids in pairs):
            return method
    return _in_running_text


def _text(tokenizer: "PreTrainedTokenizerBase", token: str) -> str:
    return re.sub(f"[{_MARKS}]", " ", tokenizer.convert_tokens_to_string([token]))


def _without_space(sentences: pa.ChunkedArray, tokenizer: "PreTrainedTokenizerBase") -> Words:
    forms = flattened(sentences).dictionary_encode()
    ids = subwords(tokenizer, forms.dictionary.to_pylist())
    return _words(tokenizer, forms, ids, np.zeros(len(ids), np.int32))


def _after_space(sentences: pa.ChunkedArray, tokenizer: "PreTrainedTokenizerBase") -> Words:
    words = flattened(sentences)
    begins = np.zeros(len(words) + 1, bool)
    begins[bounds(pc.list_value_length(sentences))] = True
    spaced = pc.binary_join_element_wise("", words, " ")
    forms = pc.if_else(pa.array(begins[:-1]), words, spaced).dictionary_encode()
    ids = subwords(tokenizer, forms.dictionary.to_pylist())
    (space,) = subwords(tokenizer, [" "])
    # The space is a separate sub-word where the vocabulary does not join it with the first characters of the word.
    firsts = [len(space) * np.array_equal(own[: len(space)], space) for own in ids]
    return _words(tokenizer, forms, ids, np.array(firsts, np.int32))


def _in_running_text(sentences: pa.ChunkedArray, tokenizer: "PreTrainedTokenizerBase") -> Words:
    rows = sentences.to_pylist()
    ids, firsts = [], [np.empty(0, np.int32)]
    for words, text in zip(rows, located(tokenizer, [" ".join(words) for words in rows]), strict=True):
        begins, first = _places(words, text)
        ids += np.split(text.ids, begins[1:]) if words else []
        firsts.append(first - begins)
    words = flattened(sentences)
    each = pa.DictionaryArray.from_arrays(pa.array(np.arange(len(words), dtype=np.int32)), words)
    return _words(tokenizer, each, ids, np.concatenate(firsts))


def _words(
    tokenizer: "PreTrainedTokenizerBase", forms: pa.DictionaryArray, ids: list[np.ndarray], firsts: np.ndarray
) -> Words:
    """Words, without the sub-words of forms that have only those of a space."""
    (space,) = subwords(tokenizer, [" "])
    empty = [first >= len(own) or np.array_equal(own, space) for own, first in zip(ids, firsts, strict=True)]
    kept = [own[:0] if nothing else own for own, nothing in zip(ids, empty, strict=True)]
    return Words(forms.dictionary, kept, firsts, forms.indices.to_numpy())


def _places(words: list[str], text: Text) -> tuple[np.ndarray, np.ndarray]:
    """For each word, its first sub-word, including the one of the space before it, and the first without it."""
    lengths = np.array([len(word) for word in words], np.int32)
    starts = bounds(lengths + 1)[:-1]
    firsts = np.searchsorted(text.ends, starts, side="right")
    begins = np.minimum(firsts, np.searchsorted(text.starts, starts - 1))
    # No sub-word after the last one contains a character.
    contains = np.append(text.starts, np.iinfo(np.int32).max)[firsts] < starts + lengths
    shared = np.flatnonzero(contains[:-1] & (begins[:-1] == begins[1:]))
    if len(shared):
        pair = " ".join(words[shared[0] : shared[0] + 2])
        raise UserError(
            f"the tokenizer has a sub-word that spans two words, {shorten(pair)}, so each cannot have its own tag. "
            "Use an encoder whose sub-words end at spaces."
        )
    return begins, firsts


def flattened(column: pa.ChunkedArray) -> pa.Array:
    """The concatenated elements of a list column."""
    return column.combine_chunks().flatten()
