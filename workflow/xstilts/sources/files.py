"""Locations of the files of a task: local folders, the hub or an official archive."""

from xstilts.config import Config, SourceName
from xstilts.fingerprints.spec import FileHashes
from xstilts.sources import release
from xstilts.sources.archives import archive
from xstilts.task import Folders, Hub, Task


def source(task: Task, config: Config) -> SourceName:
    """The source that a task is read from; data that only the user can provide is never read from the hub."""
    own = config.task(task.name).source or config.source
    return "release" if own == "local" or (task.manual_download and own == "hub") else own


def folders(task: Task, config: Config) -> Folders:
    """The folders that are searched for the files of a task, in order."""
    names = task.folders or (task.name,)
    return list(config.task(task.name).folders or (config.data / name for name in names))


def on_hub(task: Task, split: str, lang: str) -> Hub | None:
    """The copy of a split in one language on the hub; None if there is none."""
    return next((hub for hub in task.hub if hub.split == split and hub.layout.has(lang)), None)


def in_archive(task: Task, split: str, lang: str) -> str | None:
    """The name of the official archive with a split in one language; None if there is none."""
    return task.archives[split].format(lang=lang) if split in task.archives else None


def unpacked(name: str, config: Config) -> Folders:
    """The folder in which the user has unpacked an archive, and the root folder in it; empty if none is configured."""
    own = config.sources.get(name)
    return [own.folder, own.folder / archive(name, config.sources).root] if own and own.folder else []


def identity(task: Task, split: str, lang: str, config: Config, hashes: FileHashes) -> dict:
    """The identity of the files of a split for a spec; nothing is downloaded."""
    if task.pools:
        return {part.name: identity(part, split, lang, config, hashes) for part in task.pools}
    if source(task, config) == "release":
        content = _content(task, split, lang, folders(task, config), hashes)
        # Files of a task of the configuration are read in one way, whatever their names.
        return {key: one for key, one in content.items() if key != "layout" or not config.task(task.name).local}
    if source(task, config) == "miniature":
        return {"source": "miniature"}
    if hub := on_hub(task, split, lang):
        place = {"repository": hub.repository.name, "revision": hub.repository.revision}
        return place | {"files": release.file_names(hub.layout, split, lang)}
    name = in_archive(task, split, lang)
    if name is None:
        return {"missing": "hub"}
    if own := unpacked(name, config):
        return _content(task, split, lang, own, hashes)
    return {"archive": name, "sha256": archive(name, config.sources).sha256}


def _content(task: Task, split: str, lang: str, folders: Folders, hashes: FileHashes) -> dict:
    found = release.locate(task, split, lang, folders)
    if found is None:
        return {"missing": [list(layout.patterns) for layout in task.splits[split]]}
    return {"layout": list(found.layout.patterns), "sha256": [hashes.of(path) for path in found.paths]}
