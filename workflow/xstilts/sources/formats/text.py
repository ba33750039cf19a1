"""Text files line by line, in strict UTF-8, with the line number of every error."""

import gzip
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path

from xstilts.errors import DataError, shorten

_BYTE_ORDER_MARK, _NUL, _LF = "\ufeff", "\0", 0x0A


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file as in `whole_lines`, without LF or CRLF."""
    for number, line in whole_lines(path):
        yield number, line.removesuffix("\n").removesuffix("\r")


def whole_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file, numbered from 1, with their line endings; the file may be compressed (`.gz`).

    Only LF ends a line: `str.splitlines` would also split at characters within sentences, such as U+2028. A byte order
    mark is dropped at the start of the file and kept elsewhere.

    Raises:
        DataError: the file is not UTF-8, has a NUL character, or is a damaged gzip file.
    """
    opened = gzip.open if path.suffix == ".gz" else Path.open
    try:
        with opened(path, "rb") as file:
            for number, raw in enumerate(file, 1):
                yield number, decode(path, raw, first_line=number)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(path, "", str(error), "a complete gzip file", "Download it again.") from None


def decode(path: Path, raw: bytes, first_line: int = 1) -> str:
    """Decode a part of a file that starts at line `first_line`.

    Raises:
        DataError: as for `lines`.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        where = f"line {first_line + raw.count(_LF, 0, error.start)}"
        raise DataError(
            path,
            where,
            f"byte 0x{raw[error.start]:02x}",
            "UTF-8 text",
            "Convert the file to UTF-8 or download it again.",
        ) from None
    if _NUL in text:
        where = f"line {first_line + text[: text.index(_NUL)].count(chr(_LF))}"
        raise DataError(path, where, "a NUL character", "text", "The file is damaged; download it again.")
    return text.removeprefix(_BYTE_ORDER_MARK) if first_line == 1 else text


def is_blank(line: str) -> bool:
    """Whether a line has nothing but spaces and TABs; other whitespace, such as U+00A0, may be a word."""
    return not line.strip(" \t")


def columns(
    path: Path, number: int, line: str, names: tuple[str, ...], split: Callable[[str], list[str]] | None = None
) -> list[str]:
    """The columns of a line, split on TAB without quoting, or by `split`.

    Raises:
        DataError: the number of columns differs from the number of names.
    """
    values = split(line) if split else line.split("\t")
    if len(values) != len(names):
        raise wrong_columns(path, number, values, names)
    return values


def wrong_columns(path: Path, number: int, values: list[str], names: tuple[str, ...]) -> DataError:
    """The error for a line with a wrong number of columns."""
    found = f"{_count(values)}, {shorten(' | '.join(values))}"
    return DataError(path, f"line {number}", found, f"{_count(names)} separated by TAB, {shorten(' | '.join(names))}")


def _count(columns: Sequence[str]) -> str:
    return f"{len(columns)} column{'s' * (len(columns) != 1)}"


def header(path: Path, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The column names in the first line of a TAB-separated file.

    Raises:
        DataError: a wanted column is missing or occurs twice.
    """
    names = tuple(next(lines(path), (1, ""))[1].split("\t"))
    positions(path, names, wanted)
    return names


def positions(path: Path, names: Sequence[str], wanted: tuple[str, ...]) -> list[int]:
    """The positions of the wanted columns in a table.

    Raises:
        DataError: a wanted column is missing from the header or occurs twice.
    """
    for name in wanted:
        if names.count(name) != 1:
            found = f"{shorten(names)}" + f", with {name!r} {names.count(name)} times" * (name in names)
            raise DataError(path, "line 1", found, f"a header with the column {name!r}")
    return [names.index(name) for name in wanted]


def selected(
    path: Path, rows: Iterator[tuple[int, list[str]]], wanted: tuple[str, ...]
) -> Iterator[tuple[str, list[str]]]:
    """The wanted columns of the rows of a table, with their positions; the first row is the header.

    Raises:
        DataError: the header lacks a wanted column, or the number of fields in a row differs from the header.
    """
    header = next(rows, (1, []))[1]
    chosen = positions(path, header, wanted)
    for number, values in rows:
        if len(values) != len(header):
            found = f"{len(values)} fields, {shorten(' | '.join(values))}"
            raise DataError(path, f"line {number}", found, f"{len(header)} fields, as in the header")
        yield f"line {number}", [values[position] for position in chosen]


def records(
    path: Path, wanted: tuple[str, ...], torn: Collection[int] = (), split: Callable[[str], list[str]] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """The wanted columns of a TAB-separated file with a header, with the position of each row.

    Args:
        torn: the numbers of lines that are not rows; an empty list is yielded for each.
        split: splits a line into its columns if the file is quoted.

    Raises:
        DataError: the header lacks a wanted column, or the number of columns in a row differs from the header.
    """
    names = header(path, wanted)
    chosen = positions(path, names, wanted)
    for number, line in islice(lines(path), 1, None):
        values = [] if number in torn else columns(path, number, line, names, split)
        yield f"line {number}", values and [values[position] for position in chosen]
