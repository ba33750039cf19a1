"""Sentences of two languages whose translations are to be found: Tatoeba and BUCC 2018.

Every reader yields the foreign side first. Gold lies on the English rows; it is null where the files have none.
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

    A foreign sentence has its row, from 0, as its id: the number that the official prediction files hold.
    """
    yield from aligned(*_aligned(paths))


def aligned(foreign: list[str], english: list[str]) -> Iterator[Row]:
    """Pairs of translations as a retrieval set, with the English side sorted as for `tatoeba`."""
    yield from _numbered(foreign)
    for row, sentence in sorted(enumerate(english), key=lambda item: item[1]):
        yield f"line {row + 1}", _row(f"en-{row}", "english", sentence, [str(row)])


def tatoeba_sorted(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XTREME's `{lang}-en.{lang}` and `{lang}-en.en`, whose English side is sorted already and has no gold."""
    foreign, english = _aligned(paths)
    yield from _numbered(foreign)
    for row, sentence in enumerate(english):
        yield f"line {row + 1}", _row(f"en-{row}", "english", sentence)


def bucc(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """BUCC's foreign file, English file and, if it is given, gold file.

    Sentences keep the blanks at their ends: those that differ in them alone are two neighbours in the official mining.

    Raises:
        DataError: an id that occurs twice, a gold pair of an id that its side does not have, or an empty file.
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


def first(rows: Iterable[Row], limit: int) -> Iterator[Row]:
    """The rows of a smaller set: `limit` foreign sentences, and about as many English ones; the others are left out.

    The English sentences are the translations of the foreign ones and, up to `limit` in all, the first of the others.
    Gold pairs whose foreign sentence is cut are dropped. Ids stay: the foreign sentences are the first of their file,
    so that a row number is right for the smaller set too.
    """
    foreign: dict[str, Row] = {}
    english: list[Row] = []
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
    """The sentences of both files, stripped, one for each line."""
    sides = [[sentence_of(path, number, line) for number, line in text.lines(path)] for path in paths]
    if len(sides[0]) != len(sides[1]):
        expected = f"{len(sides[0])} lines, as in {paths[0].name}"
        raise DataError(paths[1], f"line {min(map(len, sides)) + 1}", f"{len(sides[1])} lines in all", expected)
    return sides


def sentence_of(path: Path, number: int, line: str) -> str:
    """The sentence on a line, stripped.

    Raises:
        DataError: there is none.
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


def _side(path: Path, side: str) -> Iterator[Row]:
    seen: set[str] = set()
    for number, line in text.lines(path):
        identifier, sentence = text.columns(path, number, line, ("id", "sentence"))
        if not identifier or identifier in seen:
            found = f"the id {identifier!r}" + " again" * (identifier in seen)
            raise DataError(path, f"line {number}", found, "an id of its own on every line")
        seen.add(identifier)
        yield f"line {number}", _row(identifier, side, sentence)
    if not seen:
        raise DataError(path, "", "an empty file", "an id and a sentence on every line")


def _having(paths: list[Path], path: Path, named: dict[str, str], rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of one file; once they end, each id that the gold names, by its place there, has been among them."""
    for place, row in rows:
        named.pop(row["id"], None)
        yield place, row
    for identifier, place in named.items():
        raise DataError(paths[-1], place, f"the id {identifier!r}", f"an id of {path.name}")
