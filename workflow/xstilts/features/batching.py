"""Sequences of different lengths as columns of a table and as padded arrays."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

IGNORED = -100
"""The label of positions that the loss ignores."""

_MULTIPLE = 8

_Length = TypeVar("_Length", int, np.ndarray)


def list_column(arrays: Sequence[np.ndarray], dtype: type[np.integer] = np.int32) -> pa.ListArray:
    """One-dimensional arrays as a column of lists."""
    values = np.concatenate([np.empty(0, dtype), *arrays], dtype=dtype)
    return pa.ListArray.from_arrays(pa.array(bounds([len(array) for array in arrays])), pa.array(values))


def list_arrays(column: pa.ChunkedArray) -> list[np.ndarray]:
    """A column of lists of numbers as one-dimensional arrays."""
    values = column.combine_chunks().flatten().to_numpy()
    return np.split(values, bounds(pc.list_value_length(column).to_numpy())[1:-1]) if len(column) else []


def bounds(lengths: Sequence[int] | np.ndarray) -> np.ndarray:
    """The start of each sequence after concatenation, then the end of the last one: `(sequences + 1,)` int32."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)


def has_gold(examples: pa.Table, column: str) -> bool:
    """Whether a split is labelled."""
    return examples[column].null_count == 0


def label_ids(names: pa.Array | pa.ChunkedArray, labels: Sequence[str]) -> np.ndarray:
    """The id of each label name, its position in the task's labels; `IGNORED` for an unknown name."""
    return pc.fill_null(pc.index_in(names, value_set=pa.array(labels, pa.string())), IGNORED).to_numpy()


def label_head(labels: Sequence[str]) -> dict[str, Any]:
    """The config entries of a classification head."""
    return {
        "num_labels": len(labels),
        "id2label": dict(enumerate(labels)),
        "label2id": {label: number for number, label in enumerate(labels)},
    }


def padded_length(length: _Length) -> _Length:
    """The length to which sequences are padded if the longest of them has this length; or several of these."""
    return -(-length // _MULTIPLE) * _MULTIPLE


def pad(sequences: Sequence[Sequence[int] | np.ndarray], value: int) -> np.ndarray:
    """Sequences as an int64 array `(batch, length)`, right-padded with `value` to the next multiple of 8."""
    return _filled(sequences, _inside(sequences), value)


def collate(
    rows: Sequence[Mapping[str, Any]],
    pad_token_id: int,
    sequences: Mapping[str, int] | None = None,
    numbers: Iterable[str] = (),
) -> dict[str, np.ndarray]:
    """Features as the arguments of a model.

    Args:
        sequences: further list columns, as long as `input_ids`, each with its padding value; they may be missing.
        numbers: columns with one number a row; they may be missing.
    """
    inside = _inside([row["input_ids"] for row in rows])
    fills = {"input_ids": pad_token_id, "token_type_ids": 0, **(sequences or {})}
    there = {name: fill for name, fill in fills.items() if name in rows[0]}
    arrays = {name: _filled([row[name] for row in rows], inside, fill) for name, fill in there.items()}
    arrays["attention_mask"] = inside.astype(np.int64)
    return arrays | {name: np.array([row[name] for row in rows], np.int64) for name in numbers if name in rows[0]}


def _inside(sequences: Sequence[Sequence[int] | np.ndarray]) -> np.ndarray:
    """Which positions of padded sequences have a token, `(batch, length)`."""
    lengths = np.array([len(sequence) for sequence in sequences])
    return np.arange(padded_length(lengths.max())) < lengths[:, None]


def _filled(sequences: Sequence[Sequence[int] | np.ndarray], inside: np.ndarray, value: int) -> np.ndarray:
    array = np.full(inside.shape, value, np.int64)
    array[inside] = np.concatenate(sequences)
    return array
