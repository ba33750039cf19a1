"""Locating the files of a task in the layout of its release or of XTREME.

A task lists its layouts in order of preference; the first folder that has all files of a layout is read.
"""

from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path

from xstilts.errors import DataError
from xstilts.languages import language
from xstilts.sources import parts
from xstilts.task import PAIR, Folders, Layout, Task


@dataclass(frozen=True)
class Found:
    """The files of a split in one language.

    Args:
        task: the task that the files belong to.
        split: `train`, `dev` or `test`.
        lang: the code of the language.
        layout: the layout of the files.
        folder: the folder that the patterns of the layout are relative to.
        paths: one file for each pattern of the layout, or all files that match its patterns.
    """

    task: Task
    split: str
    lang: str
    layout: Layout
    folder: Path
    paths: tuple[Path, ...]


def locate(task: Task, split: str, lang: str, folders: Folders) -> Found | None:
    """The files of a split, in the first folder that has one of its layouts; None if no folder has.

    Unlabelled files are used only if no folder has labelled ones.

    Raises:
        DataError: several files match a pattern that stands for one file.
        UserError: the language is unknown.
    """
    places = list(product(folders, _layouts(task, split, lang)))
    for folder, layout in sorted(places, key=lambda place: split in place[1].unlabelled):
        if found := at(folder, layout, task, split, lang):
            return found
    return None


def at(folder: Path, layout: Layout, task: Task, split: str, lang: str) -> Found | None:
    """The files of a split in one folder; None if the folder lacks a file of the layout.

    Raises:
        DataError: several files match a pattern that stands for one file.
    """
    matches = [_matches(folder, name, layout.every) for name in file_names(layout, split, lang)]
    if not all(matches):
        return None
    return Found(task, split, lang, layout, folder, _chosen(folder, layout, matches))


def require_whole(found: Found) -> Found:
    """Refuse files of a split that are not read, or that are read twice because a part exists beside the whole.

    Returns:
        `found`, unchanged.

    Raises:
        DataError: the first such file.
    """
    what = f"{found.task.name} {found.split} in {found.lang!r}"
    for name in file_names(found.layout, found.split, found.lang):
        for path, whole in parts.of(found.folder, name):
            if path not in found.paths:
                hint = "Unpack it or join the parts into one file; if it is not a part, move it to another folder."
                raise DataError(path, "", f"an unread file that looks like a part of {what}", f"all in {name}", hint)
            if whole in found.paths:
                raise DataError(path, "", f"a part beside the whole file {whole.name}", "only one", "Remove one.")
    if found.layout.own:
        own = _named(found.layout.own, found.split, found.lang)
        for path in parts.unread(found.folder, own, found.paths):
            hint = "Restore the name and folder of the release; if it is another file, move it to another folder."
            raise DataError(path, "", f"an unread file of {what}", "only files that are read", hint)
    return found


def missing(task: Task, split: str, lang: str, folders: Folders, hint: str = "") -> DataError:
    """The error for a split that `locate` did not find: the paths that were tried, or the instructions of the task."""
    places = [
        " with ".join(str(folder / name) for name in file_names(layout, split, lang))
        for folder in folders
        for layout in _layouts(task, split, lang)
    ]
    folder, found = ", ".join(map(str, folders)), f"no files of {task.name} {split} in {lang!r}"
    if lang in task.missing_languages.get(split, ()) or not places:
        return DataError(folder, "", found, "none: this split lacks the language", "Leave out the language.")
    hint = hint or f"Put the files there, or set tasks.{task.name}.folders to their folder."
    if pieces := _pieces(task, split, lang, folders):
        hint = f"Join the parts into one file, or unpack them: {', '.join(map(str, pieces))}. {hint}"
    return DataError(folder, "", found, task.manual_download or f"one of: {'; '.join(places)}", hint)


def _layouts(task: Task, split: str, lang: str) -> list[Layout]:
    return [layout for layout in task.splits.get(split, ()) if layout.has(lang)]


def file_names(layout: Layout, split: str, lang: str) -> list[str]:
    """The patterns of a layout with the language and the split filled in; they may contain `*`."""
    return [_named(pattern, split, lang) for pattern in layout.patterns]


def _named(pattern: str, split: str, lang: str) -> str:
    first, _, second = lang.partition(PAIR)
    own = language(first)
    names = {"iso3": own.iso3, "name": own.name.lower(), "first": first, "second": second and language(second).code}
    return pattern.format(split=split, lang=lang, **names)


def _pieces(task: Task, split: str, lang: str, folders: Folders) -> list[Path]:
    """The files that look like parts of the missing files."""
    names = [name for layout in _layouts(task, split, lang) for name in file_names(layout, split, lang)]
    return [path for folder in folders for name in names for path, _ in parts.of(folder, name)]


def _matches(folder: Path, name: str, in_parts: bool) -> list[Path]:
    """The files that match a name with `*`, and their parts if `in_parts`, sorted by file name."""
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
