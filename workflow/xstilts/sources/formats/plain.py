"""Plain text for masked language modelling: passages, and sentences with their translations.

Every hundredth passage is held out for the dev set, up to a maximum; all others are for training.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

from xstilts.errors import DataError
from xstilts.sources.formats import parquet, text
from xstilts.task import LeftOut, Reader, Row, Task

_EVERY, _MOST = 100, 500
"""One of so many passages is in the dev set, and so many at most."""

_BLANK = LeftOut("blank")
_OF_DEV = LeftOut("of the dev set (every hundredth passage)")
_OF_TRAIN = LeftOut("of the training set (all but every hundredth passage)")

Passage = tuple[str, tuple[str, str | None]]
"""A position in a file, and the text there with its translation, if it has one; a blank text is to be left out."""


def train(passages: Callable[..., Iterable[Passage]]) -> Reader:
    """A reader of the training rows among passages."""

    def read(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
        for place, row, number in _numbered(passages(paths)):
            yield place, row if number is None or not _is_held_out(number) else _OF_DEV

    return read


def dev(passages: Callable[..., Iterable[Passage]]) -> Reader:
    """A reader of the dev rows among passages; it stops at the last one."""

    def read(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
        for place, row, number in _numbered(passages(paths)):
            yield place, row if number is None or _is_held_out(number) else _OF_TRAIN
            if number == _EVERY * _MOST - 1:
                return

    return read


def _is_held_out(number: int) -> bool:
    """Whether the passage with a 0-based number is in the dev set."""
    return number % _EVERY == _EVERY - 1 and number < _EVERY * _MOST


def _numbered(passages: Iterable[Passage]) -> Iterator[tuple[str, dict | LeftOut, int | None]]:
    """The rows with the number of each among all that are not blank; None for a blank one."""
    number = 0
    for place, (one, other) in passages:
        if not one.strip() or (other is not None and not other.strip()):
            yield place, _BLANK, None
        else:
            yield place, {"text_a": one.strip(), "text_b": other and other.strip()}, number
            number += 1


def lines(paths: list[Path]) -> Iterator[Passage]:
    """The lines of a text file, one passage each."""
    (path,) = paths
    for number, line in text.lines(path):
        yield f"line {number}", (line, None)


def wikipedia(paths: list[Path]) -> Iterator[Passage]:
    """The paragraphs of the articles in `wikimedia/wikipedia`."""
    (path,) = paths
    for place, row in parquet.rows(path, "text"):
        if not isinstance(row["text"], str):
            raise DataError(path, place, repr(row["text"]), "the text of an article", "Download the file again.")
        for number, paragraph in enumerate(row["text"].split("\n"), 1):
            yield f"{place}, line {number}", (paragraph, None)


def aligned(paths: list[Path]) -> Iterator[Passage]:
    """Two files in which equal lines are translations of each other.

    Raises:
        DataError: the files differ in their number of lines.
    """
    counts = [0, 0]
    for pair in zip_longest(*map(text.lines, paths)):
        counts = [count + (line is not None) for count, line in zip(counts, pair, strict=True)]
        if None not in pair:
            (number, one), (_, other) = pair
            yield f"line {number}", (one, other)
    if counts[0] != counts[1]:
        expected = f"{counts[0]} lines, as in {paths[0].name}"
        raise DataError(paths[1], "", f"{counts[1]} lines", expected, "Align the files: one sentence a line in both.")


def table(paths: list[Path]) -> Iterator[Passage]:
    """A file of pairs, without a header: a sentence, TAB, its translation."""
    (path,) = paths
    for number, line in text.lines(path):
        if text.is_blank(line):
            yield f"line {number}", (line, None)
        else:
            one, other = text.columns(path, number, line, ("sentence", "translation"))
            yield f"line {number}", (one, other)
