"""Cooperating processes are connected while they run, and none of them outlives another."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import torch
from torch import distributed

from xstilts.errors import UserError
from xstilts.runtime import termination
from xstilts.runtime.processes import spawn_processes

pytestmark = pytest.mark.thorough

WORKFLOW = Path(__file__).parents[2] / "workflow"
SECONDS = 600
"""How long a process would go on that nobody ends."""
ALONE = """
import sys
from pathlib import Path
from test_spawn_processes import arrive_and_stay
from xstilts.runtime.processes import spawn_processes

spawn_processes(2, arrive_and_stay, Path(sys.argv[1]))
"""


@pytest.fixture(autouse=True)
def _without_gpus(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture(autouse=True)
def _without_handlers() -> Iterator[None]:
    """No handler of an earlier test, which may have had its signal already."""
    before = {number: signal.getsignal(number) for number in termination.SIGNALS}
    for number in termination.SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def add_up(folder: Path) -> None:
    """Leave the sum over all processes of what each of them has."""
    value = torch.tensor(10.0 ** int(os.environ.get("RANK", 0)))
    if distributed.is_initialized():
        distributed.all_reduce(value)
    print(f"The sum is {value:.0f}.")
    (folder / str(os.getpid())).write_text(f"{value:.0f}")


def arrive_and_stay(folder: Path) -> None:
    """Leave a mark when all are there, and end only if asked to."""
    distributed.barrier()
    (folder / str(os.getpid())).touch()
    time.sleep(SECONDS)


def fail(error: Exception) -> None:
    """Raise an error in the second process, while the first waits for it."""
    if distributed.get_rank() == 1:
        raise error
    distributed.barrier()


def die(_: object) -> None:
    """Be killed as the second process, while the first waits for it."""
    if distributed.get_rank() == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    distributed.barrier()


def ask_the_parent_to_end(number: signal.Signals) -> None:
    """Send the job a signal from one of its processes, and end only if asked to."""
    distributed.barrier()
    if distributed.get_rank() == 1:
        os.kill(os.getppid(), number)
    time.sleep(SECONDS)


def press_ctrl_c(_: object) -> None:
    """Send SIGINT to all, as a terminal does, and end only if asked to."""
    distributed.barrier()
    if distributed.get_rank() == 1:
        for process in (os.getppid(), *(child.pid for child in psutil.Process(os.getppid()).children())):
            os.kill(process, signal.SIGINT)
    time.sleep(SECONDS)


@pytest.mark.parametrize("count, total", [(1, "1"), (3, "111")])
def test_all_of_them_work_and_the_first_speaks(tmp_path: Path, capfd: pytest.CaptureFixture, count: int, total: str):
    spawn_processes(count, add_up, tmp_path)
    assert [file.read_text() for file in tmp_path.iterdir()] == [total] * count
    assert capfd.readouterr().out == f"The sum is {total}.\n"


@pytest.mark.parametrize(
    "work, argument, cause",
    [
        (fail, UserError("the disk is full"), "the disk is full"),
        (fail, ZeroDivisionError("no rows"), "ZeroDivisionError: no rows"),
        (
            die,
            None,
            r"process \d+ of the distributed computation was killed by SIGKILL; the other processes were stopped.",
        ),
        (ask_the_parent_to_end, signal.SIGTERM, r"stopped by SIGTERM\."),
        (ask_the_parent_to_end, signal.SIGINT, r"stopped by SIGINT\."),
        (press_ctrl_c, None, r"stopped by SIGINT\."),
    ],
    ids=["an error", "a mistake", "a death", "SIGTERM", "SIGINT", "Ctrl-C"],
)
def test_when_one_ends_all_end_and_the_first_cause_is_told(work: Callable, argument: object, cause: str):
    before, begun = [signal.getsignal(number) for number in termination.SIGNALS], time.monotonic()
    with pytest.raises(UserError, match=f"^{cause}"):
        spawn_processes(2, work, argument)
    assert time.monotonic() - begun < SECONDS
    assert [signal.getsignal(number) for number in termination.SIGNALS] == before


def test_none_of_them_outlives_the_job_that_is_killed(tmp_path: Path):
    path = os.pathsep.join(map(str, (WORKFLOW, Path(__file__).parent)))
    job = subprocess.Popen([sys.executable, "-c", ALONE, tmp_path], env={**os.environ, "PYTHONPATH": path})
    wait_for(lambda: len(list(tmp_path.iterdir())) == 2)
    job.kill()
    job.wait()
    wait_for(lambda: not any(map(alive, tmp_path.iterdir())))


def alive(mark: Path) -> bool:
    """Whether the process that has left a mark computes; one that nobody has waited for yet does not."""
    status = Path("/proc", mark.name, "stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS / 2
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
