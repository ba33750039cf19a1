"""Jobs that hold pretended GPUs for some time, in processes of their own."""

import os
import subprocess
import sys
import time
from pathlib import Path

WORKFLOW = Path(__file__).parents[2] / "workflow"
ALLOCATIONS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID")
LONG = 60
_JOB = """
import os, sys, time
from pathlib import Path
from xstilts.cli import _places
from xstilts.runtime import devices

locks, marks, seconds, count = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
with devices.taken(count, locks, _places(sys.argv[5]) if sys.argv[5] else None) as found:
    names = ",".join(found.names)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == names
    assert devices.places() == found.places
    begun = time.monotonic()
    mark = marks / f"{os.getpid()}.begun"
    mark.with_suffix(".new").write_text(names)
    mark.with_suffix(".new").rename(mark)
    time.sleep(seconds)
    ended = time.monotonic()
(marks / f"{os.getpid()}.ended").write_text(f"{names} {begun} {ended} {found.places}")
"""


def start(machine: Path, seconds: float, count: int = 1, places: str = "", **environment: str) -> subprocess.Popen:
    """A job that has a device, or several, for some time."""
    variables = {**os.environ, "PYTHONPATH": str(WORKFLOW), **environment}
    command = [sys.executable, "-c", _JOB, machine / "locks", machine, str(seconds), str(count), places]
    return subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True)


def begun(machine: Path, jobs: list[subprocess.Popen], count: int) -> list[str]:
    """The devices of the jobs, as soon as so many have begun."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = [mark.read_text() for job in jobs if (mark := machine / f"{job.pid}.begun").is_file()]
        if len(found) >= count:
            return found
        time.sleep(0.1)
    raise AssertionError(f"fewer than {count} jobs have begun")


def has_begun(machine: Path, job: subprocess.Popen) -> bool:
    return (machine / f"{job.pid}.begun").exists()


def end(*jobs: subprocess.Popen) -> None:
    for job in jobs:
        job.kill()
        job.wait()
        job.stdout.close()
