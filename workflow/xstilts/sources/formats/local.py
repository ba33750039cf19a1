"""Data sets without a reader of their own: tasks whose files, columns and labels are named by settings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xstilts.errors import DataError, UserError, nearest, shorten
from xstilts.languages import LANGUAGES
from xstilts.sources.formats import delimited, objects, squad, tagged, text
from xstilts.task import Layout, LeftOut, Reader, Row, Task

Column = str | int
"""The name of a column or a JSON key, or the number of a column, from 1, in a file without a header."""

METRICS = {"classification": "accuracy", "multiple_choice": "accuracy", "tagging": "word_accuracy", "span": "squad"}
"""The metric of a kind, if the settings name none."""

COLUMNS = {
    "classification": (("text_a", "label"), ("text_b", "id")),
    "multiple_choice": (("prompt", "choices", "label"), ("id",)),
    "tagging": (("words", "tags"), ("id",)),
}
"""The columns of a kind: those that it needs, and those that it may have."""

_TABLES, _OBJECTS = ("tsv", "csv"), ("jsonl", "json")
FORMATS = {
    "classification": (*_TABLES, *_OBJECTS),
    "multiple_choice": (*_TABLES, *_OBJECTS),
    "tagging": (*_OBJECTS, "conll"),
    "span": ("squad",),
}
"""The formats of a kind: `tsv` is not quoted, `csv` is; a line of `conll` is `word<TAB>tag`; `squad` is its JSON."""

_SPLITS = ("train", "dev", "test")
_GOLD = {"classification": "label", "multiple_choice": "label", "tagging": "tags"}
_LISTS = ("words", "tags", "choices")
_LEFT_OUT = "with a label that is left out"


@dataclass(frozen=True)
class Rows:
    """Reads the rows of a file.

    Args:
        kind: the kind of the task.
        form: the format of the file.
        columns: the column for each field of a canonical row; for `choices`, one for each choice, or one JSON list.
        labels: the label for each word that stands for one in the file; empty if the words are the labels.
        left_out: the words whose rows are left out.
        delimiter: the character between the fields of `csv`.
    """

    kind: str
    form: str
    columns: Mapping[str, Column | Sequence[Column]]
    labels: Mapping[str, str]
    left_out: tuple[str, ...] = ()
    delimiter: str = ","

    def read(self, paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
        """The rows of a file.

        Raises:
            DataError: the file is not in the format, or has a word that stands for no label.
        """
        (path,) = paths
        records = self._objects(path) if self.form in _OBJECTS else self._fields(path)
        for place, value in records:
            yield place, self._row(path, place, value)

    def _objects(self, path: Path) -> Iterator[tuple[str, Any]]:
        """The objects of a JSON file."""
        if self.form == "jsonl":
            yield from objects.one_a_line(path)
            return
        for number, value in enumerate(objects.require(path, "", objects.document(path), list)):
            yield f"[{number}]", value

    def _fields(self, path: Path) -> Iterator[tuple[str, dict[Column, str]]]:
        """The wanted fields of the rows of a table, by column."""
        wanted = tuple(dict.fromkeys(self.wanted()))
        names = tuple(column for column in wanted if isinstance(column, str))
        numbers = tuple(column for column in wanted if isinstance(column, int))
        if self.form == "csv":
            records = delimited.records(path, names, self.delimiter)
        else:
            records = _numbered(path, numbers) if numbers else text.records(path, names)
        for place, values in records:
            yield place, dict(zip(wanted, values, strict=True))

    def wanted(self) -> Iterator[Column]:
        """All columns that are read."""
        for column in self.columns.values():
            yield from [column] if isinstance(column, Column) else column

    def _row(self, path: Path, place: str, value: Any) -> dict | LeftOut:
        """The canonical row of a record."""
        row: dict[str, Any] = {"text_b": None} if self.kind == "classification" else {}
        for field, column in self.columns.items():
            row[field] = _value(path, place, value, field, column)
        gold = _GOLD[self.kind]
        words = row.setdefault(gold, None)
        if set(self.left_out).intersection(words if isinstance(words, list) else [words]):
            return LeftOut(_LEFT_OUT)
        if isinstance(words, list):
            row[gold] = [self._label(path, place, word) for word in words]
        elif words is not None:
            row[gold] = self._label(path, place, words)
        return row

    def _label(self, path: Path, place: str, word: str) -> str:
        if self.labels and word not in self.labels:
            expected = f"one of {', '.join(self.labels)}"
            raise DataError(path, place, f"the label {shorten(word)}", expected, nearest(word, self.labels).strip())
        return self.labels.get(word, word)


def task(
    name: str,
    *,
    kind: str,
    format: str,
    files: Mapping[str, str],
    languages: Sequence[str],
    columns: Mapping[str, Column | Sequence[Column]] | None = None,
    labels: Mapping[str, str] | Sequence[str] = (),
    left_out: Sequence[str] = (),
    unlabelled: Sequence[str] = (),
    delimiter: str = ",",
    metric: str | None = None,
    stage: str | None = None,
    **described: Any,
) -> Task:
    """A task that is read from local files.

    Args:
        name: its name.
        kind: `classification`, `multiple_choice`, `tagging` or `span`.
        format: the format of the files, one of `FORMATS`.
        files: the name of the file of each split, relative to the folder of the task; `{lang}` stands for the language.
        languages: its languages.
        columns: the columns of the files, by field of a canonical row (`COLUMNS`).
        labels: the words for labels in the files, in the order of their ids, or the label for each word. For multiple
            choice, the words for the first choice, the second and so on. Tags need none.
        left_out: the words for labels whose rows are left out.
        unlabelled: the splits without labels.
        delimiter: the character between the fields of `csv`.
        metric: its metric; by default that of `METRICS`.
        stage: the task that is trained before it is evaluated; by default itself.
        described: the fields of `xstilts.task.Task` that describe the data.

    Raises:
        UserError: the settings contradict each other.
    """
    columns, words = dict(columns or {}), _words(kind, labels)
    reading = Rows(kind, format, columns, words, tuple(map(str, left_out)), delimiter)
    _check(name, reading, files, languages, unlabelled)
    without = replace(reading, columns={field: at for field, at in columns.items() if field != _GOLD.get(kind)})
    readers = {split: _reader(without if split in unlabelled else reading) for split in files}
    return Task(
        name=name,
        kind=kind,
        metric=metric or METRICS[kind],
        languages=tuple(languages),
        splits={split: (Layout((files[split],), readers[split]),) for split in files},
        labels=tuple(dict.fromkeys(words.values())),
        stage=stage or (name if "train" in files else None),
        **described,
    )


def _reader(rows: Rows) -> Reader:
    return {"conll": tagged.xtreme, "squad": squad.read}.get(rows.form, rows.read)


def _words(kind: str, labels: Mapping[str, str] | Sequence[str]) -> dict[str, str]:
    """The label for each word in the files."""
    if isinstance(labels, Mapping):
        return {str(word): str(label) for word, label in labels.items()}
    if kind == "multiple_choice":
        return {str(word): str(number) for number, word in enumerate(labels)}
    return {str(word): str(word) for word in labels}


def _check(
    name: str, rows: Rows, files: Mapping[str, str], languages: Sequence[str], unlabelled: Sequence[str]
) -> None:
    """Refuse settings of which no task can be made."""
    if rows.kind not in FORMATS:
        raise _mistake(name, "kind", rows.kind, FORMATS)
    if rows.form not in FORMATS[rows.kind]:
        raise _mistake(name, "format", rows.form, FORMATS[rows.kind])
    for key, values, allowed in (
        ("files", files, _SPLITS),
        ("languages", languages, LANGUAGES),
        ("unlabelled", unlabelled, [split for split in files if split != "train"]),
    ):
        for value in values:
            if value not in allowed:
                raise _mistake(name, key, value, allowed)
    for split, pattern in files.items():
        _check_name(f"tasks.{name}.files.{split}", pattern, len(languages))
    if not files or not languages:
        raise UserError(f"tasks.{name}.{'languages' if files else 'files'}: found nothing; expected at least one.")
    if rows.form not in (*_TABLES, *_OBJECTS):
        return
    needed, possible = COLUMNS[rows.kind]
    for column in rows.columns:
        if column not in (*needed, *possible):
            raise _mistake(name, "columns", column, (*needed, *possible))
    for column in needed:
        if column not in rows.columns:
            raise UserError(f"tasks.{name}.columns: found no {column!r}; expected {', '.join(needed)}.")
    if rows.kind != "tagging" and not rows.labels:
        raise UserError(f"tasks.{name}.labels: found nothing; expected the words for labels in the files.")
    numbered = [isinstance(column, int) for column in rows.wanted()]
    if any(numbered) and (rows.form != "tsv" or not all(numbered)):
        problem = "numbers of columns are for 'tsv' without a header, and for all of its columns"
        raise UserError(f"tasks.{name}.columns: found {shorten(dict(rows.columns))}; {problem}.")


def _check_name(key: str, pattern: str, languages: int) -> None:
    """Refuse a file name with another placeholder than that of the language, or without it for several languages."""
    try:
        named = pattern.format(lang="")
    except (KeyError, IndexError, ValueError):
        raise UserError(f"{key}: found {pattern!r}; expected a name in which only {{lang}} is in braces.") from None
    if languages > 1 and named == pattern:
        raise UserError(f"{key}: found {pattern!r} for {languages} languages; expected {{lang}} in the name.")


def _mistake(name: str, key: str, value: Any, allowed: Iterable[str]) -> UserError:
    known = list(allowed)
    return UserError(
        f"tasks.{name}.{key}: found {value!r}; expected one of {', '.join(known)}.{nearest(str(value), known)}"
    )


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


def _value(path: Path, place: str, value: Any, field: str, column: Column | Sequence[Column]) -> str | list[str]:
    """The value of a field of a canonical row."""
    if not isinstance(column, Column):
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
