"""Files of token ids."""

import pyarrow as pa

from xstilts.features import arrow

TABLE = pa.table({"input_ids": pa.array([[5], [6, 7, 8], [], [9, 9]], pa.list_(pa.int32())), "example": [0, 1, 1, 2]})


def test_a_file_gives_back_its_rows_and_their_types(tmp_path):
    path = tmp_path / arrow.file_name("test", "de")
    arrow.write(path, TABLE)
    assert path.name == "test.de.arrow"
    assert arrow.read(path).equals(TABLE)


def test_the_length_of_a_row_is_its_number_of_ids():
    assert arrow.lengths(TABLE).tolist() == [1, 3, 0, 2]


def test_the_width_of_a_row_is_its_length_in_a_batch_of_such_rows():
    assert arrow.widths(TABLE).tolist() == [8, 8, 0, 8]


def test_the_width_of_choices_is_that_of_all_padded_to_the_longest():
    choices = pa.chunked_array(
        [pa.array([[3, 9, 4], [8]], pa.list_(pa.int32())), pa.array([[17, 1]], pa.list_(pa.int32()))]
    )
    table = pa.table({"choices": choices})
    assert arrow.widths(table).tolist() == [3 * 16, 8, 2 * 24]
    assert arrow.widths(table.slice(1)).tolist() == [8, 2 * 24]
