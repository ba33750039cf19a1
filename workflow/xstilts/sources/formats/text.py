"""Text files line by line: strict UTF-8, and every complaint names its line."""

import gzip
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path

from xstilts.errors import DataError, shorten

_BYTE_ORDER_MARK, _NUL, _LF = "\ufeff", "\0", 0x0A


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file as `whole_lines` gives them, without LF or CRLF."""
    for number, line in whole_lines(path):
        yield number, line.removesuffix("\n").removesuffix("\r")


def whole_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file, which may be compressed (`.gz`), counted from 1, each with what ends it.

    Only LF ends a line: `str.splitlines` would also cut at characters that occur inside sentences, such as U+2028.
    A byte order mark is dropped at the start of the file and kept elsewhere.

    Raises:
        DataError: bytes that are not UTF-8, a NUL character, or a compressed file that is damaged.
    """
    opened = gzip.open if path.suffix == ".gz" else Path.open
    try:
        with opened(path, "rb") as file:
            for number, raw in enumerate(file, 1):
                yield number, decode(path, raw, first_line=number)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(path, "", str(error), "a whole gzip file", "Fetch it again.") from None


def decode(path: Path, raw: bytes, first_line: int = 1) -> str:
    """Bytes of a file, which begin at a line of it, as text.

    Raises:
        DataError: as for `lines`.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        where = f"line {first_line + raw.count(_LF, 0, error.start)}"
        raise DataError(
            path, where, f"byte 0x{raw[error.start]:02x}", "UTF-8 text", "Convert the file to UTF-8 or fetch it again."
        ) from None
    if _NUL in text:
        where = f"line {first_line + text[: text.index(_NUL)].count(chr(_LF))}"
        raise DataError(path, where, "a NUL character", "text", "The file is damaged; fetch it again.")
    return text.removeprefix(_BYTE_ORDER_MARK) if first_line == 1 else text


def is_blank(line: str) -> bool:
    """Whether a line is empty or has blanks and TABs alone; other white space, as U+00A0, may be a word."""
    return not line.strip(" \t")


def columns(
    path: Path, number: int, line: str, names: tuple[str, ...], split: Callable[[str], list[str]] | None = None
) -> list[str]:
    """The columns of a line, split on TAB alone, without a rule for quotes unless `split` has one.

    Raises:
        DataError: another number of columns than of names.
    """
    values = split(line) if split else line.split("\t")
    if len(values) != len(names):
        raise wrong_columns(path, number, values, names)
    return values


def wrong_columns(path: Path, number: int, values: list[str], names: tuple[str, ...]) -> DataError:
    """The error for a line that has another number of columns than it should."""
    found = f"{_count(values)}, {shorten(' | '.join(values))}"
    return DataError(path, f"line {number}", found, f"{_count(names)} separated by TAB, {shorten(' | '.join(names))}")


def _count(columns: Sequence[str]) -> str:
    return f"{len(columns)} column{'s' * (len(columns) != 1)}"


def header(path: Path, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the columns of a TAB-separated file, as its first line gives them.

    Raises:
        DataError: it lacks a wanted column, or has one twice.
    """
    names = tuple(next(lines(path), (1, ""))[1].split("\t"))
    positions(path, names, wanted)
    return names


def positions(path: Path, names: Sequence[str], wanted: tuple[str, ...]) -> list[int]:
    """Where the wanted columns of a table stand.

    Raises:
        DataError: its header lacks one, or has one twice.
    """
    for name in wanted:
        if names.count(name) != 1:
            found = f"{shorten(names)}" + f", with {name!r} {names.count(name)} times" * (name in names)
            raise DataError(path, "line 1", found, f"a header with the column {name!r}")
    return [names.index(name) for name in wanted]


def records(
    path: Path, wanted: tuple[str, ...], torn: Collection[int] = (), split: Callable[[str], list[str]] | None = None
) -> Iterator[tuple[str, list[str] | None]]:
    """The wanted columns of a TAB-separated file with a header, with the place of each row.

    Args:
        torn: the numbers of lines that are no rows; None stands for each.
        split: from a line to its columns, where quotes have a meaning.

    Raises:
        DataError: the header lacks a wanted column, or a row has another number of columns than the header.
    """
    names = header(path, wanted)
    chosen = positions(path, names, wanted)
    for number, line in islice(lines(path), 1, None):
        values = None if number in torn else columns(path, number, line, names, split)
        yield f"line {number}", values and [values[position] for position in chosen]
