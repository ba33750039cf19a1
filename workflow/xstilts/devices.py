"""Which GPU a job computes on: one of those it may see that no other job of this user on this machine has taken."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

VISIBLE = "CUDA_VISIBLE_DEVICES"
# Not the TMPDIR of a job, which may be its own.
LOCKS = Path("/tmp") / f"xstilts-devices-{os.getuid()}"
"""Where every run of this user on this machine looks: a file for each device, locked by the job that computes on it."""

_ALLOCATIONS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID")
_SECONDS = 0.5


def visible() -> list[str]:
    """The GPUs that this process may use: those of `CUDA_VISIBLE_DEVICES`, all of the machine where it is not set."""
    given = os.environ.get(VISIBLE)
    if given is None:
        return [str(number) for number, _ in enumerate(Path("/dev").glob("nvidia[0-9]*"))]
    names = [name.strip() for name in given.split(",")]
    # As for CUDA, what is behind a device that is none does not count.
    return names[: next((number for number, name in enumerate(names) if name in ("", "-1")), None)]


@contextmanager
def taken(locks: Path = LOCKS) -> Iterator[str | None]:
    """Wait for a GPU and let this process see no other while the block lasts; to be entered before CUDA starts.

    The kernel frees the device with the lock when the process dies, of whatever.

    Yields:
        Its name; None on a machine without GPU, where nothing changes.
    """
    names, before = visible(), os.environ.get(VISIBLE)
    if not names:
        yield None
        return
    with _free(names, _folder(locks)) as file:
        os.environ[VISIBLE] = file.name.rpartition("/")[2]
        try:
            yield os.environ[VISIBLE]
        finally:
            if before is None:
                del os.environ[VISIBLE]
            else:
                os.environ[VISIBLE] = before


def _folder(locks: Path) -> Path:
    """The folder of the locks. Within an allocation of a cluster devices are counted anew, so each has its own."""
    allocation = next((os.environ[name] for name in _ALLOCATIONS if os.environ.get(name)), "machine")
    folder = locks / allocation
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _free(names: list[str], folder: Path) -> TextIO:
    """The lock file of the first device that is free, open and held."""
    waiting = False
    while True:
        for name in names:
            file = (folder / name).open("a")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return file
            except BlockingIOError:
                file.close()
        if not waiting:
            print(f"Waiting for one of the GPUs {', '.join(names)}: other jobs compute on all of them.", flush=True)
            waiting = True
        time.sleep(_SECONDS)
