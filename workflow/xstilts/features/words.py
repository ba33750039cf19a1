"""The words of sentences as the sub-words that they have in running text, with one blank between two words."""

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
"""How vocabularies write a blank: SentencePiece, byte-level BPE, and tokens that were added as they are."""

_BLANK_BEHIND = re.compile(f"[^{_MARKS}][{_MARKS}]")


class Words(NamedTuple):
    """Words as sub-words.

    Args:
        forms: each distinct form of a word, `(forms,)`: a word may have another one behind a blank.
        ids: the sub-words of each form, `(length,)` each; none where they are those of a blank alone.
        firsts: which of them is the first sub-word of the word, `(forms,)`.
        codes: the form of each word, sentences laid end to end, `(words,)`.
    """

    forms: pa.Array
    ids: list[np.ndarray]
    firsts: np.ndarray
    codes: np.ndarray


def tokenised(sentences: pa.ChunkedArray, tokenizer: "PreTrainedTokenizerBase") -> Words:
    """The words of sentences (lists of strings), with the ids that the sentences have as running text.

    Many tokenizers give a word the same ids wherever it stands: WordPiece, and SentencePiece with a prefix (XLM-R,
    DeBERTa, RemBERT). Others mark the blank before a word (byte-level BPE, Gemma): there a word is looked up as it is
    where it begins a sentence and behind a blank elsewhere. Each distinct form is tokenised once. Which of the two
    holds is found by comparing both with running text; where neither does, sentences are tokenised as wholes.

    The first sub-word of a word is the one that the benchmark's script labels, the first of the word by itself: the
    prefix, if the tokenizer gives every word one, else the first sub-word with a character of the word.

    Raises:
        UserError: a sub-word of the running text begins two words.
    """
    return _manner(tokenizer)(sentences, tokenizer)


@lru_cache(maxsize=1)
def _manner(tokenizer: "PreTrainedTokenizerBase") -> Callable[[pa.ChunkedArray, "PreTrainedTokenizerBase"], Words]:
    """The first manner that gives the ids of running text, of the probe and of all sub-words with a blank behind."""
    across = [_text(tokenizer, token).split() for token in tokenizer.get_vocab() if _BLANK_BEHIND.search(token)]
    probes = [_PROBE, *([*words, *_PROBE[:1]] for words in across if words)]
    expected = subwords(tokenizer, [" ".join(words) for words in probes])
    for manner in (_alone, _behind_blanks):
        words = manner(pa.chunked_array([probes], pa.list_(pa.string())), tokenizer)
        found = np.split(words.codes, bounds([len(probe) for probe in probes])[1:-1])
        pairs = zip(found, expected, strict=True)
        if all(np.array_equal(np.concatenate([words.ids[code] for code in codes]), ids) for codes, ids in pairs):
            return manner
    return _in_running_text


def _text(tokenizer: "PreTrainedTokenizerBase", token: str) -> str:
    return re.sub(f"[{_MARKS}]", " ", tokenizer.convert_tokens_to_string([token]))


def _alone(sentences: pa.ChunkedArray, tokenizer: "PreTrainedTokenizerBase") -> Words:
    forms = laid_end_to_end(sentences).dictionary_encode()
    ids = subwords(tokenizer, forms.dictionary.to_pylist())
    return _words(tokenizer, forms, ids, np.zeros(len(ids), np.int32))


def _behind_blanks(sentences: pa.ChunkedArray, tokenizer: "PreTrainedTokenizerBase") -> Words:
    words = laid_end_to_end(sentences)
    begins = np.zeros(len(words) + 1, bool)
    begins[bounds(pc.list_value_length(sentences))] = True
    behind = pc.binary_join_element_wise("", words, " ")
    forms = pc.if_else(pa.array(begins[:-1]), words, behind).dictionary_encode()
    ids = subwords(tokenizer, forms.dictionary.to_pylist())
    (blank,) = subwords(tokenizer, [" "])
    # A blank is a sub-word of its own where the word's first characters have none in common with it.
    firsts = [len(blank) * np.array_equal(own[: len(blank)], blank) for own in ids]
    return _words(tokenizer, forms, ids, np.array(firsts, np.int32))


def _in_running_text(sentences: pa.ChunkedArray, tokenizer: "PreTrainedTokenizerBase") -> Words:
    rows = sentences.to_pylist()
    ids, firsts = [], [np.empty(0, np.int32)]
    for words, text in zip(rows, located(tokenizer, [" ".join(words) for words in rows]), strict=True):
        begins, first = _places(words, text)
        ids += np.split(text.ids, begins[1:]) if words else []
        firsts.append(first - begins)
    words = laid_end_to_end(sentences)
    each = pa.DictionaryArray.from_arrays(pa.array(np.arange(len(words), dtype=np.int32)), words)
    return _words(tokenizer, each, ids, np.concatenate(firsts))


def _words(
    tokenizer: "PreTrainedTokenizerBase", forms: pa.DictionaryArray, ids: list[np.ndarray], firsts: np.ndarray
) -> Words:
    """Words of which those have no sub-words that have only a blank's."""
    (blank,) = subwords(tokenizer, [" "])
    empty = [first >= len(own) or np.array_equal(own, blank) for own, first in zip(ids, firsts, strict=True)]
    kept = [own[:0] if nothing else own for own, nothing in zip(ids, empty, strict=True)]
    return Words(forms.dictionary, kept, firsts, forms.indices.to_numpy())


def _places(words: list[str], text: Text) -> tuple[np.ndarray, np.ndarray]:
    """For each word: the first of its sub-words, that of the blank before it included, and the first without it."""
    lengths = np.array([len(word) for word in words], np.int32)
    starts = bounds(lengths + 1)[:-1]
    firsts = np.searchsorted(text.ends, starts, side="right")
    begins = np.minimum(firsts, np.searchsorted(text.starts, starts - 1))
    # Behind the last sub-word nothing holds a character any more.
    holds = np.append(text.starts, np.iinfo(np.int32).max)[firsts] < starts + lengths
    shared = np.flatnonzero(holds[:-1] & (begins[:-1] == begins[1:]))
    if len(shared):
        pair = " ".join(words[shared[0] : shared[0] + 2])
        raise UserError(
            f"the tokenizer makes one sub-word of {shorten(pair)}, so that these two words cannot have a tag each. "
            "Use an encoder whose sub-words end at blanks."
        )
    return begins, firsts


def laid_end_to_end(column: pa.ChunkedArray) -> pa.Array:
    """The elements of a column of lists."""
    return column.combine_chunks().flatten()
