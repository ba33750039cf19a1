"""The files of a task as they were released, or as XTREME lays them out.

A task lists its layouts, best first; the first folder that has all files of one of them is read.
"""

from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path

from xstilts.errors import DataError
from xstilts.languages import language
from xstilts.sources import parts
from xstilts.task import Folders, Layout, Task


@dataclass(frozen=True)
class Found:
    """The files of a split in one language.

    Args:
        task: the task that the files belong to.
        split: `train`, `dev` or `test`.
        lang: the code of the language.
        layout: the layout that they follow.
        folder: where the layout begins.
        paths: one file for each pattern of the layout, or every file that its patterns stand for.
    """

    task: Task
    split: str
    lang: str
    layout: Layout
    folder: Path
    paths: tuple[Path, ...]


def locate(task: Task, split: str, lang: str, folders: Folders) -> Found | None:
    """The files of a split: from the first folder that has a layout, the first layout it has.

    Files that have lost their labels are taken only where no folder has others.

    Raises:
        DataError: several files where there should be one.
        UserError: an unknown language.
    """
    places = list(product(folders, _layouts(task, split, lang)))
    for folder, layout in sorted(places, key=lambda place: split in place[1].unlabelled):
        if found := at(folder, layout, task, split, lang):
            return found
    return None


def at(folder: Path, layout: Layout, task: Task, split: str, lang: str) -> Found | None:
    """The files of a split in one folder, if it has all those of a layout.

    Raises:
        DataError: several files where there should be one.
    """
    matches = [_matches(folder, name, layout.every) for name in file_names(layout, split, lang)]
    if not all(matches):
        return None
    return Found(task, split, lang, layout, folder, _chosen(folder, layout, matches))


def require_whole(found: Found) -> Found:
    """What was found, if nothing beside it looks like a part of it that is not read, or is read twice.

    Raises:
        DataError: the first such file.
    """
    what = f"{found.task.name} {found.split} in {found.lang!r}"
    for name in file_names(found.layout, found.split, found.lang):
        for path, whole in parts.of(found.folder, name):
            if path not in found.paths:
                hint = "Unpack it or join the parts into one file, or move it elsewhere if it is none of them."
                raise DataError(path, "", f"what looks like a part of {what} and is not read", f"all in {name}", hint)
            if whole in found.paths:
                raise DataError(path, "", f"a part beside the whole, {whole.name}", "one or the other", "Remove one.")
    if found.layout.own:
        own = _named(found.layout.own, found.split, found.lang)
        for path in parts.unread(found.folder, own, found.paths):
            hint = "Give it the name and the folder that the release gives it, or move it elsewhere if it is not of it."
            raise DataError(path, "", f"a file of {what} that is not read", "all of them among those read", hint)
    return found


def missing(task: Task, split: str, lang: str, folders: Folders, hint: str = "") -> DataError:
    """The error for a split that `locate` did not find: every place that was looked at, or the notice of the task."""
    places = [
        " with ".join(str(folder / name) for name in file_names(layout, split, lang))
        for folder in folders
        for layout in _layouts(task, split, lang)
    ]
    folder, found = ", ".join(map(str, folders)), f"no files of {task.name} {split} in {lang!r}"
    if lang in task.missing_languages.get(split, ()) or not places:
        return DataError(folder, "", found, "none, for this split has no such language", "Leave the language out.")
    hint = hint or f"Put the files there, or say in tasks.{task.name}.folders where they are."
    if pieces := _pieces(task, split, lang, folders):
        hint = f"Join the parts into one file, or unpack them: {', '.join(map(str, pieces))}. {hint}"
    return DataError(folder, "", found, task.manual_download or f"one of: {'; '.join(places)}", hint)


def _layouts(task: Task, split: str, lang: str) -> list[Layout]:
    return [layout for layout in task.splits.get(split, ()) if layout.has(lang)]


def file_names(layout: Layout, split: str, lang: str) -> list[str]:
    """The patterns of a layout with the names of the language and the split in place; they may hold `*`."""
    return [_named(pattern, split, lang) for pattern in layout.patterns]


def _named(pattern: str, split: str, lang: str) -> str:
    own = language(lang)
    return pattern.format(split=split, lang=lang, iso3=own.iso3, name=own.name.lower())


def _pieces(task: Task, split: str, lang: str, folders: Folders) -> list[Path]:
    """The files that look like parts of those that are missing."""
    names = [name for layout in _layouts(task, split, lang) for name in file_names(layout, split, lang)]
    return [path for folder in folders for name in names for path, _ in parts.of(folder, name)]


def _matches(folder: Path, name: str, in_parts: bool) -> list[Path]:
    """The files of that name, which may hold `*`, and perhaps parts of such files, in the order of their own names."""
    found = [path for path in folder.glob(name) if path.is_file()]
    if in_parts:
        found += [path for path, whole in parts.of(folder, name) if path != whole and path.suffix == whole.suffix]
    return sorted(found, key=lambda path: (parts.order(path.name), path))


def _chosen(folder: Path, layout: Layout, matches: list[list[Path]]) -> tuple[Path, ...]:
    if not layout.every:
        for pattern, paths in zip(layout.patterns, matches, strict=True):
            if len(paths) > 1:
                raise DataError(folder, "", ", ".join(map(str, paths)), f"one file for {pattern}")
    return tuple(chain.from_iterable(matches))
