"""Tokenisation for the kinds: sequences with special tokens, and texts with character offsets."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from xstilts.errors import UserError
from xstilts.features.batching import list_column

if TYPE_CHECKING:
    from transformers import BatchEncoding, PreTrainedTokenizerBase

_BATCH = 1024
"""Texts in one call of the tokenizer, whose intermediate objects need far more memory than the ids."""

_PROBE = "a"


class Text(NamedTuple):
    """The sub-words of a text: `ids` and character offsets from `starts` to `ends` (exclusive), all `(length,)`."""

    ids: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


class Template:
    """The special tokens and the token types of a sequence.

    They are determined by encoding a probe, which works for any fast tokenizer.

    Args:
        texts: the number of texts in a sequence, 1 or 2.

    Raises:
        UserError: the tokenizer does not distinguish special tokens from those of the text.
    """

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", texts: int):
        segments, ids, types = _probe(tokenizer, texts)
        kept = [n for n, segment in enumerate(segments) if segment is None or segment not in segments[:n]]
        self._types = types[kept]
        self._texts = np.array([n for n, place in enumerate(kept) if segments[place] is not None])
        around = np.split(ids[kept], self._texts)
        self._special = [around[0], *(part[1:] for part in around[1:])]
        self._has_types = takes_types(tokenizer)

    @property
    def size(self) -> int:
        """The number of special tokens."""
        return sum(map(len, self._special))

    def wrap(self, *texts: np.ndarray) -> np.ndarray:
        """The ids of a sequence from those of its texts."""
        parts = [self._special[0]]
        for text, special in zip(texts, self._special[1:], strict=True):
            parts += [text, special]
        return np.concatenate(parts)

    def start(self, *before: np.ndarray) -> int:
        """The position in a sequence of the text that follows the texts `before`."""
        return sum(map(len, before)) + sum(map(len, self._special[: len(before) + 1]))

    def types(self, *lengths: int) -> np.ndarray:
        """The token types of a sequence from the lengths of its texts."""
        repeats = np.ones(len(self._types), int)
        repeats[self._texts] = lengths
        return np.repeat(self._types, repeats)

    def columns(self, sequences: Sequence[Sequence[np.ndarray]]) -> dict[str, pa.Array]:
        """The columns `input_ids` and, if the models take them, `token_type_ids` for sequences of texts."""
        columns = {"input_ids": list_column([self.wrap(*texts) for texts in sequences])}
        if self._has_types:
            types = [self.types(*map(len, texts)) for texts in sequences]
            columns["token_type_ids"] = list_column(types, np.int8)
        return columns


def _probe(tokenizer: "PreTrainedTokenizerBase", texts: int) -> tuple[list[int | None], np.ndarray, np.ndarray]:
    """For each token of a probe: the number of its text (None for a special token), its id, its type."""
    if not tokenizer.is_fast:
        raise UserError(
            f"{type(tokenizer).__name__} is not a fast tokenizer, so special tokens cannot be distinguished from the "
            "text. Use an encoder with a tokenizer.json."
        )
    encoded = tokenizer(*[_PROBE] * texts, return_token_type_ids=True)
    segments = encoded.sequence_ids()
    if not set(range(texts)) <= set(segments):
        raise UserError(
            f"the tokenizer encodes {texts} times the text {_PROBE!r} as {encoded['input_ids']}, so the positions of "
            "texts among its special tokens are unknown. Check the vocabulary and post-processor in its tokenizer.json."
        )
    return segments, np.array(encoded["input_ids"], np.int32), np.array(encoded["token_type_ids"], np.int8)


def takes_types(tokenizer: "PreTrainedTokenizerBase") -> bool:
    """Whether the models of a tokenizer take `token_type_ids`."""
    return "token_type_ids" in tokenizer.model_input_names


def sequence_columns(
    tokenizer: "PreTrainedTokenizerBase", max_length: int, texts: list[str], pairs: list[str] | None = None
) -> dict[str, pa.ChunkedArray]:
    """Texts or pairs as the columns `input_ids` and, if the models take them, `token_type_ids`.

    Sequences longer than `max_length` are truncated at the end of the longer text.
    """
    types = {"input_ids": pa.list_(pa.int32())}
    if takes_types(tokenizer):
        types["token_type_ids"] = pa.list_(pa.int8())
    options = {"truncation": "longest_first", "max_length": max_length}
    batches = [
        [pa.array(encoded[name], dtype) for name, dtype in types.items()]
        for encoded in _batches(tokenizer, texts, pairs, **options)
    ]
    return {
        name: pa.chunked_array([batch[n] for batch in batches], dtype) for n, (name, dtype) in enumerate(types.items())
    }


def subwords(tokenizer: "PreTrainedTokenizerBase", texts: list[str]) -> list[np.ndarray]:
    """The ids of each text, without special tokens."""
    batches = _batches(tokenizer, texts, add_special_tokens=False)
    return [np.array(ids, np.int32) for encoded in batches for ids in encoded["input_ids"]]


def located(tokenizer: "PreTrainedTokenizerBase", texts: list[str]) -> list[Text]:
    """The sub-words of each text with their character offsets, without special tokens."""
    batches = _batches(tokenizer, texts, add_special_tokens=False, return_offsets_mapping=True)
    return [
        Text(np.array(ids, np.int32), *np.array(offsets, np.int32).reshape(-1, 2).T)
        for encoded in batches
        for ids, offsets in zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
    ]


def _batches(
    tokenizer: "PreTrainedTokenizerBase", texts: list[str], pairs: list[str] | None = None, **options: Any
) -> Iterator["BatchEncoding"]:
    for start in range(0, len(texts), _BATCH):
        part = slice(start, start + _BATCH)
        yield tokenizer(
            texts[part],
            pairs and pairs[part],
            return_attention_mask=False,
            return_token_type_ids=takes_types(tokenizer),
            verbose=False,
            **options,
        )
