"""Where the files of a task are: in the folders of the user, or behind a pinned address."""

from pathlib import Path

from xstilts import tasks
from xstilts.config import Config
from xstilts.sources import release
from xstilts.sources.release import Found
from xstilts.spec import FileHashes
from xstilts.tasks.base import Task


def folders(task: Task, config: Config) -> list[Path]:
    """The folders in which a task's files are looked for, in order."""
    names = task.folders or (task.name,)
    return list(config.task(task.name).folders or (config.data / name for name in names))


def parts(task: Task) -> list[Task]:
    """The tasks whose files a task is read from: those that it pools, else itself."""
    return [tasks.load(name) for name in task.pools] or [task]


def identity(task: Task, split: str, lang: str, config: Config, hashes: FileHashes) -> dict:
    """What stands for the files of a split in a spec; nothing is fetched for it."""
    if task.pools:
        return {part.name: identity(part, split, lang, config, hashes) for part in parts(task)}
    found = release.locate(task, split, lang, folders(task, config))
    if found is None:
        return {"missing": [list(layout.patterns) for layout in task.splits[split]]}
    return {"layout": list(found.layout.patterns), "sha256": [hashes.of(path) for path in found.paths]}


def sources(task: Task, split: str, lang: str, config: Config) -> list[Found]:
    """The files of a split, one group for each part of the task.

    Raises:
        DataError: they are not there.
    """
    return [_source(part, split, lang, config) for part in parts(task)]


def _source(task: Task, split: str, lang: str, config: Config) -> Found:
    found = release.locate(task, split, lang, folders(task, config))
    if found is None:
        raise release.missing(task, split, lang, folders(task, config))
    return found
