"""Sentences with the same token ids are embedded once, and the vectors of one group of parts are in memory."""

import gc
import weakref

import numpy as np
import pyarrow as pa
import pytest

from xstilts.prediction import sentences
from xstilts.prediction.sentences import Part, Sentences, distinct

WIDTH = 4


def table(*chunks: list[list[int]]) -> pa.Table:
    """Features in several chunks."""
    arrays = [pa.array(chunk, pa.list_(pa.int32())) for chunk in chunks]
    return pa.table({"input_ids": pa.chunked_array(arrays, pa.list_(pa.int32()))})


class Encoder:
    """The vector of a sentence is its first token id; it remembers the sentences that it was given."""

    def __init__(self):
        self.embedded: list[list[list[int]]] = []

    def __call__(self, features: pa.Table, rows: np.ndarray, out: np.ndarray) -> None:
        ids = features["input_ids"].to_pylist()
        self.embedded.append([ids[row] for row in rows])
        out[:] = [[ids[row][0]] * WIDTH for row in rows]


PARTS: dict[Part, pa.Table] = {
    ("dev", "de"): table([[1], [2, 1], [1]], [[3]]),
    ("test", "de"): table([[3], [4], [2]]),
    ("dev", "fr"): table([[5], [4]], [[5]]),
    ("test", "fr"): table([[1], [6], [4]]),
}
ALL = [[1], [2, 1], [3], [4], [2], [5], [6]]


@pytest.mark.parametrize("limit", [1, 3, 4, 7, 100])
def test_every_part_has_its_vectors_whatever_shares_a_group(monkeypatch, limit):
    monkeypatch.setattr(sentences, "GROUP_BYTES", limit * 4 * WIDTH)
    given = Sentences(PARTS, WIDTH, Encoder())
    assert [part for group in given.groups for part in group] == list(PARTS)
    for group, parts in enumerate(given.groups):
        for part, (vectors, rows) in given.vectors(group).items():
            assert part in parts
            assert vectors[rows][:, 0].tolist() == [ids[0] for ids in PARTS[part]["input_ids"].to_pylist()]


def embedded(limit: int, monkeypatch) -> list[list[list[int]]]:
    """The sentences that are embedded for each group."""
    monkeypatch.setattr(sentences, "GROUP_BYTES", limit * 4 * WIDTH)
    encoder = Encoder()
    given = Sentences(PARTS, WIDTH, encoder)
    for group in range(len(given.groups)):
        given.vectors(group)
    return encoder.embedded


def test_all_parts_share_a_group_if_their_vectors_fit(monkeypatch):
    (once,) = embedded(13, monkeypatch)
    assert sorted(once) == sorted(ALL)


def test_a_sentence_of_several_groups_is_embedded_once(monkeypatch):
    groups = embedded(4, monkeypatch)
    assert [sorted(group) for group in groups] == [[[1], [2, 1], [3]], [[2], [4]], [[5]], [[6]]]


def test_no_more_vectors_are_kept_for_later_groups_than_a_group_may_have(monkeypatch):
    # Of the first group, 1 and 3 are needed again.
    groups = embedded(1, monkeypatch)
    assert [1] in groups[0]
    assert [3] in groups[0]
    again = [[1] in groups[3], [3] in groups[1]]
    assert sum(again) == 1


def test_vectors_are_freed_before_those_of_the_next_group_are_made(monkeypatch):
    monkeypatch.setattr(sentences, "GROUP_BYTES", 4 * 4 * WIDTH)
    given, alive = Sentences(PARTS, WIDTH, Encoder()), []
    for group in range(len(given.groups)):
        (array,) = {id(selection.vectors): selection.vectors for selection in given.vectors(group).values()}.values()
        alive.append(weakref.ref(array))
        del array
        gc.collect()
        assert alive[-1]() is None


def test_equal_lists_have_equal_numbers_in_all_chunks_and_slices():
    column = pa.chunked_array(
        [
            pa.array([[9], [7, 8], [], [7, 8]], pa.list_(pa.int32()))[1:],
            pa.array([[8, 7], [7, 8]], pa.list_(pa.int32())),
            pa.array([[7], [], [1], [2]], pa.list_(pa.int32()))[:2],
        ]
    )
    numbers = distinct(column).tolist()
    lists = column.to_pylist()
    assert [[a == b for b in lists] for a in lists] == [[a == b for b in numbers] for a in numbers]
    assert sorted(set(numbers)) == list(range(4)), "without gaps"


def test_no_sentences_have_no_numbers():
    assert distinct(pa.chunked_array([], pa.list_(pa.int32()))).tolist() == []
