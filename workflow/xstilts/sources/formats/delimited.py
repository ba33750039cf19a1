"""Tables of Python's csv, with any delimiter: a field may be quoted, and then contain delimiters and line feeds."""

import csv
from collections.abc import Iterator
from pathlib import Path

from xstilts.errors import DataError
from xstilts.sources.formats import text


def records(path: Path, wanted: tuple[str, ...], delimiter: str) -> Iterator[tuple[str, list[str]]]:
    """The wanted columns of a table with a header, with the position of each row.

    Raises:
        DataError: the header lacks a wanted column, the number of fields in a row differs from the header, or a quote
            is unbalanced.
    """
    yield from text.selected(path, _rows(path, delimiter), wanted)


def _rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The fields of each row, with the line on which it begins."""
    reader, number = csv.reader((line for _, line in text.whole_lines(path)), delimiter=delimiter, strict=True), 1
    try:
        for values in reader:
            yield number, values
            number = reader.line_num + 1
    except csv.Error as error:
        hint = "The file may be truncated, or not quoted by the rules of csv."
        raise DataError(path, f"line {number}", str(error), "fields quoted by Python's csv", hint) from None
