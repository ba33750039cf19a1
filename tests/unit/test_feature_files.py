"""Files of token ids."""

import pyarrow as pa
import pytest

from xstilts.features import arrow

TABLE = pa.table({"input_ids": pa.array([[5], [6, 7, 8], [], [9, 9]], pa.list_(pa.int32())), "example": [0, 1, 1, 2]})


def test_a_file_gives_back_its_rows_and_their_types(tmp_path):
    path = tmp_path / arrow.file_name("test", "de")
    arrow.write(path, TABLE)
    assert path.name == "test.de.arrow"
    assert arrow.read(path).equals(TABLE)


def test_the_length_of_a_row_is_its_number_of_ids():
    assert arrow.lengths(TABLE).tolist() == [1, 3, 0, 2]


@pytest.mark.parametrize("indices", [[3, 0], [1, 1, 2], []])
def test_rows_are_those_of_the_numbers_in_their_order(indices):
    whole = TABLE.to_pylist()
    assert arrow.rows(TABLE, indices) == [whole[index] for index in indices]
