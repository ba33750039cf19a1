"""Tokenisation for the kinds: sequences with special tokens, and texts with character offsets."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from xstilts.errors import UserError
from xstilts.features.batching import list_column

if TYPE_CHECKING:
    from tokenizers import Encoding
    from transformers import PreTrainedTokenizerBase

_BATCH = 1024
"""Texts in one call of the tokenizer, whose intermediate objects need far more memory than the ids."""

_PROBE = "a"
_SENTENCES = ["A river, a mill.", "Two words"]


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
    columns = {"input_ids": ("ids", pa.list_(pa.int32()))}
    if takes_types(tokenizer):
        columns["token_type_ids"] = ("type_ids", pa.list_(pa.int8()))
    batches = [
        [pa.array([getattr(row, part) for row in batch], dtype) for part, dtype in columns.values()]
        for batch in _encoded(tokenizer, texts, pairs, max_length=max_length)
    ]
    return {
        name: pa.chunked_array([batch[n] for batch in batches], dtype)
        for n, (name, (_, dtype)) in enumerate(columns.items())
    }


def require_ids_of_backend(tokenizer: "PreTrainedTokenizerBase") -> None:
    """Check that the class of a tokenizer leaves texts and ids as they are: token ids come from its backend alone.

    Raises:
        UserError: a call of the tokenizer gives other ids.
    """
    pairs = _SENTENCES, _SENTENCES[::-1]
    (rows,) = _encoded(tokenizer, *pairs)
    ids = [row.ids for row in rows]
    if ids != tokenizer(*pairs, verbose=False)["input_ids"]:
        raise UserError(
            f"{tokenizer.name_or_path}: {type(tokenizer).__name__} gives other ids than its tokenizer.json, from which "
            "token ids are computed. Set tokenizer_class in its tokenizer_config.json to PreTrainedTokenizerFast, or "
            "choose another encoder."
        )


def subwords(tokenizer: "PreTrainedTokenizerBase", texts: list[str]) -> list[np.ndarray]:
    """The ids of each text, without special tokens."""
    batches = _encoded(tokenizer, texts, special_tokens=False)
    return [np.array(row.ids, np.int32) for batch in batches for row in batch]


def located(tokenizer: "PreTrainedTokenizerBase", texts: list[str]) -> list[Text]:
    """The sub-words of each text with their character offsets, without special tokens."""
    batches = _encoded(tokenizer, texts, special_tokens=False, offsets=True)
    return [Text(np.array(row.ids, np.int32), *_offsets(row)) for batch in batches for row in batch]


def _offsets(row: "Encoding") -> np.ndarray:
    """The character offsets of the sub-words of a text: starts and ends, `(2, length)`."""
    return np.fromiter(chain.from_iterable(row.offsets), np.int32, 2 * len(row)).reshape(-1, 2).T


def _encoded(
    tokenizer: "PreTrainedTokenizerBase",
    texts: list[str],
    pairs: list[str] | None = None,
    *,
    max_length: int | None = None,
    special_tokens: bool = True,
    offsets: bool = False,
) -> Iterator[list["Encoding"]]:
    """Texts or pairs, encoded in batches as by a call of the tokenizer.

    The backend is called directly, since a call computes character offsets and copies every column, used or not.
    """
    _set_options(tokenizer, max_length)
    backend = tokenizer.backend_tokenizer
    encode = backend.encode_batch if offsets else backend.encode_batch_fast
    for start in range(0, len(texts), _BATCH):
        part = slice(start, start + _BATCH)
        rows = texts[part] if pairs is None else list(zip(texts[part], pairs[part], strict=True))
        yield encode(rows, add_special_tokens=special_tokens)


def _set_options(tokenizer: "PreTrainedTokenizerBase", max_length: int | None) -> None:
    """Set the options of the backend as a call of the tokenizer does: truncation to a length, if given, no padding."""
    backend = tokenizer.backend_tokenizer
    backend.no_padding()
    backend.encode_special_tokens = tokenizer.split_special_tokens
    if max_length is None:
        backend.no_truncation()
    else:
        backend.enable_truncation(max_length, strategy="longest_first", direction=tokenizer.truncation_side)
