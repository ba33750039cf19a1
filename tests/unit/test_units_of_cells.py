"""The counts of the cells of a target are combined correctly, for any order of files, languages and units."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xstilts.errors import DataError
from xstilts.reporting import per_example as counting
from xstilts.reporting.per_example import Counts

UNITS = [("en", "b"), ("en", "a"), ("en", "only-en"), ("de", "a"), ("de", "only-de"), ("de", "b"), ("de", "silent")]
COLUMNS = ("right", "found")
NOTHING = [0, 0]
"""What "silent" and the English "a" count in no cell."""

VALUES = {
    ("mnli", 1): [[1, 2], NOTHING, [0, 0], [0, 3], [0, 0], [1, 1], NOTHING],
    ("mnli", 2): [[0, 1], NOTHING, [0, 0], [1, 1], [0, 0], [2, 2], NOTHING],
    ("none", 1): [[0, 0], NOTHING, [1, 4], [1, 5], [0, 0], [0, 0], NOTHING],
    ("none", 2): [[0, 0], NOTHING, [0, 0], [2, 2], [0, 6], [1, 2], NOTHING],
}


def write(store: Path, path: str, values: Sequence[Sequence[float]], units: Sequence[tuple[str, str]] = UNITS) -> str:
    """The counts of a cell's units; its path."""
    languages, names = zip(*units, strict=True) if units else ((), ())
    columns = {"language": pa.array(languages, pa.string()), "unit": pa.array(names, pa.string())}
    for place, name in enumerate(COLUMNS):
        columns[name] = pa.array([row[place] for row in values], pa.float64())
    (store / path).mkdir()
    pq.write_table(pa.table(columns), store / path / "examples.parquet")
    return path


@pytest.fixture
def cells(tmp_path: Path) -> dict[tuple[str, int], str]:
    return {key: write(tmp_path, "-".join(map(str, key)), values) for key, values in VALUES.items()}


def read(store: Path, cells: dict[tuple[str, int], str], *intermediates: str) -> Counts | None:
    return counting.read(store, cells, intermediates, (1, 2))


def test_every_count_stands_at_its_unit_intermediate_seed_and_column(tmp_path: Path, cells: dict):
    found = read(tmp_path, cells, "none", "mnli")
    assert (found.intermediates, found.columns) == (["none", "mnli"], ["right", "found"])
    assert found.languages["en"].values.tolist() == [
        [[[0, 0], [0, 0]], [[1, 2], [0, 1]]],
        [[[1, 4], [0, 0]], [[0, 0], [0, 0]]],
    ]
    assert found.languages["de"].values.tolist() == [
        [[[1, 5], [2, 2]], [[0, 3], [1, 1]]],
        [[[0, 0], [0, 6]], [[0, 0], [0, 0]]],
        [[[0, 0], [1, 2]], [[1, 1], [2, 2]]],
    ]


def test_a_unit_has_one_place_in_all_languages_and_others_have_their_own(tmp_path: Path, cells: dict):
    found = read(tmp_path, cells, "none", "mnli")
    (b, only_en), (a, only_de, german_b) = (found.languages[lang].places.tolist() for lang in ("en", "de"))
    assert german_b == b
    assert sorted([a, b, only_en, only_de]) == list(range(found.names)) == [0, 1, 2, 3]


def test_units_that_count_nothing_in_any_cell_are_left_out_but_belong_to_the_size(tmp_path: Path, cells: dict):
    found = read(tmp_path, cells, "none", "mnli")
    assert {lang: (one.size, len(one.values)) for lang, one in found.languages.items()} == {"en": (3, 2), "de": (4, 3)}
    assert np.shape(read(tmp_path, cells, "mnli").languages["en"].values) == (1, 1, 2, 2)


def test_an_intermediate_without_all_of_its_seeds_is_left_out(tmp_path: Path, cells: dict):
    del cells["mnli", 1]
    found = read(tmp_path, cells, "mnli", "none", "qqp")
    assert found.intermediates == ["none"]
    assert found.languages["en"].values.tolist() == [[[[1, 4], [0, 0]]]]
    del cells["none", 2]
    assert read(tmp_path, cells, "mnli", "none", "qqp") is None


def test_there_is_nothing_where_no_language_has_gold_labels(tmp_path: Path):
    empty = {("none", seed): write(tmp_path, f"{seed}", [], []) for seed in (1, 2)}
    assert read(tmp_path, empty, "none") is None


@pytest.mark.parametrize(
    "column, place, unit", [("language", 3, ("en", "a")), ("unit", 1, ("en", "other")), ("unit", 6, ("de", "b"))]
)
def test_a_cell_of_other_units_is_refused_with_its_file(tmp_path: Path, cells: dict, column, place, unit):
    others = [*UNITS[:place], unit, *UNITS[place + 1 :]]
    cells["mnli", 2] = write(tmp_path, "another", VALUES["mnli", 2], others)
    with pytest.raises(DataError) as refused:
        read(tmp_path, cells, "none", "mnli")
    file = tmp_path / "another" / "examples.parquet"
    expected = "found other units; expected those of the target's other cells, in their order."
    assert str(refused.value) == f"{file}, column '{column}': {expected}"
