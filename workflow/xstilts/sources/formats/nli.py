"""Natural language inference in other languages: OCNLI, IndoNLI, KorNLI, FarsTail and AmericasNLI."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.errors import DataError, shorten
from xstilts.sources.formats import delimited, objects, quoted, text
from xstilts.sources.formats.pairs import row_of
from xstilts.task import ANOTHER_LANGUAGE, NO_MAJORITY, Row, Task

_LETTERS = {"c": "contradiction", "e": "entailment", "n": "neutral"}
_UNDECIDED = "-"


def ocnli(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """OCNLI, in JSON lines; pairs without a majority of annotators are left out, and the test set has no labels."""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        first, second = (objects.member(path, place, value, key, str) for key in ("sentence1", "sentence2"))
        label = objects.member(path, place, value, "label", str) if "label" in value else None
        yield place, NO_MAJORITY if label == _UNDECIDED else row_of(first, second, label)


def indonli(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """IndoNLI, in JSON lines, with the labels `c`, `e` and `n`; the keys of a row depend on its annotator."""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        first, second = (objects.member(path, place, value, key, str) for key in ("premise", "hypothesis"))
        yield place, row_of(first, second, _word(path, place, objects.member(path, place, value, "label", str)))


def farstail(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """FarsTail, separated by TAB and quoted as CSV, with the labels `c`, `e` and `n`; a quoted text may have a TAB."""
    (path,) = paths
    for place, (first, second, label) in delimited.records(path, ("premise", "hypothesis", "label"), "\t"):
        yield place, row_of(first, second, _word(path, place, label))


def kornli(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """KorNLI, separated by TAB; quotes are text."""
    (path,) = paths
    for place, pair in text.records(path, ("sentence1", "sentence2", "gold_label")):
        yield place, row_of(*pair)


def americasnli(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """AmericasNLI, separated by TAB, one language in a file or all; the release of 2022 has an id as well."""
    (path,) = paths
    names, split = ("language", "premise", "hypothesis", "label"), quoted.splitter(path, by_csv=False)
    for place, (own, *pair) in text.records(path, names, split=split):
        yield place, row_of(*pair) if own == lang else ANOTHER_LANGUAGE


def _word(path: Path, place: str, letter: str) -> str:
    if letter not in _LETTERS:
        raise DataError(path, place, f"the label {shorten(letter)}", f"one of {', '.join(_LETTERS)}")
    return _LETTERS[letter]
