"""Removing what no configuration names any more from a store."""

import re
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from xstilts.grid import Entry
from xstilts.inspection.results import paths
from xstilts.locks import holder
from xstilts.spec import fingerprint
from xstilts.store import MANIFEST, finished

SCRATCH = ".scratch"
EXPERIMENTS = "experiments"

_STATE = re.compile(r"([0-9a-f]{12})\.training")
_LOCK = re.compile(r"([0-9a-f]{12})\.lock")
_DRAFT = re.compile(r"([0-9a-f]{12})\.files\.\d+")
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
    """The entries and the scratch of a store that none of the named entries stands for, but no other experiment's.

    Args:
        named: the entries of all configurations that are to be kept, by path.
        experiments: the names of their experiments; in the folders of others nothing is a leftover.
    """
    ours = {f"{EXPERIMENTS}/{name}/" for name in experiments}
    found = []
    for path in paths(store):
        foreign = path.startswith(f"{EXPERIMENTS}/") and not path.startswith(tuple(ours))
        if path not in named and not foreign and not _lies_in(path, found) and not _is_trained(store, path):
            found.append(_leftover(store, path))
    return found + [_leftover(store, path) for path in _idle_scratch(store, named.values())]


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


def _is_trained(store: Path, path: str) -> bool:
    """Whether a training is just about to finish this entry."""
    return holder(store / SCRATCH / f"{fingerprint(path)}.lock") is not None


def _lies_in(path: str, found: list[Leftover]) -> bool:
    """Whether a path goes with the folder that was found before it."""
    return bool(found) and path.startswith(f"{found[-1].path}/")


def _leftover(store: Path, path: str) -> Leftover:
    place = store / path
    is_folder = place.is_dir() and not place.is_symlink()
    files = [file for file in place.rglob("*") if file.is_symlink() or not file.is_dir()] if is_folder else [place]
    return Leftover(store, path, tuple(files))


def _idle_scratch(store: Path, named: Iterable[Entry]) -> Iterator[str]:
    """What trainings have left that no named entry goes on from, and drafts of jobs that died long ago."""
    wanted = {fingerprint(entry.path) for entry in named if not finished(store, entry)}
    for place in sorted((store / SCRATCH).glob("*")):
        match = _STATE.fullmatch(place.name) or _LOCK.fullmatch(place.name) or _DRAFT.fullmatch(place.name)
        if match is None or holder(store / SCRATCH / f"{match[1]}.lock"):
            continue
        if _idle_for_a_day(place) if _DRAFT.fullmatch(place.name) else match[1] not in wanted:
            yield f"{SCRATCH}/{place.name}"


def _idle_for_a_day(place: Path) -> bool:
    """Whether nothing has been written below a folder since yesterday; a job that runs may be at work in it."""
    newest = max(file.lstat().st_mtime for file in (place, *place.rglob("*")))
    return time.time() - newest > _DAY
