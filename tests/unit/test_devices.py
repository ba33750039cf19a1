"""Each job on a GPU has one to itself for its whole duration."""

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from xstilts.errors import UserError
from xstilts.runtime import devices

WORKFLOW = Path(__file__).parents[2] / "workflow"
JOB = """
import os, sys, time
from pathlib import Path
from xstilts.runtime import devices

locks, marks, seconds, count = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
with devices.taken(count, locks) as device:
    assert os.environ["CUDA_VISIBLE_DEVICES"] == device
    begun = time.monotonic()
    (marks / f"{os.getpid()}.begun").write_text(device)
    time.sleep(seconds)
    ended = time.monotonic()
(marks / f"{os.getpid()}.ended").write_text(f"{device} {begun} {ended}")
"""
LONG = 60


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with two GPUs on which nothing runs, outside of any cluster."""
    for name in ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    return tmp_path


def start(machine: Path, seconds: float, count: int = 1, **environment: str) -> subprocess.Popen:
    """A job that has a device, or several, for some time."""
    variables = {**os.environ, "PYTHONPATH": str(WORKFLOW), **environment}
    command = [sys.executable, "-c", JOB, machine / "locks", machine, str(seconds), str(count)]
    return subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True)


def begun(machine: Path, jobs: list[subprocess.Popen], count: int) -> list[str]:
    """The devices of the jobs, as soon as so many have begun."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = [mark.read_text() for job in jobs if (mark := machine / f"{job.pid}.begun").is_file()]
        if len(found) >= count and all(found):
            return found
        time.sleep(0.1)
    raise AssertionError(f"fewer than {count} jobs have begun")


def end(*jobs: subprocess.Popen) -> None:
    for job in jobs:
        job.kill()
        job.communicate()


def test_two_jobs_never_have_the_same_device_at_the_same_time_and_all_have_their_turn(machine: Path):
    jobs = [start(machine, 0.3) for _ in range(6)]
    assert [job.wait(timeout=50) for job in jobs] == [0] * 6
    times = [mark.read_text().split() for mark in machine.glob("*.ended")]
    assert len(times) == 6
    assert {device for device, _, _ in times} == {"4", "7"}
    for device in ("4", "7"):
        spans = sorted((float(begin), float(end)) for name, begin, end in times if name == device)
        assert all(one[1] <= other[0] for one, other in pairwise(spans))
    end(*jobs)


def test_a_job_without_a_free_device_waits_and_says_so_until_one_is_killed(machine: Path):
    holders = [start(machine, LONG), start(machine, LONG)]
    assert sorted(begun(machine, holders, 2)) == ["4", "7"]
    late = start(machine, 0)
    assert late.stdout.readline() == "Waiting for 1 of the GPUs 4, 7: they are used by other jobs.\n"
    assert not (machine / f"{late.pid}.begun").exists()
    device = (machine / f"{holders[0].pid}.begun").read_text()
    holders[0].send_signal(signal.SIGKILL)
    assert late.wait(timeout=30) == 0
    assert (machine / f"{late.pid}.begun").read_text() == device
    end(*holders, late)


def test_a_job_has_as_many_devices_as_it_asks_for_and_waits_for_all_of_them(machine: Path):
    first = start(machine, LONG)
    assert begun(machine, [first], 1) == ["4"]
    both = start(machine, 0, 2)
    assert both.stdout.readline() == "Waiting for 2 of the GPUs 4, 7: they are used by other jobs.\n"
    # Meanwhile it holds none.
    second = start(machine, LONG)
    assert begun(machine, [second], 1) == ["7"]
    end(first, second)
    assert both.wait(timeout=30) == 0
    assert (machine / f"{both.pid}.begun").read_text() == "4,7"
    end(both)


def test_jobs_that_need_all_devices_have_their_turn(machine: Path):
    jobs = [start(machine, 0.3, 2) for _ in range(3)]
    assert [job.wait(timeout=50) for job in jobs] == [0] * 3
    spans = sorted(tuple(map(float, mark.read_text().split()[1:])) for mark in machine.glob("*.ended"))
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    end(*jobs)


def test_more_devices_than_there_are_is_an_error(machine: Path):
    message = r"^the job requires 3 GPUs, but only 2 are visible \(4, 7\)\. Set 'gpus' of the stage to at most 2"
    with pytest.raises(UserError, match=message), devices.taken(3, machine):
        raise AssertionError


def test_runs_with_other_devices_wait_only_for_those_they_share(machine: Path):
    one = start(machine, LONG, CUDA_VISIBLE_DEVICES="0,1")
    assert begun(machine, [one], 1) == ["0"]
    two = start(machine, LONG, CUDA_VISIBLE_DEVICES="0,2")
    assert begun(machine, [two], 1) == ["2"]
    end(one, two)


def test_allocations_of_a_cluster_count_their_devices_for_themselves(machine: Path):
    jobs = [start(machine, LONG, CUDA_VISIBLE_DEVICES="0", SLURM_JOB_ID=job) for job in ("11", "12")]
    assert begun(machine, jobs, 2) == ["0", "0"]
    end(*jobs)


def test_the_device_is_given_back_and_the_environment_is_as_before(machine: Path):
    for _ in range(2):
        with devices.taken(locks=machine) as device:
            assert (device, os.environ["CUDA_VISIBLE_DEVICES"]) == ("4", "4")
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "4,7"


def test_the_device_of_a_job_that_fails_is_given_back(machine: Path):
    def fail() -> None:
        with devices.taken(locks=machine):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with devices.taken(locks=machine) as device:
        assert device == "4"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "4,7"


@pytest.mark.parametrize("command", ["train_stage", "predict"])
def test_jobs_on_a_device_wait_for_one_before_anything_else(machine: Path, command: str):
    name = f"GPU-of-{os.getpid()}"
    variables = {**os.environ, "PYTHONPATH": str(WORKFLOW), "CUDA_VISIBLE_DEVICES": name}
    arguments = [command, "models/x~000", "--config", "nowhere.yaml"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", name)
        with devices.taken() as device:
            job = subprocess.Popen(
                [sys.executable, "-m", "xstilts", *arguments], env=variables, stdout=subprocess.PIPE, text=True
            )
            assert job.stdout.readline().startswith(f"Waiting for 1 of the GPUs {name}: ")
            end(job)
    (devices.LOCKS / "machine" / device).unlink()


def test_without_a_device_nothing_changes(machine: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with devices.taken(locks=machine / "locks") as device:
        assert (device, os.environ["CUDA_VISIBLE_DEVICES"]) == (None, "")
    assert not (machine / "locks").exists()


@pytest.mark.parametrize(
    "given, expected",
    [
        ("0", ["0"]),
        ("3, 1", ["3", "1"]),
        ("", []),
        ("-1", []),
        ("0,-1,2", ["0"]),
        ("GPU-8932f937,MIG-5f3a", ["GPU-8932f937", "MIG-5f3a"]),
    ],
)
def test_the_devices_are_those_that_cuda_may_see(monkeypatch: pytest.MonkeyPatch, given: str, expected: list[str]):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    assert devices.visible() == expected


def test_devices_are_known_without_torch():
    program = "import sys; from xstilts.runtime import devices; devices.visible(); assert 'torch' not in sys.modules"
    assert (
        subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(WORKFLOW)}).returncode == 0
    )
