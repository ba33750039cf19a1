"""Removing what no configuration names any more from a store."""

import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from xstilts.paths import MANIFEST
from xstilts.steps.entry import Entry
from xstilts.store.contents import paths
from xstilts.store.drafts import DRAFT, TRAINING, left_behind, lock_file
from xstilts.store.entries import finished
from xstilts.store.locks import holder

EXPERIMENTS = "experiments"

_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Leftover:
    """Something that no configuration names.

    Args:
        path: below the store.
        files: its files.
    """

    store: Path
    path: str
    files: tuple[Path, ...]

    @property
    def kind(self) -> str:
        """The folder of the store that it lies in."""
        return self.path.partition("/")[0]

    @property
    def bytes(self) -> int:
        """The size of its files."""
        return sum(file.lstat().st_size for file in self.files)


def leftovers(store: Path, named: dict[str, Entry], experiments: Iterable[str]) -> list[Leftover]:
    """The entries of a store that none of the named entries stands for, but no other experiment's, and idle scratch.

    Args:
        named: the entries of all configurations that are to be kept, by path.
        experiments: the names of their experiments; in the folders of others nothing is a leftover.
    """
    ours = {f"{EXPERIMENTS}/{name}/" for name in experiments}
    found = []
    for path in paths(store):
        foreign = path.startswith(f"{EXPERIMENTS}/") and not path.startswith(tuple(ours))
        entry = Entry("", path, {}, {}, f"{path}/{MANIFEST}")
        if path in named or foreign:
            found += [_leftover(store, str(place.relative_to(store))) for place in _idle_scratch(store, entry)]
        elif not _lies_in(path, found) and not _is_made(store, entry):
            found.append(_leftover(store, path))
    return found


def other_experiments(store: Path, experiments: Iterable[str]) -> list[Leftover]:
    """The folders of experiments that are not among the given ones."""
    folders = sorted(folder for folder in (store / EXPERIMENTS).glob("*") if folder.is_dir())
    return [_leftover(store, f"{EXPERIMENTS}/{one.name}") for one in folders if one.name not in set(experiments)]


def freed(found: Iterable[Leftover]) -> int:
    """The bytes that the disk gets back; a file that has another name elsewhere gives back nothing."""
    links, sizes = Counter(), {}
    for file in (file for one in found for file in one.files):
        status = file.lstat()
        inode = (status.st_dev, status.st_ino)
        links[inode] += 1
        sizes[inode] = (status.st_size, status.st_nlink)
    return sum(size for inode, (size, names) in sizes.items() if links[inode] == names)


def remove(leftover: Leftover) -> None:
    """Delete it, its manifest first, and what is then without use: links that lead to it and empty folders above."""
    place = leftover.store / leftover.path
    if place.is_dir() and not place.is_symlink():
        (place / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
    above = place.parent
    if leftover.kind == EXPERIMENTS and above.is_dir():
        _remove_broken_links(above)
    with suppress(OSError):
        while above.parent != leftover.store:
            above.rmdir()
            above = above.parent


def _remove_broken_links(folder: Path) -> None:
    for file in folder.iterdir():
        if file.is_symlink() and not file.exists():
            file.unlink()


def _is_made(store: Path, entry: Entry) -> bool:
    """Whether a job may be about to finish this entry."""
    drafts = left_behind(store, entry, DRAFT)
    return holder(lock_file(store, entry)) is not None or not all(map(_idle_for_a_day, drafts))


def _lies_in(path: str, found: list[Leftover]) -> bool:
    """Whether a path goes with the folder that was found before it."""
    return bool(found) and path.startswith(f"{found[-1].path}/")


def _leftover(store: Path, path: str) -> Leftover:
    place = store / path
    is_folder = place.is_dir() and not place.is_symlink()
    files = [file for file in place.rglob("*") if file.is_symlink() or not file.is_dir()] if is_folder else [place]
    return Leftover(store, path, tuple(files))


def _idle_scratch(store: Path, entry: Entry) -> Iterator[Path]:
    """In an entry that stays: what a training has left that needs it no more, and drafts of jobs that died long ago."""
    if holder(lock_file(store, entry)) is None:
        yield from left_behind(store, entry, TRAINING) if finished(store, entry) else ()
        yield from filter(_idle_for_a_day, left_behind(store, entry, DRAFT))


def _idle_for_a_day(place: Path) -> bool:
    """Whether nothing has been written below a folder since yesterday; a job that runs may be at work in it."""
    newest = max(file.lstat().st_mtime for file in (place, *place.rglob("*")))
    return time.time() - newest > _DAY
