"""Rows of features as numpy views of their table, whose chunks are never joined.

`pyarrow.Table.take` concatenates a list column of several chunks before it selects rows, so each batch would copy the
whole table. Concatenating once needs as much memory as the table, and fails above 2^31 values.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

View = Callable[[int], np.ndarray | int | None]
"""A column of a chunk: the value of each of its rows."""

Row = dict[str, np.ndarray | int | None]


class Rows:
    """The rows of a table of features.

    Args:
        table: features; `input_ids` are required.
        columns: the columns of the rows, lists of numbers or numbers. Columns that the table lacks are left out.
    """

    def __init__(self, table: pa.Table, columns: Iterable[str]):
        names = [name for name in dict.fromkeys(columns) if name in table.column_names]
        chunks = table.select(names).to_batches()
        self.lengths = _lengths(table["input_ids"])
        self._starts = np.cumsum([0, *(chunk.num_rows for chunk in chunks)])[:-1]
        self._chunks = [{name: _view(chunk.column(name)) for name in names} for chunk in chunks]

    def __len__(self) -> int:
        return len(self.lengths)

    def take(self, indices: Sequence[int] | np.ndarray) -> list[Row]:
        """The rows with the given numbers, in their order; lists are views of the table's memory, `(length,)`."""
        numbers = np.asarray(indices, np.int64)
        chunks = np.searchsorted(self._starts, numbers, side="right") - 1
        places = numbers - self._starts[chunks]
        return [
            {name: view(place) for name, view in self._chunks[chunk].items()}
            for chunk, place in zip(chunks.tolist(), places.tolist(), strict=True)
        ]


def _lengths(column: pa.ChunkedArray) -> np.ndarray:
    """The length of each list, `(rows,)`; 0 for null."""
    return pc.fill_null(pc.list_value_length(column), 0).to_numpy()


def _view(column: pa.Array) -> View:
    view = _list_view(column) if pa.types.is_list(column.type) else _number_view(column)
    if not column.null_count:
        return view
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    return lambda place: view(place) if valid[place] else None


def _list_view(column: pa.ListArray) -> View:
    # The offsets of a slice refer to the values of the whole array. A memoryview is indexed faster than an array.
    offsets, values = memoryview(column.offsets.to_numpy()), column.values.to_numpy()
    return lambda place: values[offsets[place] : offsets[place + 1]]


def _number_view(column: pa.Array) -> View:
    return memoryview((column.fill_null(0) if column.null_count else column).to_numpy()).__getitem__
