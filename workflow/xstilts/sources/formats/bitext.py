"""Retrieval sets of sentences in two languages: Tatoeba and BUCC 2018.

Every reader yields the foreign side first. English rows have the gold ids, null if the files have none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xstilts.errors import DataError
from xstilts.sources.formats import text
from xstilts.task import LeftOut, Row, Task

_CUT = LeftOut("beyond the limit")


def tatoeba(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """LASER's aligned files, with the English side sorted as in XTREME: by code point, equal sentences in file order.

    The id of a foreign sentence is its 0-based row number, which the official prediction files refer to.
    """
    yield from aligned(*_aligned(paths))


def aligned(foreign: list[str], english: list[str]) -> Iterator[Row]:
    """Aligned translations as a retrieval set, with the English side sorted as in `tatoeba`."""
    yield from _numbered(foreign)
    for row, sentence in sorted(enumerate(english), key=lambda item: item[1]):
        yield f"line {row + 1}", _row(f"en-{row}", "english", sentence, [str(row)])


def tatoeba_sorted(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XTREME's `{lang}-en.{lang}` and `{lang}-en.en`, in which the English side is already sorted and unlabelled."""
    foreign, english = _aligned(paths)
    yield from _numbered(foreign)
    for row, sentence in enumerate(english):
        yield f"line {row + 1}", _row(f"en-{row}", "english", sentence)


def bucc(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """BUCC's foreign file, English file and optional gold file.

    Sentences are not stripped: the official mining treats sentences that differ in outer whitespace as distinct.

    Raises:
        DataError: an id occurs twice, a gold pair has an unknown id, or a file is empty.
    """
    foreign, english, *gold = paths
    pairs = [pair for path in gold for pair in _gold(path)]
    if gold and not pairs:
        raise DataError(gold[0], "", "an empty file", "gold pairs")
    translations: dict[str, list[str]] = {}
    for pair in pairs:
        translations.setdefault(pair.english, []).append(pair.foreign)
    yield from _having(paths, foreign, {pair.foreign: pair.place for pair in pairs}, _side(foreign, "foreign"))
    for place, row in _having(paths, english, {pair.english: pair.place for pair in pairs}, _side(english, "english")):
        yield place, row | {"gold": translations.get(row["id"], []) if gold else None}


def first(rows: Iterable[tuple[str, dict]], limit: int) -> Iterator[Row]:
    """A subset with `limit` foreign sentences and about as many English ones; all other rows are left out.

    It has the first foreign sentences of the file, all of their English translations and, up to `limit` English
    sentences in total, the first of the others. Gold pairs without their foreign sentence are dropped. Ids do not
    change, and row numbers stay valid.
    """
    foreign: dict[str, Row] = {}
    english: list[tuple[str, dict]] = []
    for place, row in rows:
        if row["side"] == "foreign":
            if len(foreign) < limit:
                foreign[row["id"]] = (place, row)
            else:
                yield place, _CUT
        else:
            gold = None if row["gold"] is None else [name for name in row["gold"] if name in foreign]
            if gold or len(english) < limit:
                english.append((place, row | {"gold": gold}))
            else:
                yield place, _CUT
    yield from foreign.values()
    room = limit - sum(bool(row["gold"]) for _, row in english)
    for place, row in english:
        kept = row["gold"] or room > 0
        yield place, row if kept else _CUT
        room -= bool(kept and not row["gold"])


def _aligned(paths: list[Path]) -> list[list[str]]:
    """The sentences of both files, stripped, one for each line.

    Raises:
        DataError: the files differ in their number of lines, or a line is empty.
    """
    sides = [[sentence_of(path, number, line) for number, line in text.lines(path)] for path in paths]
    if len(sides[0]) != len(sides[1]):
        expected = f"{len(sides[0])} lines, as in {paths[0].name}"
        raise DataError(paths[1], f"line {min(map(len, sides)) + 1}", f"{len(sides[1])} lines in total", expected)
    return sides


def sentence_of(path: Path, number: int, line: str) -> str:
    """The sentence on a line, stripped.

    Raises:
        DataError: the line is empty.
    """
    if not line.strip():
        raise DataError(path, f"line {number}", "an empty line", "a sentence on every line")
    return line.strip()


def _numbered(foreign: list[str]) -> Iterator[Row]:
    for row, sentence in enumerate(foreign):
        yield f"line {row + 1}", _row(str(row), "foreign", sentence)


def _row(identifier: str, side: str, sentence: str, gold: list[str] | None = None) -> dict:
    return {"id": identifier, "side": side, "text": sentence, "gold": gold}


@dataclass(frozen=True)
class _Pair:
    place: str
    foreign: str
    english: str


def _gold(path: Path) -> Iterator[_Pair]:
    for number, line in text.lines(path):
        ids = text.columns(path, number, line, ("foreign id", "English id"))
        yield _Pair(f"line {number}", *(name.strip() for name in ids))


def _side(path: Path, side: str) -> Iterator[tuple[str, dict]]:
    seen: set[str] = set()
    for number, line in text.lines(path):
        identifier, sentence = text.columns(path, number, line, ("id", "sentence"))
        if not identifier or identifier in seen:
            found = f"the id {identifier!r}" + " again" * (identifier in seen)
            raise DataError(path, f"line {number}", found, "a unique id on every line")
        seen.add(identifier)
        yield f"line {number}", _row(identifier, side, sentence)
    if not seen:
        raise DataError(path, "", "an empty file", "an id and a sentence on every line")


def _having(
    paths: list[Path], path: Path, named: dict[str, str], rows: Iterable[tuple[str, dict]]
) -> Iterator[tuple[str, dict]]:
    """The rows of one file.

    Args:
        named: the position in the gold file of each id that occurs there.

    Raises:
        DataError: after the last row, if an id of the gold file was not among them.
    """
    for place, row in rows:
        named.pop(row["id"], None)
        yield place, row
    for identifier, place in named.items():
        raise DataError(paths[-1], place, f"the id {identifier!r}", f"an id of {path.name}")
