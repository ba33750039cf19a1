"""Rows of features: equal to those of the table, without copying it."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from xstilts import kinds
from xstilts.features import arrow
from xstilts.features.rows import Rows

TYPE = pa.list_(pa.int32())
IDS = [[5], [6, 7, 8], [], [9, 9], [1, 2], [3]]
LABELS = [4, -100, 0, 1, 2, 3]


def table(*bounds: int) -> pa.Table:
    """The rows in chunks that begin at `bounds`; the columns have chunks of their own."""
    ends = [*bounds[1:], len(IDS)]
    ids = pa.chunked_array([IDS[start:end] for start, end in zip(bounds, ends, strict=True)], TYPE)
    types = pa.chunked_array([[[0] * len(row) for row in IDS]], pa.list_(pa.int8()))
    labels = pa.array(LABELS, pa.int32())
    return pa.table({"input_ids": ids, "token_type_ids": types, "labels": labels, "text": [""] * 6})


def plain(rows: list[dict]) -> list[dict]:
    return [
        {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in row.items()}
        for row in rows
    ]


def expected(features: pa.Table, columns: list[str], indices: list[int]) -> list[dict]:
    whole = features.select(columns).to_pylist()
    return [whole[index] for index in indices]


COLUMNS = ["input_ids", "token_type_ids", "labels"]


@pytest.mark.parametrize("bounds", [[0], [0, 1, 3], [0, 0, 2, 2, 5], [0, 1, 2, 3, 4, 5, 6]])
@pytest.mark.parametrize("indices", [[3, 0], [5, 4, 3, 2, 1, 0], [1, 1, 2], []])
def test_rows_are_those_of_the_numbers_in_their_order(bounds, indices):
    features = table(*bounds)
    rows = Rows(features, COLUMNS)
    assert len(rows) == len(IDS)
    assert plain(rows.take(indices)) == expected(features, COLUMNS, indices)
    assert plain(rows.take(np.array(indices, np.int64))) == expected(features, COLUMNS, indices)


@given(st.data())
def test_rows_of_a_part_of_a_table_are_those_of_the_part(data):
    part = table(0, 1, 4)
    for _ in range(2):
        start = data.draw(st.integers(0, len(part)))
        part = part.slice(start, data.draw(st.integers(0, len(part) - start)))
    part = part.filter(pa.array([data.draw(st.booleans()) for _ in range(len(part))], pa.bool_()))
    rows, every = Rows(part, COLUMNS), list(range(len(part)))
    assert plain(rows.take(every)) == part.select(COLUMNS).to_pylist()
    assert rows.lengths.tolist() == [len(ids) for ids in part["input_ids"].to_pylist()]


def test_columns_are_those_that_are_asked_for_and_exist():
    rows = Rows(table(0, 2), ["input_ids", "labels", "start_positions"])
    assert plain(rows.take([3])) == [{"input_ids": [9, 9], "labels": 1}]
    assert type(rows.take([3])[0]["labels"]) is int
    assert plain(Rows(table(0), ["labels"]).take([0])) == [{"labels": 4}]


def test_the_length_of_a_row_is_its_number_of_ids():
    assert Rows(table(0, 2), COLUMNS).lengths.tolist() == [1, 3, 0, 2, 2, 1]
    assert Rows(table(0), ["labels"]).lengths.tolist() == [1, 3, 0, 2, 2, 1]
    assert Rows(table(0).slice(0, 0), COLUMNS).lengths.tolist() == []


def test_null_is_none_though_values_lie_below_it():
    # The second list is null, and its offsets span two values.
    lists = pa.Array.from_buffers(
        TYPE,
        3,
        [pa.py_buffer(b"\x05"), pa.py_buffer(np.array([0, 1, 3, 4], np.int32).tobytes())],
        null_count=1,
        children=[pa.array([1, 2, 3, 4], pa.int32())],
    )
    features = pa.table({"input_ids": lists, "labels": pa.array([None, 1, 2], pa.int32())})
    for start, count in ((0, 3), (1, 2), (1, 1), (2, 1)):
        part = features.slice(start, count)
        rows = Rows(part, ["input_ids", "labels"])
        assert plain(rows.take(range(count))) == part.to_pylist()
        assert rows.lengths.tolist() == [len(ids or []) for ids in part["input_ids"].to_pylist()]


def test_a_number_beyond_the_table_is_an_error():
    with pytest.raises(IndexError):
        Rows(table(0, 2), COLUMNS).take([len(IDS)])


def test_rows_of_a_file_are_read_from_where_it_is_mapped(tmp_path):
    arrow.write(tmp_path / "features.arrow", table(0, 2).drop_columns("text"))
    features = arrow.read(tmp_path / "features.arrow")
    before = pa.total_allocated_bytes()
    rows = Rows(features, COLUMNS)
    taken = rows.take([5, 1])
    assert plain(taken) == expected(features, COLUMNS, [5, 1])
    assert pa.total_allocated_bytes() - before < 1000


POOLS = []
"""A pool must not be deleted before the memory that came from it."""


@contextmanager
def copied() -> Iterator[list[int]]:
    """The peak of bytes that numpy, Python and pyarrow allocate."""
    found, usual = [], pa.default_memory_pool()
    pool = pa.proxy_memory_pool(usual)
    POOLS.append(pool)
    pa.set_memory_pool(pool)
    tracemalloc.start()
    try:
        yield found
        found.append(tracemalloc.get_traced_memory()[1] + pool.max_memory())
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(usual)


def long_table(rows: int) -> pa.Table:
    """Rows of 16 ids in four chunks."""
    own = rows // 4
    ids = pa.ListArray.from_arrays(np.arange(own + 1, dtype=np.int32) * 16, np.arange(own * 16, dtype=np.int32))
    return pa.concat_tables([pa.table({"input_ids": ids, "labels": np.zeros(own, np.int32)})] * 4)


def test_the_values_of_lists_are_not_copied_and_chunks_are_not_joined():
    table = long_table(200_000)
    with copied() as peak:
        rows = Rows(table, ["input_ids"])
        rows.take([0, 150_000])
    # Offsets and lengths have 0.8 MB each, values 12.8 MB.
    assert peak[0] < 4_000_000


def test_what_a_batch_copies_does_not_grow_with_the_table():
    kind, peaks = kinds.load("classification"), []
    for size in (20_000, 2_000_000):
        rows = Rows(long_table(size), kind.COLUMNS)
        batch = np.random.default_rng(0).integers(0, size, 32).tolist()
        # Lazy imports of the first call are not those of a batch.
        kind.collate(rows.take(batch), 1)
        with copied() as peak:
            kind.collate(rows.take(batch), 1)
        peaks += peak
    # A batch of 32 rows of 16 tokens has 12 kB, a view of a row 0.1 kB; a copy of the large table has 128 MB.
    assert max(peaks) < 60_000
    assert peaks[1] <= 1.2 * peaks[0]


def test_the_columns_of_a_kind_are_those_from_which_its_batches_are_made(tiny_tokenizer, typed_tokenizer):
    for tokenizer in (tiny_tokenizer, typed_tokenizer):
        for name in tiny.TASKS:
            kind = kinds.load(name)
            features = tiny.encode(name, tiny.examples(name, 9), tokenizer)
            features = pa.concat_tables([features.slice(0, 4), features.slice(4)])
            found = kind.collate(Rows(features, kind.COLUMNS).take(range(len(features))), 1)
            whole = kind.collate(features.to_pylist(), 1)
            assert found.keys() == whole.keys()
            for argument, array in found.items():
                assert array.dtype == np.int64
                np.testing.assert_array_equal(array, whole[argument])
            assert set(kind.GOLD) <= set(kind.COLUMNS)
