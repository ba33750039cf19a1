"""Allocation of GPUs to the jobs of a user on one machine."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from xstilts.errors import UserError
from xstilts.runtime import memory as memory_needs
from xstilts.runtime import places as locked_places

VISIBLE = "CUDA_VISIBLE_DEVICES"
# TMPDIR may differ between jobs.
LOCKS = Path("/tmp") / f"xstilts-devices-{os.getuid()}"
"""Folder with the locks of GPUs and places, shared by all runs of this user on this machine."""

_ORDER = "CUDA_DEVICE_ORDER"
_PLACES = "XSTILTS_PLACES"
_ALLOCATIONS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID")
_QUERY = ("nvidia-smi", "--query-gpu=index,uuid,memory.total,name", "--format=csv,noheader,nounits")


@dataclass(frozen=True)
class Gpu:
    """A GPU of this machine.

    Args:
        model: the name of its model.
        memory: its total memory in bytes.
    """

    model: str
    memory: int


@dataclass(frozen=True)
class Devices:
    """The GPUs of a job.

    Args:
        names: their names; empty on a machine without GPUs.
        places: the number of jobs among which the memory of each GPU is divided.
    """

    names: tuple[str, ...] = ()
    places: int = 1

    def limit_memory(self) -> None:
        """Restrict the tensors of this process to its share of the GPU's memory. Initialises CUDA if it is shared."""
        if self.places == 1:
            return
        import torch

        if torch.cuda.is_available():
            total = torch.cuda.get_device_properties(0).total_memory
            torch.cuda.set_per_process_memory_fraction(1 / self.places - memory_needs.CONTEXT / total)


def visible() -> list[str]:
    """The GPUs that this process may use: those of `CUDA_VISIBLE_DEVICES`, or all of the machine if it is not set."""
    given = os.environ.get(VISIBLE)
    if given is None:
        return [str(number) for number, _ in enumerate(Path("/dev").glob("nvidia[0-9]*"))]
    names = [name.strip() for name in given.split(",")]
    # CUDA ignores everything after an invalid device.
    return names[: next((number for number, name in enumerate(names) if name in ("", "-1")), None)]


def gpus(names: Sequence[str]) -> dict[str, Gpu]:
    """The GPUs with some names, as `nvidia-smi` describes them.

    GPUs that it does not list, such as MIG devices, are left out; without `nvidia-smi`, all are.

    Args:
        names: the numbers of the GPUs in the order of `nvidia-smi`, or their UUIDs, which may be abbreviated.
    """
    if not names:
        return {}
    try:
        printed = subprocess.run(_QUERY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}
    rows = [line.split(", ", maxsplit=3) for line in printed.stdout.decode(errors="replace").splitlines()]
    known = [(row[0], row[1], Gpu(row[3], int(row[2]) * 2**20)) for row in rows if len(row) == 4 and row[2].isdecimal()]
    found = {}
    for name in names:
        alike = [gpu for index, uuid, gpu in known if name == index or uuid.startswith(name)]
        if len(alike) == 1:
            found[name] = alike[0]
    return found


def memory(names: Sequence[str]) -> dict[str, int]:
    """The total memory of the GPUs with some names in bytes, as far as `gpus` knows them."""
    return {name: gpu.memory for name, gpu in gpus(names).items()}


def places() -> int:
    """The number of jobs that share each GPU of this job, which is also known to the processes that it starts."""
    return int(os.environ.get(_PLACES, 1))


def jobs(locks: Path = LOCKS) -> int:
    """The number of jobs that have a place on the GPU of this job at present, including this one.

    Args:
        locks: the folder for the locks.
    """
    return max([1, *(locked_places.jobs(name, _folder(locks)) for name in visible()[:1])])


@contextmanager
def taken(count: int = 1, locks: Path = LOCKS, places: Mapping[str, int] | None = None) -> Iterator[Devices]:
    """Wait for places on GPUs and restrict this process to these GPUs while the block lasts.

    Must be entered before CUDA starts. A job on one GPU takes one of its places, a job on several takes all places of
    each. However the process ends, the kernel releases its locks and thereby its places.

    Args:
        count: the number of GPUs.
        locks: the folder for the locks.
        places: the GPUs that the job may use, and the number of jobs that share each; by default all visible GPUs
            with one place each.

    Yields:
        The GPUs; none on a machine without GPUs, where nothing is changed.

    Raises:
        UserError: there are fewer GPUs than `count`, or the disk of `locks` does not support file locks.
    """
    seen = visible()
    if not seen:
        yield Devices()
        return
    names = [name for name in seen if places is None or name in places]
    if count > len(names):
        raise UserError(_too_few(count, seen, names))
    numbers = {name: places[name] if places and count == 1 else 1 for name in names}
    shares = {name: Fraction(1, number) for name, number in numbers.items()}

    def say() -> None:
        what = "they are" if max(numbers.values()) == 1 else "their places are"
        print(f"Waiting for {count} of the GPUs {', '.join(names)}: {what} used by other jobs.", flush=True)

    with locked_places.taken(shares, count, _folder(locks), say) as found:
        devices = Devices(tuple(found), numbers[found[0]])
        # In this order numbers of GPUs are those of nvidia-smi.
        variables = {VISIBLE: ",".join(found), _ORDER: "PCI_BUS_ID", _PLACES: str(devices.places)}
        with _environment(variables):
            yield devices


def _too_few(count: int, seen: list[str], usable: list[str]) -> str:
    found = f"but only {len(seen)} are visible ({', '.join(seen)})"
    if not usable:
        return f"none of the visible GPUs ({', '.join(seen)}) is among those of --places. Name at least one of them."
    if len(usable) < len(seen):
        found = f"but only {len(usable)} of the visible ones ({', '.join(seen)}) hold its model"
    advice = f"Set 'gpus' of the stage to at most {len(usable)}; its results keep their names."
    return f"the job requires {count} GPUs, {found}. {advice}"


def _folder(locks: Path) -> Path:
    """The folder of the locks. Each allocation of a cluster has its own, since it numbers its devices from 0."""
    allocation = next((os.environ[name] for name in _ALLOCATIONS if os.environ.get(name)), "machine")
    folder = locks / allocation
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables while the block lasts."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
