"""Each job on a GPU has one to itself for its whole duration."""

import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from gpujobs import ALLOCATIONS, LONG, WORKFLOW, begun, end, start

from xstilts.errors import UserError
from xstilts.runtime import devices


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with two GPUs on which nothing runs, outside of any cluster."""
    for name in ALLOCATIONS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    return tmp_path


def test_two_jobs_never_have_the_same_device_at_the_same_time_and_all_have_their_turn(machine: Path):
    jobs = [start(machine, 0.3) for _ in range(6)]
    assert [job.wait(timeout=50) for job in jobs] == [0] * 6
    times = [mark.read_text().split() for mark in machine.glob("*.ended")]
    assert len(times) == 6
    assert {device for device, *_ in times} == {"4", "7"}
    for device in ("4", "7"):
        spans = sorted((float(begin), float(end)) for name, begin, end, _ in times if name == device)
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
    end(first)
    assert both.wait(timeout=30) == 0
    assert (machine / f"{both.pid}.begun").read_text() == "4,7"
    end(both)


def test_a_job_that_waits_for_several_devices_holds_none_and_is_not_overtaken(machine: Path):
    first = start(machine, LONG)
    assert begun(machine, [first], 1) == ["4"]
    both = start(machine, 0.5, 2)
    assert both.stdout.readline().startswith("Waiting for 2 of the GPUs 4, 7: ")
    later = start(machine, 0)
    assert later.stdout.readline() == "Waiting for 1 of the GPUs 4, 7: they are used by other jobs.\n"
    end(first)
    assert [both.wait(timeout=30), later.wait(timeout=30)] == [0, 0]
    (_, ended), (begun_later, _) = (
        map(float, (machine / f"{job.pid}.ended").read_text().split()[1:3]) for job in (both, later)
    )
    assert ended <= begun_later
    end(both, later)


def test_jobs_that_need_all_devices_have_their_turn(machine: Path):
    jobs = [start(machine, 0.3, 2) for _ in range(3)]
    assert [job.wait(timeout=50) for job in jobs] == [0] * 3
    spans = sorted(tuple(map(float, mark.read_text().split()[1:3])) for mark in machine.glob("*.ended"))
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
            assert (device.names, os.environ["CUDA_VISIBLE_DEVICES"]) == (("4",), "4")
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "4,7"


def test_the_device_of_a_job_that_fails_is_given_back(machine: Path):
    def fail() -> None:
        with devices.taken(locks=machine):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with devices.taken(locks=machine) as device:
        assert device.names == ("4",)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "4,7"


@pytest.mark.parametrize("command", ["train_stage", "predict"])
def test_jobs_on_a_device_wait_for_one_before_anything_else(machine: Path, command: str):
    name = f"GPU-of-{os.getpid()}"
    variables = {**os.environ, "PYTHONPATH": str(WORKFLOW), "CUDA_VISIBLE_DEVICES": name}
    arguments = [command, "models/x~000", "--config", "nowhere.yaml"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", name)
        with devices.taken():
            job = subprocess.Popen(
                [sys.executable, "-m", "xstilts", *arguments], env=variables, stdout=subprocess.PIPE, text=True
            )
            assert job.stdout.readline().startswith(f"Waiting for 1 of the GPUs {name}: ")
            end(job)
    for file in (devices.LOCKS / "machine").glob(f"{name}*"):
        file.unlink()


def test_without_a_device_nothing_changes(machine: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with devices.taken(locks=machine / "locks") as device:
        assert (device, os.environ["CUDA_VISIBLE_DEVICES"]) == (devices.Devices((), 1), "")
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
