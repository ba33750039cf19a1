"""Locating the files of a task, and downloading them if necessary."""

from pathlib import Path

from xstilts.config import Config
from xstilts.errors import UserError
from xstilts.sources import download, files, hub, release
from xstilts.sources.archives import archive
from xstilts.sources.release import Found
from xstilts.task import Folders, Hub, Task


def sources(task: Task, split: str, lang: str, config: Config, miniature: Path | None = None) -> list[Found]:
    """The files of a split, one group for each part of the task.

    Args:
        miniature: the folder of the miniature, for tasks that are read from it.

    Raises:
        UserError: the files are missing or cannot be downloaded.
    """
    return [_source(part, split, lang, config, miniature) for part in task.parts]


def _source(task: Task, split: str, lang: str, config: Config, miniature: Path | None) -> Found:
    source = files.source(task, config)
    if source == "release":
        return _of_release(task, split, lang, files.folders(task, config))
    if source == "miniature":
        assert miniature is not None, "a job that reads a task from the miniature has the miniature as an input"
        hint = "The miniature has no such file: leave out the task or the language."
        return _of_release(task, split, lang, [miniature / task.name], hint)
    if copy := files.on_hub(task, split, lang):
        return _of_hub(copy, task, split, lang)
    if name := files.in_archive(task, split, lang):
        return _of_archive(name, task, split, lang, config)
    available = ", ".join(sorted({copy.split for copy in task.hub} | set(task.archives))) or "none of its splits"
    raise UserError(
        f"{task.name} {split} in {lang!r}: not available on the hub or in an official archive, which have {available}. "
        f"Put its files into a folder (docs/tasks.md) and set tasks.{task.name}.source to 'release'."
    )


def _of_release(task: Task, split: str, lang: str, folders: Folders, hint: str = "") -> Found:
    found = release.locate(task, split, lang, folders)
    if found is None:
        raise release.missing(task, split, lang, folders, hint)
    return release.require_whole(found)


def _of_hub(copy: Hub, task: Task, split: str, lang: str) -> Found:
    patterns = release.file_names(copy.layout, split, lang)
    folder = hub.snapshot(copy.repository, patterns)
    found = release.at(folder, copy.layout, task, split, lang)
    if found is None:
        raise release.missing(task, split, lang, [folder])
    return release.require_whole(found)


def _of_archive(name: str, task: Task, split: str, lang: str, config: Config) -> Found:
    chosen = archive(name, config.sources)
    folders = files.unpacked(name, config) or [download.unpacked(name, chosen, config.store / "downloads")]
    found = release.locate(task, split, lang, folders)
    if found is None:
        raise release.missing(task, split, lang, folders, f"Check that sources.{name} names the archive {name}.")
    return release.require_whole(found)
