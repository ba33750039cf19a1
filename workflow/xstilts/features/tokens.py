"""Tokenisation for the kinds: sequences with special tokens, and texts with character offsets."""

import math
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from xstilts.errors import UserError
from xstilts.features.batching import bounds

if TYPE_CHECKING:
    from tokenizers import Encoding
    from transformers import PreTrainedTokenizerBase

_BATCH = 1024
"""Texts in one call of the tokenizer, whose intermediate objects need far more memory than the ids."""

_BLOCK = 512 * _BATCH
"""Sequences that share their texts: more than the training rows of MNLI, whose order separates those of a premise."""

_SAMPLE = 32
"""Sequences of a block that are both encoded as a whole and joined from their texts, to compare them."""

_REPEATED = 0.05
"""The share of repeated texts from which joining sequences saves time."""

_VALUES: dict[str, tuple[str, type[np.integer]]] = {
    "input_ids": ("ids", np.int32),
    "token_type_ids": ("type_ids", np.int8),
}
"""The attribute of an encoding with the values of each column, and their type."""

_PROBE = "a"
_SENTENCES = ["A river, a mill.", "Two words"]


class Text(NamedTuple):
    """The sub-words of a text: `ids` and character offsets from `starts` to `ends` (exclusive), all `(length,)`."""

    ids: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


class Pool(NamedTuple):
    """The special tokens of a template, then texts, end to end.

    Args:
        ids: `(tokens,)`.
        starts: the position of each special token and text among `ids`, `(parts,)`.
        lengths: `(parts,)`.
    """

    ids: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray


class Sequences(NamedTuple):
    """Sequences with special tokens, end to end.

    Args:
        lengths: `(sequences,)`.
        values: `input_ids` (int32) and, if the models take them, `token_type_ids` (int8), `(tokens,)` each.
    """

    lengths: np.ndarray
    values: dict[str, np.ndarray]

    def columns(self) -> dict[str, pa.ListArray]:
        """The values as columns of lists."""
        offsets = pa.array(bounds(self.lengths))
        return {name: pa.ListArray.from_arrays(offsets, pa.array(values)) for name, values in self.values.items()}


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
        self._special = np.delete(ids[kept], self._texts)
        # The special tokens are the first parts of a pool, and the texts follow.
        self._parts = np.arange(len(kept)) - np.searchsorted(self._texts, np.arange(len(kept)))
        self._parts[self._texts] = len(self._special)
        self._has_types = takes_types(tokenizer)

    @property
    def size(self) -> int:
        """The number of special tokens."""
        return len(self._special)

    def start(self, *before: np.ndarray) -> int:
        """The position in a sequence of the text that follows the texts `before`."""
        return sum(map(len, before)) + int(self._texts[len(before)]) - len(before)

    def pool(self, ids: Sequence[np.ndarray], lengths: Sequence[int]) -> Pool:
        """Texts to join, from their ids, end to end in one or more arrays, and the length of each text."""
        sizes = np.array([1] * self.size + list(lengths), np.int64)
        return Pool(np.concatenate([self._special, *ids], dtype=np.int32), np.cumsum(sizes) - sizes, sizes)

    def lengths(self, pool: Pool, rows: np.ndarray) -> np.ndarray:
        """The lengths of the sequences that `join` makes, `(sequences,)`."""
        return self.size + pool.lengths[self.size + rows].sum(axis=1)

    def join(self, pool: Pool, rows: np.ndarray) -> Sequences:
        """Sequences of the texts of a pool.

        Args:
            rows: the numbers of the texts of each sequence, `(sequences, texts)`.
        """
        parts = np.tile(self._parts, (len(rows), 1))
        parts[:, self._texts] += rows
        lengths = pool.lengths[parts]
        ends = lengths.cumsum().reshape(lengths.shape)
        shifts = np.repeat(pool.starts[parts] - (ends - lengths), lengths.ravel())
        values = {"input_ids": pool.ids[shifts + np.arange(len(shifts))]}
        if self._has_types:
            values["token_type_ids"] = np.repeat(np.tile(self._types, len(rows)), lengths.ravel())
        return Sequences(lengths.sum(axis=1), values)

    def columns(self, sequences: Sequence[Sequence[np.ndarray]]) -> dict[str, pa.Array]:
        """The columns `input_ids` and, if the models take them, `token_type_ids` for sequences of texts."""
        texts = [text for sequence in sequences for text in sequence]
        pool = self.pool(texts, [len(text) for text in texts])
        rows = np.arange(len(texts)).reshape(-1, len(self._texts))
        batches = [self.join(pool, rows[start : start + _BATCH]) for start in range(0, max(len(rows), 1), _BATCH)]
        return _end_to_end(batches).columns()


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
    sides = [texts] if pairs is None else [texts, pairs]
    batches = [batch.columns() for batch in _batches(tokenizer, sides, max_length)]
    return {
        name: pa.chunked_array([batch[name] for batch in batches], pa.list_(pa.from_numpy_dtype(dtype)))
        for name, (_, dtype) in _values(tokenizer).items()
    }


def _values(tokenizer: "PreTrainedTokenizerBase") -> dict[str, tuple[str, type[np.integer]]]:
    """The columns of sequences."""
    return {name: value for name, value in _VALUES.items() if name == "input_ids" or takes_types(tokenizer)}


def _batches(tokenizer: "PreTrainedTokenizerBase", sides: list[list[str]], max_length: int) -> Iterator[Sequences]:
    """Sequences in batches; where it saves time, each distinct text is encoded once, and sequences are joined."""
    try:
        template = Template(tokenizer, len(sides))
    except UserError:
        template = None
    for start in range(0, len(sides[0]), _BLOCK):
        block = [side[start : start + _BLOCK] for side in sides]
        if template is not None and _joinable(template, tokenizer, block, max_length):
            yield from _joined(template, tokenizer, block, max_length)
        else:
            yield from _whole(tokenizer, block, max_length)


def _joinable(
    template: Template, tokenizer: "PreTrainedTokenizerBase", sides: list[list[str]], max_length: int
) -> bool:
    """Whether to join sequences: a sample has the ids of whole sequences, and more is repeated than encoded again.

    Sequences that are too long are encoded again, as a whole.
    """
    repeated = 1 - len(set(chain(*sides))) / sum(map(len, sides))
    if repeated < _REPEATED:
        return False
    sample = [side[:: len(side) // _SAMPLE + 1] for side in sides]
    both = _joined(template, tokenizer, sample), _whole(tokenizer, sample)
    joined, whole = (_end_to_end(list(batches)) for batches in both)
    return joined.columns() == whole.columns() and repeated > float(np.mean(whole.lengths > max_length))


def _joined(
    template: Template, tokenizer: "PreTrainedTokenizerBase", sides: list[list[str]], max_length: int | None = None
) -> Iterator[Sequences]:
    """Sequences in batches, joined from their texts; those that are too long are encoded as a whole."""
    pool, rows = _pool(template, tokenizer, sides)
    long = template.lengths(pool, rows) > (math.inf if max_length is None else max_length)
    for start in range(0, len(rows), _BATCH):
        part = slice(start, start + _BATCH)
        batch = template.join(pool, rows[part][~long[part]])
        if long[part].any():
            texts = [[side[row] for row in start + np.flatnonzero(long[part])] for side in sides]
            (truncated,) = _whole(tokenizer, texts, max_length)
            batch = _merged(batch, truncated, long[part])
        yield batch


def _pool(template: Template, tokenizer: "PreTrainedTokenizerBase", sides: list[list[str]]) -> tuple[Pool, np.ndarray]:
    """The distinct texts, and the numbers of those of each sequence, `(sequences, texts)`."""
    numbers: dict[str, int] = {}
    rows = np.column_stack([[numbers.setdefault(text, len(numbers)) for text in side] for side in sides])
    ids: list[np.ndarray] = []
    lengths: list[int] = []
    for batch in _encoded(tokenizer, list(numbers), special_tokens=False):
        ids.append(_flat(batch))
        lengths += map(len, batch)
    return template.pool(ids, lengths), rows


def _end_to_end(batches: Sequence[Sequences]) -> Sequences:
    """The sequences of all batches."""
    values = {name: np.concatenate([batch.values[name] for batch in batches]) for name in batches[0].values}
    return Sequences(np.concatenate([batch.lengths for batch in batches]), values)


def _merged(some: Sequences, others: Sequences, where: np.ndarray) -> Sequences:
    """The sequences of both in order; `where` is true for those of `others`, `(sequences,)`."""
    lengths = np.empty(len(where), np.int64)
    lengths[where], lengths[~where] = others.lengths, some.lengths
    inside = np.repeat(where, lengths)
    values = {name: np.empty(len(inside), array.dtype) for name, array in some.values.items()}
    for name, array in values.items():
        array[inside], array[~inside] = others.values[name], some.values[name]
    return Sequences(lengths, values)


def _whole(
    tokenizer: "PreTrainedTokenizerBase", sides: list[list[str]], max_length: int | None = None
) -> Iterator[Sequences]:
    """Sequences in batches, encoded as a whole."""
    for batch in _encoded(tokenizer, *sides, max_length=max_length):
        lengths = np.fromiter(map(len, batch), np.int64, len(batch))
        values = {name: _flat(batch, *value) for name, value in _values(tokenizer).items()}
        yield Sequences(lengths, values)


def _flat(batch: list["Encoding"], part: str = "ids", dtype: type[np.integer] = np.int32) -> np.ndarray:
    """A part of encodings, end to end."""
    return np.fromiter(chain.from_iterable(getattr(row, part) for row in batch), dtype)


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
