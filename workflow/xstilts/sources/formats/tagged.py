"""Sentences with one word a line and an empty line between sentences, in the formats of XTREME and PAN-X."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.errors import DataError, shorten
from xstilts.sources.formats import text
from xstilts.task import Row, Task

Line = tuple[int, str]


def xtreme(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XTREME's `{split}-{lang}.tsv`: `word<TAB>tag`, or only `word` in unlabelled files.

    Columns are split on TAB only, since words may contain other whitespace.
    """
    (path,) = paths
    labelled = None
    for sentence in _sentences(path):
        if labelled is None:
            labelled = "\t" in sentence[0][1]
        yield _row(path, sentence, ("word", "tag") if labelled else ("word",))


def panx(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """A file of the PAN-X archives (Rahimi et al. 2019): `xx:word<TAB>tag`, where `xx` is the language.

    Raises:
        DataError: a line lacks the prefix: the file is in another language or format.
    """
    (path,) = paths
    for sentence in _sentences(path):
        bare = [(number, _without_prefix(path, number, line, f"{lang}:")) for number, line in sentence]
        yield _row(path, bare, ("word", "tag"))


def _sentences(path: Path) -> Iterator[list[Line]]:
    sentence: list[Line] = []
    for number, line in text.lines(path):
        if not text.is_blank(line):
            sentence.append((number, line))
        elif sentence:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _row(path: Path, sentence: list[Line], names: tuple[str, ...]) -> Row:
    words, *tags = zip(*(text.columns(path, number, line, names) for number, line in sentence), strict=True)
    row = {"words": [word.strip() for word in words], "tags": [tag.strip() for tag in tags[0]] if tags else None}
    return f"line {sentence[0][0]}", row


def _without_prefix(path: Path, number: int, line: str, prefix: str) -> str:
    if not line.startswith(prefix):
        raise DataError(path, f"line {number}", shorten(line), f"a word that begins with {prefix!r}")
    return line.removeprefix(prefix)
