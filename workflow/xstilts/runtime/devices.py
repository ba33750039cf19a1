"""Allocation of GPUs to the jobs of a user on one machine."""

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
# TMPDIR may differ between jobs.
LOCKS = Path("/tmp") / f"xstilts-devices-{os.getuid()}"
"""Folder with a lock file per device, shared by all runs of this user on this machine; a job locks its devices."""

_ALLOCATIONS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID")
_SECONDS = 0.5


def visible() -> list[str]:
    """The GPUs that this process may use: those of `CUDA_VISIBLE_DEVICES`, or all of the machine if it is not set."""
    given = os.environ.get(VISIBLE)
    if given is None:
        return [str(number) for number, _ in enumerate(Path("/dev").glob("nvidia[0-9]*"))]
    names = [name.strip() for name in given.split(",")]
    # CUDA ignores everything after an invalid device.
    return names[: next((number for number, name in enumerate(names) if name in ("", "-1")), None)]


@contextmanager
def taken(count: int = 1, locks: Path = LOCKS) -> Iterator[str | None]:
    """Wait for free GPUs and restrict this process to them while the block lasts. Must be entered before CUDA starts.

    However the process ends, the kernel releases its locks and thereby its devices.

    Yields:
        The names of the GPUs, separated by commas; None on a machine without GPUs, where nothing is changed.

    Raises:
        UserError: there are fewer GPUs than `count`, or the disk of `locks` does not support file locks.
    """
    names, before = visible(), os.environ.get(VISIBLE)
    if not names:
        yield None
        return
    if count > len(names):
        raise UserError(
            f"the job requires {count} GPUs, but only {len(names)} are visible ({', '.join(names)}). Set 'gpus' of the "
            f"stage to at most {len(names)}; its results keep their names."
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
    """The folder of the locks. Each allocation of a cluster has its own, since it numbers its devices from 0."""
    allocation = next((os.environ[name] for name in _ALLOCATIONS if os.environ.get(name)), "machine")
    folder = locks / allocation
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _free(count: int, names: list[str], folder: Path) -> list[TextIO]:
    """The lock files of the first free devices, open and locked."""
    waiting = False
    while True:
        files = list(
            islice(filter(None, (file_locks.hold(folder / name, file_locks.DEVICES) for name in names)), count)
        )
        if len(files) == count:
            return files
        # A job that held some devices while it waits could deadlock with another.
        for file in files:
            file.close()
        if not waiting:
            print(f"Waiting for {count} of the GPUs {', '.join(names)}: they are used by other jobs.", flush=True)
            waiting = True
        time.sleep(_SECONDS)
