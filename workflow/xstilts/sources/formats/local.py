"""Data sets without a reader of their own: tasks whose files, columns and labels are settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xstilts.config.local import METRICS, OBJECTS, Column, Local
from xstilts.errors import DataError, nearest, shorten
from xstilts.sources.formats import delimited, objects, squad, tagged, text
from xstilts.task import Layout, LeftOut, Reader, Row, Task

_GOLD = {"classification": "label", "multiple_choice": "label", "tagging": "tags"}
_LISTS = ("words", "tags", "choices")
_LEFT_OUT = "with a label that is left out"


def task(name: str, settings: Local) -> Task:
    """The task that settings describe."""
    return Task(
        name=name,
        kind=settings.kind,
        metric=settings.metric or METRICS[settings.kind][0],
        languages=settings.languages,
        splits={split: (Layout((file,), _reader(settings, split)),) for split, file in settings.files.items()},
        labels=tuple(dict.fromkeys(settings.words.values())),
        aligned=settings.aligned,
        stage=settings.stage or name,
        title=settings.title,
        licence=settings.licence,
        citation=settings.citation,
        homepage=settings.homepage,
    )


def _reader(settings: Local, split: str) -> Reader:
    if settings.format in _READERS:
        return _READERS[settings.format]
    columns = settings.columns
    if split in settings.unlabelled:
        columns = {field: column for field, column in columns.items() if field != _GOLD[settings.kind]}
    return Rows(settings.model_copy(update={"columns": columns}))


_READERS: dict[str, Reader] = {"conll": tagged.xtreme, "squad": squad.read}


@dataclass(frozen=True)
class Rows:
    """Reads the rows of a file.

    Args:
        settings: the settings of the task, with the columns of this split.
    """

    settings: Local

    def __call__(self, paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
        """The rows of a file.

        Raises:
            DataError: the file is not in the format, or has a word that stands for no label.
        """
        (path,) = paths
        records = self._objects(path) if self.settings.format in OBJECTS else self._fields(path)
        for place, value in records:
            yield place, self._row(path, place, value)

    def _objects(self, path: Path) -> Iterator[tuple[str, Any]]:
        """The objects of a JSON file."""
        if self.settings.format == "jsonl":
            yield from objects.one_a_line(path)
            return
        for number, value in enumerate(objects.require(path, "", objects.document(path), list)):
            yield f"[{number}]", value

    def _fields(self, path: Path) -> Iterator[tuple[str, dict[Column, str]]]:
        """The wanted fields of the rows of a table, by column."""
        wanted = self.settings.wanted()
        names = tuple(column for column in wanted if isinstance(column, str))
        numbers = tuple(column for column in wanted if isinstance(column, int))
        if self.settings.format == "csv":
            records = delimited.records(path, names, self.settings.delimiter)
        else:
            records = _numbered(path, numbers) if numbers else text.records(path, names)
        for place, values in records:
            yield place, dict(zip(wanted, values, strict=True))

    def _row(self, path: Path, place: str, value: Any) -> dict | LeftOut:
        """The canonical row of a record."""
        row: dict[str, Any] = {"text_b": None} if self.settings.kind == "classification" else {}
        for field, column in self.settings.columns.items():
            row[field] = _value(path, place, value, field, column)
        gold = _GOLD[self.settings.kind]
        words = row.setdefault(gold, None)
        if set(self.settings.left_out).intersection(words if isinstance(words, list) else [words]):
            return LeftOut(_LEFT_OUT)
        if isinstance(words, list):
            row[gold] = [self._label(path, place, word) for word in words]
        elif words is not None:
            row[gold] = self._label(path, place, words)
        return row

    def _label(self, path: Path, place: str, word: str) -> str:
        labels = self.settings.words
        if labels and word not in labels:
            expected = f"one of {', '.join(labels)}"
            raise DataError(path, place, f"the label {shorten(word)}", expected, nearest(word, labels).strip())
        return labels.get(word, word)


def _numbered(path: Path, wanted: tuple[int, ...]) -> Iterator[tuple[str, list[str]]]:
    """The wanted columns of a TAB-separated file without a header, by their numbers from 1."""
    width = 0
    for number, line in text.lines(path):
        values = line.split("\t")
        width = width or len(values)
        if len(values) != width or width < max(wanted):
            expected = f"{width} columns, as in line 1" if len(values) != width else f"at least {max(wanted)} columns"
            raise DataError(path, f"line {number}", f"{len(values)}, {shorten(' | '.join(values))}", expected)
        yield f"line {number}", [values[column - 1] for column in wanted]


def _value(path: Path, place: str, value: Any, field: str, column: Column | tuple[Column, ...]) -> str | list[str]:
    """The value of a field of a canonical row."""
    if isinstance(column, tuple):
        return [_text(path, place, value, one) for one in column]
    if field in _LISTS:
        return [word.strip() for word in objects.strings(path, place, value, str(column))]
    return _text(path, place, value, column)


def _text(path: Path, place: str, value: Any, column: Column) -> str:
    """A text, or a whole number as text, which JSON files may have for a label or an id."""
    if isinstance(column, int):
        return value[column].strip()
    number = value.get(column) if isinstance(value, dict) else None
    if isinstance(number, int) and not isinstance(number, bool):
        return str(number)
    return objects.member(path, place, value, column, str).strip()
