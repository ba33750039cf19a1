"""Which GPUs a job computes on: as many as it asks for of those that no other job of this user on this machine has."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TextIO

from xstilts.errors import UserError
from xstilts.store import locks as file_locks

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
def taken(count: int = 1, locks: Path = LOCKS) -> Iterator[str | None]:
    """Wait for GPUs and let this process see no other while the block lasts; to be entered before CUDA starts.

    The kernel frees the devices with their locks when the process dies, of whatever.

    Yields:
        Their names, with commas between; None on a machine without GPU, where nothing changes.

    Raises:
        UserError: there are not so many, or there are no file locks in `locks`.
    """
    names, before = visible(), os.environ.get(VISIBLE)
    if not names:
        yield None
        return
    if count > len(names):
        raise UserError(
            f"the job asks for {count} GPUs, and may see {len(names)} ({', '.join(names)}). Set 'gpus' of the stage to "
            f"{len(names)} at most; its results keep their names."
        )
    with ExitStack() as held:
        files = [held.enter_context(file) for file in _free(count, names, _folder(locks))]
        os.environ[VISIBLE] = ",".join(file.name.rpartition("/")[2] for file in files)
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


def _free(count: int, names: list[str], folder: Path) -> list[TextIO]:
    """The lock files of the first devices that are free, open and held."""
    waiting = False
    while True:
        files = list(
            islice(filter(None, (file_locks.hold(folder / name, file_locks.DEVICES) for name in names)), count)
        )
        if len(files) == count:
            return files
        # None is held meanwhile: two jobs would wait for each other.
        for file in files:
            file.close()
        if not waiting:
            print(f"Waiting for {count} of the GPUs {', '.join(names)}: other jobs compute on them.", flush=True)
            waiting = True
        time.sleep(_SECONDS)
