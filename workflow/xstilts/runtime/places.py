"""Places on GPUs: the shares of each GPU that the jobs of a user hold, and the order in which waiting jobs get them.

A job with a place holds two locks: a shared lock on the file of the GPU, and an exclusive lock on a file of its own,
which contains its share of the GPU. Versions of xstilts without shares lock the file of the GPU exclusively, so their
jobs and others never have the same GPU. The shares on one GPU add up to at most 1, also if runs differ in them.

A waiting job holds no GPU. It has a ticket, which names as many GPUs as it needs; no later job takes a place on these,
so it waits at most for the jobs that run there and for earlier tickets. Places and tickets change under one lock, which
is held only for a moment. The kernel releases the locks of a process however it ends.
"""

import glob
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import TextIO

from xstilts.store import locks

_SECONDS = 0.5
_MOMENT = 0.01
_TICKET = ".waiting-"


@contextmanager
def taken(
    shares: Mapping[str, Fraction], number: int, folder: Path, waiting: Callable[[], None]
) -> Iterator[list[str]]:
    """Wait for places on GPUs, and hold them while the block lasts.

    Args:
        shares: the share of a GPU that the job needs, by name of the GPU, in order of preference.
        number: the number of GPUs, at most that of `shares`.
        folder: the folder with the locks.
        waiting: is called once if the job has to wait.

    Yields:
        The names of the GPUs.

    Raises:
        UserError: the disk of `folder` does not support file locks.
    """
    with ExitStack() as held:
        found = _taken_at_once(shares, number, folder, held)
        if not found:
            with _ticket(shares, number, folder) as ticket:
                waiting()
                while not (found := _taken_at_once(shares, number, folder, held, ticket)):
                    time.sleep(_SECONDS)
        yield found


def _taken_at_once(
    shares: Mapping[str, Fraction], number: int, folder: Path, held: ExitStack, ticket: Path | None = None
) -> list[str]:
    """Take free places, unless they are kept for earlier tickets.

    Returns:
        The names of the GPUs; empty if too few have a free place.
    """
    with _alone(folder), ExitStack() as places:
        kept = _kept(folder, ticket)
        found: list[str] = []
        for name, share in shares.items():
            if len(found) < number and name not in kept and _take(name, share, folder, places):
                found.append(name)
        if len(found) < number:
            return []
        held.push(places.pop_all())
        return found


def _take(name: str, share: Fraction, folder: Path, places: ExitStack) -> bool:
    """Take a place on a GPU if its free share is large enough."""
    gpu = locks.hold(_file(folder, name), locks.DEVICES, shared=True)
    if gpu is None:
        return False
    if _occupied(name, folder) + share > 1:
        gpu.close()
        return False
    places.enter_context(gpu)
    own = next(filter(None, (locks.hold(_file(folder, f"{name}.{n}"), locks.DEVICES) for n in count(1))))
    _write(places.enter_context(own), str(share))
    return True


def _occupied(name: str, folder: Path) -> Fraction:
    """The share of a GPU that jobs hold."""
    files = folder.glob(f"{glob.escape(_file(folder, name).name)}.*")
    return sum((Fraction(share) for share in map(locks.holder, files) if share), Fraction())


def jobs(name: str, folder: Path) -> int:
    """The number of jobs that have a place on a GPU at present."""
    files = folder.glob(f"{glob.escape(_file(folder, name).name)}.*")
    return sum(locks.holder(file) is not None for file in files)


@contextmanager
def _ticket(shares: Mapping[str, Fraction], number: int, folder: Path) -> Iterator[Path]:
    """A ticket that keeps GPUs free: those with the fewest tickets, and of these the least occupied ones."""
    with _alone(folder):
        kept = _kept(folder)
        names = sorted(shares, key=lambda name: (kept[name], _occupied(name, folder)))[:number]
        path = folder / f"{_TICKET}{time.time_ns():020}-{os.getpid()}"
        file = locks.hold(path, locks.DEVICES)
        assert file is not None
        _write(file, "\n".join(names))
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        file.close()


def _kept(folder: Path, ticket: Path | None = None) -> Counter[str]:
    """The number of tickets that keep each GPU free, of those before a ticket or of all. Removes those of dead jobs."""
    kept: Counter[str] = Counter()
    for path in folder.glob(f"{_TICKET}*"):
        if ticket is None or path.name < ticket.name:
            if names := locks.holder(path):
                kept.update(names.split("\n"))
            else:
                path.unlink(missing_ok=True)
    return kept


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process looks at places or tickets."""
    while not (file := locks.hold(folder / ".lock", locks.DEVICES)):
        time.sleep(_MOMENT)
    with file:
        yield


def _file(folder: Path, name: str) -> Path:
    """The lock file of a GPU or a place. Names of MIG devices may contain slashes."""
    return folder / name.replace("/", "_")


def _write(file: TextIO, text: str) -> None:
    file.truncate(0)
    file.write(text)
    file.flush()
