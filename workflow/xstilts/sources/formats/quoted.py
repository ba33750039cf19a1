"""Tables quoted as by Python's `csv.writer`: a quoted field may hold delimiters, line ends and doubled quotes."""

import csv
from collections.abc import Iterator
from pathlib import Path

from xstilts.errors import DataError, shorten
from xstilts.sources.formats import text


def rows(path: Path, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """The fields of each row, with the line on which it begins.

    Raises:
        DataError: a quote that is not closed, or neither quoted nor doubled.
    """
    reader = csv.reader((line + "\n" for _, line in text.lines(path)), delimiter=delimiter, strict=True)
    number = 1
    try:
        for values in reader:
            yield number, values
            number = reader.line_num + 1
    except csv.Error as error:
        hint = "A field that holds a quote is quoted, and its quotes doubled; the file may have been cut off."
        raise DataError(path, f"line {number}", str(error).replace("\t", "TAB"), "fields quoted as CSV", hint) from None


def records(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """The wanted columns of a table with a header, with the place of each row.

    Raises:
        DataError: the header lacks a wanted column, or a row has another number of fields than the header.
    """
    table = rows(path)
    header = next(table, (1, []))[1]
    for name in wanted:
        if name not in header:
            raise DataError(path, "line 1", shorten(header), f"a header with the column {name!r}")
    positions = [header.index(name) for name in wanted]
    for number, values in table:
        if len(values) != len(header):
            found = f"{len(values)} fields, {shorten(' | '.join(values))}"
            raise DataError(path, f"line {number}", found, f"{len(header)} fields, as in the header")
        yield f"line {number}", [values[position] for position in positions]
