"""The files of a task as they were released, or as XTREME lays them out, read into canonical tables.

A task lists its layouts, best first; the first folder that has all files of one of them is read. What a file holds is
either right or a `DataError` that names its place: nothing is skipped, guessed or repaired.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.errors import DataError, nearest, shorten
from xstilts.languages import language
from xstilts.sources.formats import bitext
from xstilts.tasks.base import Folders, Layout, Task

if TYPE_CHECKING:
    import pyarrow as pa

# pyarrow is imported where a table is made: planning a run only locates files, and should stay fast.

_BATCH = 10_000

Example = tuple[Path, str, dict]
"""A file, a place in it and the canonical row read there."""


@dataclass(frozen=True)
class Found:
    """The files of a split in one language.

    Args:
        split: `train`, `dev` or `test`.
        layout: the layout that they follow.
        paths: one file for each pattern of the layout, or every file that its single pattern stands for.
    """

    split: str
    layout: Layout
    paths: tuple[Path, ...]


def locate(task: Task, split: str, lang: str, folders: Folders) -> Found | None:
    """The files of a split: from the first folder that has a layout, the first layout it has.

    Raises:
        DataError: several files where there should be one.
        UserError: an unknown language.
    """
    for folder in folders:
        for layout in _layouts(task, split, lang):
            matches = [_matches(folder, name) for name in _file_names(layout, split, lang)]
            if all(matches):
                return Found(split, layout, _chosen(folder, layout, matches))
    return None


def missing(task: Task, split: str, lang: str, folders: Folders) -> DataError:
    """The error for a split that `locate` did not find; it names every place that was looked at."""
    places = [
        " with ".join(str(folder / name) for name in _file_names(layout, split, lang))
        for folder in folders
        for layout in _layouts(task, split, lang)
    ]
    folder, found = ", ".join(map(str, folders)), f"no files of {task.name} {split} in {lang!r}"
    if lang in task.without.get(split, ()) or not places:
        return DataError(folder, "", found, "none, for this split has no such language", "Leave the language out.")
    hint = f"Put the files there, or say in tasks.{task.name}.folders where they are."
    return DataError(folder, "", found, f"one of: {'; '.join(places)}", hint)


def read(found: Found, task: Task, lang: str, limit: int | None = None) -> "pa.Table":
    """The canonical table of a split, all of it checked.

    Args:
        limit: keep the first so many examples. Of a retrieval set it keeps the first so many foreign sentences, all
            English sentences that are their translations, and further English ones in file order up to the limit, as
            if the files had never held more: a Tatoeba row number is still the row of a foreign sentence, and a gold
            pair whose foreign sentence is cut is dropped.

    Raises:
        DataError: a file that is not what its format says, with the place of the first thing that is wrong.
    """
    import pyarrow as pa

    from xstilts.sources.columns import SCHEMAS

    schema = SCHEMAS[task.kind]
    rows = _checked(_examples(found, task, lang, limit), found, task)
    batches = [pa.RecordBatch.from_pylist(batch, schema) for batch in iter(lambda: list(islice(rows, _BATCH)), [])]
    if not batches:
        names = ", ".join(path.name for path in found.paths[1:])
        hint = f"Looked into {names} too." if names else "The file may have been cut off; fetch it again."
        raise DataError(found.paths[0], "", f"no example in {lang!r}", "at least one", hint)
    return pa.Table.from_batches(batches, schema)


def _layouts(task: Task, split: str, lang: str) -> list[Layout]:
    return [layout for layout in task.splits.get(split, ()) if lang in (layout.languages or (lang,))]


def _file_names(layout: Layout, split: str, lang: str) -> list[str]:
    own = language(lang)
    names = {"split": split, "lang": lang, "iso3": own.iso3, "name": own.name.lower()}
    return [pattern.format(**names) for pattern in layout.patterns]


def _matches(folder: Path, name: str) -> list[Path]:
    """The files of that name, which may hold `*`, in the order of their own names."""
    return sorted((path for path in folder.glob(name) if path.is_file()), key=lambda path: (path.name, path))


def _chosen(folder: Path, layout: Layout, matches: list[list[Path]]) -> tuple[Path, ...]:
    if not layout.every:
        for pattern, paths in zip(layout.patterns, matches, strict=True):
            if len(paths) > 1:
                raise DataError(folder, "", ", ".join(map(str, paths)), f"one file for {pattern}")
    return tuple(chain.from_iterable(matches))


def _examples(found: Found, task: Task, lang: str, limit: int | None) -> Iterator[Example]:
    """The rows of all files, or of the first examples; files of one pattern are read one after the other."""
    groups = [[path] for path in found.paths] if found.layout.every else [list(found.paths)]
    if task.kind == "retrieval" and limit is not None:
        (paths,) = groups
        rows = bitext.first(found.layout.read(paths, task=task, lang=lang), limit)
        return ((paths[0], place, row) for place, row in rows)
    examples = ((paths[0], *item) for paths in groups for item in found.layout.read(paths, task=task, lang=lang))
    return islice(examples, limit)


def _checked(examples: Iterator[Example], found: Found, task: Task) -> Iterator[dict]:
    """The rows, each with an id of its own, labelled throughout or not at all, and right for their kind."""
    from xstilts.sources.columns import GOLD

    column, check, seen, labelled = GOLD[task.kind], _CHECKS.get(task.kind), set(), None
    for path, place, row in examples:
        row = {"id": str(len(seen)), **row}
        if not row["id"] or row["id"] in seen:
            raise DataError(path, place, f"the id {row['id']!r}" + " again" * bool(row["id"]), "an id of its own")
        seen.add(row["id"])
        if row.get("side") != "foreign":
            labelled = _labelled(path, place, row[column] is not None, labelled, found.split)
        if check and row[column] is not None:
            check(path, place, row, task.labels)
        yield row


def _labelled(path: Path, place: str, has_gold: bool, labelled: bool | None, split: str) -> bool:
    if split == "train" and not has_gold:
        raise DataError(path, place, "no label", "labels in training data")
    if labelled not in (None, has_gold):
        found, before = ("a label", "none") if has_gold else ("no label", "one")
        raise DataError(path, place, f"{found}, where the rows before have {before}", "labels in every row, or in none")
    return has_gold


def _check_label(path: Path, place: str, row: dict, labels: tuple[str, ...]) -> None:
    if row["label"] not in labels:
        raise _not_a_label(path, place, f"the label {shorten(row['label'])}", row["label"], labels)


def _check_tags(path: Path, place: str, row: dict, labels: tuple[str, ...]) -> None:
    words, tags = row["words"], row["tags"]
    if not words or len(words) != len(tags):
        raise DataError(path, place, f"{len(tags)} tags for {len(words)} words", "words, and a tag for each")
    for number, (word, tag) in enumerate(zip(words, tags, strict=True), 1):
        if tag not in labels:
            found = f"the tag {shorten(tag)} on word {number}, {shorten(word)}"
            raise _not_a_label(path, place, found, tag, labels)


def _not_a_label(path: Path, place: str, found: str, value: str, labels: tuple[str, ...]) -> DataError:
    return DataError(path, place, found, f"one of {', '.join(labels)}", nearest(value, labels).strip())


_CHECKS = {"classification": _check_label, "tagging": _check_tags}
