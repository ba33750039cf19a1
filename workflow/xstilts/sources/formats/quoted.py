"""Tables quoted as by Python's `csv.writer`: a field is quoted where it has to be, and its quotes are doubled.

Which files are quoted is a fact of each release. It is checked by writing what was read: raw text that holds a quote
hardly ever looks as if `csv.writer` had written it.
"""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from xstilts.errors import DataError, shorten
from xstilts.sources.formats import text

_TAB = "\t"
_QUOTED = 'fields quoted as CSV by Python: one that holds a quote in quotes, its quotes doubled, "He said ""no""."'

Split = Callable[[str], list[str]]
"""From a line to its fields."""


def splitter(path: Path, *, by_csv: bool) -> Split:
    """How the lines of a TAB-separated file are split: with the rule for quotes if `csv.writer` wrote it, else without.

    A quoted field never holds a TAB or a line feed, so that no quote can swallow the rows behind it.

    Args:
        by_csv: whether the release was written by `csv.writer`. A copy of one that was not may be: that is so if each
            of its lines with a quote looks like it. A file of one that was may be plain if its lines end with LF and
            none of them looks quoted.

    Raises:
        DataError: a line that `csv.writer` did not write, in a file that should be by it, a file in which every line
            has a field in quotes, or the file is cut off.
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
        hint = "Another program wrote it: take the file of the release, or write this one anew with csv.writer."
        raise DataError(path, f"line {number}", shorten(line), _QUOTED, hint)
    # The header of a table may be without.
    if plain and wrapped > 1 and wrapped >= number - 1:
        hint = "Another program wrote it, with quotes around every text: take the file of the release."
        raise DataError(path, f"line {plain[0]}", shorten(plain[1]), "texts without quotes around them", hint)
    if by_csv and crlf and not line.endswith("\n"):
        hint = "The file has been cut off; fetch it again."
        raise DataError(path, f"line {number}", shorten(line), "CRLF at its end, as on the other lines", hint)
    return _unquoted if quoted and not plain else _plain


def _has_field_in_quotes(line: str) -> bool:
    return any(len(field) > 1 and field[0] == field[-1] == '"' for field in line.rstrip("\r\n").split(_TAB))


def _plain(line: str) -> list[str]:
    return line.split(_TAB)


def _unquoted(line: str) -> list[str]:
    return (_written(line, _TAB) if '"' in line else None) or _plain(line)


def _written(line: str, delimiter: str) -> list[str] | None:
    """The fields of a line that `csv.writer` wrote, none of which holds a delimiter; None if it is not like that."""
    try:
        (fields,) = csv.reader([line], delimiter=delimiter, strict=True)
    except csv.Error:
        return None
    return (
        fields if _as_written(fields, delimiter) == line and not any(delimiter in field for field in fields) else None
    )


def _as_written(fields: list[str], delimiter: str, quoting: int = csv.QUOTE_MINIMAL) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, quoting=quoting).writerow(fields)
    return written.getvalue().removesuffix("\r\n")


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The fields of each row of a CSV file, with the line on which it begins; a quoted field may hold line feeds.

    Raises:
        DataError: a row that `csv.writer` did not write: a quote that is not closed, or is neither quoted nor doubled.
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
        hint = "The file may have been cut off, or written by another program than its release; fetch it again."
        raise DataError(path, f"line {number}", str(error), _QUOTED, hint) from None


def records(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """The wanted columns of a CSV file with a header, with the place of each row.

    Raises:
        DataError: the header lacks a wanted column, or a row has another number of fields than the header.
    """
    table = rows(path)
    header = next(table, (1, []))[1]
    positions = text.positions(path, header, wanted)
    for number, values in table:
        if len(values) != len(header):
            found = f"{len(values)} fields, {shorten(' | '.join(values))}"
            raise DataError(path, f"line {number}", found, f"{len(header)} fields, as in the header")
        yield f"line {number}", [values[position] for position in positions]
