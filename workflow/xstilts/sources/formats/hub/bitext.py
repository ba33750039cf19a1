"""Parallel sentences: Tatoeba."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.formats import bitext, objects
from xstilts.task import Row, Task


def tatoeba(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Tatoeba in `mteb/tatoeba-bitext-mining`: JSON lines of a sentence and its English translation."""
    (path,) = paths
    foreign: list[str] = []
    english: list[str] = []
    for place, value in objects.one_a_line(path):
        for side, key in ((foreign, "sentence1"), (english, "sentence2")):
            side.append(bitext.sentence_of(path, len(side) + 1, objects.member(path, place, value, key, str)))
    yield from bitext.aligned(foreign, english)
