"""Removal of results that no configuration uses any more."""

import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from xstilts.paths import BUNDLES, MANIFEST
from xstilts.steps.entry import Entry
from xstilts.store.contents import paths
from xstilts.store.drafts import DRAFT, TRAINING, left_behind, lock_file
from xstilts.store.entries import finished
from xstilts.store.locks import holder

EXPERIMENTS = "experiments"

_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Leftover:
    """A file or folder that no configuration uses.

    Args:
        store: the folder of the store.
        path: its path, relative to the store.
        files: the files in it.
    """

    store: Path
    path: str
    files: tuple[Path, ...]

    @property
    def kind(self) -> str:
        """The top-level folder of the store that contains it."""
        return self.path.partition("/")[0]

    @property
    def bytes(self) -> int:
        """The total size of its files in bytes."""
        return sum(file.lstat().st_size for file in self.files)


def leftovers(store: Path, named: dict[str, Entry], experiments: Iterable[str]) -> list[Leftover]:
    """The entries of a store that are not used, idle scratch folders of those that are, and old markers of bundles.

    Args:
        named: the entries of all configurations that are kept, by path.
        experiments: the names of their experiments; the reports of other experiments are not leftovers.
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
    markers = sorted((store / BUNDLES).rglob(MANIFEST))
    return found + [_leftover(store, str(one.parent.relative_to(store))) for one in markers if _idle_for_a_day(one)]


def other_experiments(store: Path, experiments: Iterable[str]) -> list[Leftover]:
    """The report folders of all experiments but the given ones."""
    folders = sorted(folder for folder in (store / EXPERIMENTS).glob("*") if folder.is_dir())
    return [_leftover(store, f"{EXPERIMENTS}/{one.name}") for one in folders if one.name not in set(experiments)]


def freed(found: Iterable[Leftover]) -> int:
    """The bytes that a removal frees; a file with a hard link elsewhere frees none."""
    links: Counter[tuple[int, int]] = Counter()
    sizes: dict[tuple[int, int], tuple[int, int]] = {}
    for file in (file for one in found for file in one.files):
        status = file.lstat()
        inode = (status.st_dev, status.st_ino)
        links[inode] += 1
        sizes[inode] = (status.st_size, status.st_nlink)
    return sum(size for inode, (size, names) in sizes.items() if links[inode] == names)


def remove(leftover: Leftover) -> None:
    """Delete a leftover, its manifest first, then broken links to it and empty parent folders."""
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
    """Whether a job may be running that creates this entry."""
    drafts = left_behind(store, entry, DRAFT)
    return holder(lock_file(store, entry)) is not None or not all(map(_idle_for_a_day, drafts))


def _lies_in(path: str, found: list[Leftover]) -> bool:
    """Whether a path is inside the last folder that was found."""
    return bool(found) and path.startswith(f"{found[-1].path}/")


def _leftover(store: Path, path: str) -> Leftover:
    place = store / path
    is_folder = place.is_dir() and not place.is_symlink()
    files = [file for file in place.rglob("*") if file.is_symlink() or not file.is_dir()] if is_folder else [place]
    return Leftover(store, path, tuple(files))


def _idle_scratch(store: Path, entry: Entry) -> Iterator[Path]:
    """Scratch folders to remove from an entry that is kept: training states if it is finished, and old drafts."""
    if holder(lock_file(store, entry)) is None:
        yield from left_behind(store, entry, TRAINING) if finished(store, entry) else ()
        yield from filter(_idle_for_a_day, left_behind(store, entry, DRAFT))


def _idle_for_a_day(place: Path) -> bool:
    """Whether nothing has been written in a folder for a day, so that no running job uses it."""
    newest = max(file.lstat().st_mtime for file in (place, *place.rglob("*")))
    return time.time() - newest > _DAY
