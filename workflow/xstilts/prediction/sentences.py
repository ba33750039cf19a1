"""The vectors of the sentences of a target, of which those with the same token ids are embedded once.

The vectors of a large target do not fit into memory together, so its parts are embedded in groups, one after the other.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from xstilts.prediction.mine import Selection

GROUP_BYTES = 2**30
"""Parts share a group if their vectors take no more than this; as much is kept of a group for later ones."""

Part = tuple[str, str]
"""A split and a language."""


class Sentences:
    """The sentences of all parts of a target.

    Args:
        features: the features of each part, with one row for each sentence.
        width: the width of vectors.
        embed: a function that writes the vectors of the rows of a table with these numbers to an array.

    Attributes:
        groups: the parts whose vectors are in memory together; each part is in one group, in order.
    """

    def __init__(
        self,
        features: Mapping[Part, pa.Table],
        width: int,
        embed: Callable[[pa.Table, np.ndarray, np.ndarray], object],
    ):
        self._table, self._width, self._embed = pa.concat_tables(features.values()), width, embed
        numbers = distinct(self._table["input_ids"])
        bounds = np.cumsum([table.num_rows for table in features.values()])[:-1]
        self._numbers = dict(zip(features, np.split(numbers, bounds), strict=True))
        self._first_row = np.unique(numbers, return_index=True)[1]
        self._limit = GROUP_BYTES // (4 * width)
        self.groups = _grouped({part: table.num_rows for part, table in features.items()}, self._limit)
        self._last_group = np.zeros(len(self._first_row), np.int64)
        for group, parts in enumerate(self.groups):
            for part in parts:
                self._last_group[self._numbers[part]] = group
        self._kept, self._vectors_kept = np.empty(0, numbers.dtype), np.empty((0, width), np.float32)

    def vectors(self, group: int) -> dict[Part, Selection]:
        """The vectors of the parts of a group, selected from one array. Groups must be taken in order."""
        parts = self.groups[group]
        new = np.setdiff1d(np.concatenate([self._numbers[part] for part in parts]), self._kept)
        order = np.concatenate([self._kept, new])
        vectors = np.empty((len(order), self._width), np.float32)
        vectors[: len(self._kept)] = self._vectors_kept
        self._embed(self._table, self._first_row[new], vectors[len(self._kept) :])
        later = np.flatnonzero(self._last_group[order] > group)[: self._limit]
        self._kept, self._vectors_kept = order[later], vectors[later]
        places = np.empty(len(self._first_row), np.int64)
        places[order] = np.arange(len(order))
        return {part: Selection(vectors, places[self._numbers[part]]) for part in parts}


def distinct(column: pa.ChunkedArray) -> np.ndarray:
    """The number of each list of a column, int32, (rows,): equal lists have equal numbers, from 0 on without gaps."""
    chunks = [_as_bytes(chunk) for chunk in column.chunks]
    encoded = pa.chunked_array(chunks, pa.large_binary()).dictionary_encode()
    return np.concatenate([np.empty(0, np.int32), *(chunk.indices.to_numpy() for chunk in encoded.chunks)])


def _as_bytes(lists: pa.ListArray) -> pa.LargeBinaryArray:
    """Lists of numbers as their bytes, a view: pyarrow finds equal strings of bytes, but not equal lists."""
    values = lists.values.to_numpy()
    offsets = lists.offsets.to_numpy().astype(np.int64) * values.itemsize
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(values)]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(lists), buffers)


def _grouped(sizes: Mapping[Part, int], limit: int) -> list[list[Part]]:
    """Parts in groups of at most `limit` sentences, in order; a larger part is a group of its own."""
    groups: list[list[Part]] = []
    room = 0
    for part, size in sizes.items():
        if not groups or size > room:
            groups.append([])
            room = limit
        groups[-1].append(part)
        room -= size
    return groups
