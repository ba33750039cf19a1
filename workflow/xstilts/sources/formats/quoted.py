"""Tables quoted by Python's `csv.writer`: fields are quoted where necessary, and quotes in them are doubled.

Whether its files are quoted depends on the release. This is verified by writing each field again: unquoted text with a
quote in it is very unlikely to be what `csv.writer` writes.
"""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from xstilts.errors import DataError, shorten
from xstilts.sources.formats import text

_TAB = "\t"
_QUOTED = 'fields quoted by Python\'s csv: quotes around a field that has a quote, which is doubled: "He said ""no""."'

Split = Callable[[str], list[str]]
"""Splits a line into its fields."""


def splitter(path: Path, *, by_csv: bool) -> Split:
    """The function that splits the lines of a TAB-separated file, with quoting if `csv.writer` wrote the file.

    A quoted field never contains a TAB or a line feed, so an unbalanced quote cannot consume the following rows.

    Args:
        by_csv: whether the release was written by `csv.writer`. A copy of another release counts as quoted if
            `csv.writer` could have written each of its lines that has a quote. A copy of a quoted release counts as
            plain if its lines end with LF and none of them looks quoted.

    Raises:
        DataError: `csv.writer` cannot have written a line of a file that should be quoted, every line of a plain file
            has a quoted field, or the file is truncated.
    """
    plain, quoted, crlf, line = None, False, False, "\n"
    number, wrapped = 0, 0
    for number, line in text.whole_lines(path):
        wrapped += _has_field_in_quotes(line)
        crlf = crlf or line.endswith("\r\n")
        if '"' in line:
            written = _written(line.removesuffix("\n").removesuffix("\r"), _TAB) is not None
            quoted = quoted or written
            plain = plain or (None if written else (number, line))
    if plain and by_csv and (quoted or crlf):
        number, line = plain
        hint = "Another program wrote the file: use the file of the release, or rewrite this one with csv.writer."
        raise DataError(path, f"line {number}", shorten(line), _QUOTED, hint)
    # The header may be unquoted.
    if plain and wrapped > 1 and wrapped >= number - 1:
        hint = "Another program wrote the file and quoted every text: use the file of the release."
        raise DataError(path, f"line {plain[0]}", shorten(plain[1]), "texts without quotes around them", hint)
    if by_csv and crlf and not line.endswith("\n"):
        hint = "The file is truncated; download it again."
        raise DataError(path, f"line {number}", shorten(line), "a line that ends with CRLF, like the others", hint)
    return _unquoted if quoted and not plain else _plain


def _has_field_in_quotes(line: str) -> bool:
    return any(len(field) > 1 and field[0] == field[-1] == '"' for field in line.rstrip("\r\n").split(_TAB))


def _plain(line: str) -> list[str]:
    return line.split(_TAB)


def _unquoted(line: str) -> list[str]:
    return (_written(line, _TAB) if '"' in line else None) or _plain(line)


def _written(line: str, delimiter: str) -> list[str] | None:
    """The fields of a line; None if `csv.writer` cannot have written it, or a field contains a delimiter."""
    try:
        (fields,) = csv.reader([line], delimiter=delimiter, strict=True)
    except csv.Error:
        return None
    return (
        fields if _as_written(fields, delimiter) == line and not any(delimiter in field for field in fields) else None
    )


def _as_written(fields: list[str], delimiter: str, quoting: Literal[0, 1] = csv.QUOTE_MINIMAL) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, quoting=quoting).writerow(fields)
    return written.getvalue().removesuffix("\r\n")


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The fields of each row of a CSV file, with the line on which it begins; a quoted field may contain line feeds.

    Raises:
        DataError: `csv.writer` cannot have written a row: a quote in it is unbalanced, or neither quoted nor doubled.
    """
    begun: list[str] = []

    def lines() -> Iterator[str]:
        for _, line in text.lines(path):
            begun.append(line)
            yield line + "\n"

    reader, number = csv.reader(lines(), strict=True), 1
    try:
        for values in reader:
            if "\n".join(begun) not in (_as_written(values, ","), _as_written(values, ",", csv.QUOTE_ALL)):
                raise csv.Error(shorten("\n".join(begun)))
            begun.clear()
            yield number, values
            number = reader.line_num + 1
    except csv.Error as error:
        hint = "The file may be truncated, or rewritten by another program; download it again."
        raise DataError(path, f"line {number}", str(error), _QUOTED, hint) from None


def records(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """The wanted columns of a CSV file with a header, with the position of each row.

    Raises:
        DataError: the header lacks a wanted column, or the number of fields in a row differs from the header.
    """
    yield from text.selected(path, rows(path), wanted)
