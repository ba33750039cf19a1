"""Jobs share the places of a GPU, and a job that waits is not overtaken."""

import os
import signal
import subprocess
import time
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from gpujobs import ALLOCATIONS, LONG, begun, end, has_begun, start

from xstilts.errors import UserError
from xstilts.runtime import devices
from xstilts.store import locks

WAITING = "Waiting for 1 of the GPUs {}: their places are used by other jobs.\n"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with two GPUs on which nothing runs, outside of any cluster."""
    for name in ALLOCATIONS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    return tmp_path


def spans(machine: Path, jobs: list[subprocess.Popen]) -> list[tuple[float, float]]:
    """When the jobs had their devices."""
    marks = [(machine / f"{job.pid}.ended").read_text().split() for job in jobs]
    return [(float(begin), float(end)) for _, begin, end, _ in marks]


def test_as_many_jobs_as_places_have_a_gpu_at_the_same_time_and_no_more(machine: Path):
    jobs = [start(machine, 0.5, places="4:3") for _ in range(7)]
    assert [job.wait(timeout=50) for job in jobs] == [0] * 7
    changes = sorted([*((a, 1) for a, _ in spans(machine, jobs)), *((b, -1) for _, b in spans(machine, jobs))])
    at_once, most = 0, 0
    for _, change in changes:
        at_once += change
        most = max(most, at_once)
    assert most == 3
    end(*jobs)


def test_the_places_of_all_gpus_are_used_those_of_the_first_one_first(machine: Path):
    jobs = [start(machine, LONG, places="4:2,7:1")]
    for number in (2, 3):
        begun(machine, jobs, number - 1)
        jobs.append(start(machine, LONG, places="4:2,7:1"))
    assert begun(machine, jobs, 3) == ["4", "4", "7"]
    late = start(machine, 0, places="4:2,7:1")
    assert late.stdout.readline() == WAITING.format("4, 7")
    end(jobs[2])
    assert late.wait(timeout=30) == 0
    assert (machine / f"{late.pid}.ended").read_text().split()[::3] == ["7", "1"]
    end(*jobs, late)


def test_a_job_knows_how_many_share_its_gpu_and_so_do_its_processes(machine: Path):
    for places, expected in (({"7": 4}, 4), (None, 1)):
        with devices.taken(1, machine, places) as found:
            assert found.places == expected == devices.places()
            told = subprocess.run(["printenv", "XSTILTS_PLACES"], stdout=subprocess.PIPE, text=True).stdout
            assert told == f"{expected}\n"
    assert devices.places() == 1
    assert "XSTILTS_PLACES" not in os.environ


def test_the_jobs_that_have_a_place_on_the_gpu_of_a_job_are_counted(machine: Path):
    others = [start(machine, LONG, places=places) for places in ("4:4", "4:4", "7:1")]
    begun(machine, others, 3)
    with devices.taken(1, machine / "locks", {"4": 4}):
        assert devices.jobs(machine / "locks") == 3
        end(others[0])
        assert devices.jobs(machine / "locks") == 2
    end(*others)


def test_numbers_of_gpus_are_those_of_nvidia_smi_while_a_job_has_them(machine: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)
    with devices.taken(locks=machine):
        assert os.environ["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert "CUDA_DEVICE_ORDER" not in os.environ


def test_a_job_on_two_gpus_takes_all_of_their_places(machine: Path):
    one = start(machine, LONG, places="4:4,7:4")
    assert begun(machine, [one], 1) == ["4"]
    both = start(machine, LONG, 2, places="4:4,7:4")
    assert both.stdout.readline().startswith("Waiting for 2 of the GPUs 4, 7: ")
    end(one)
    assert begun(machine, [both], 1) == ["4,7"]
    later = start(machine, 0, places="4:4,7:4")
    assert later.stdout.readline() == WAITING.format("4, 7")
    end(both)
    assert later.wait(timeout=30) == 0
    end(later)


def test_a_job_on_two_gpus_is_not_overtaken_by_jobs_that_keep_coming(machine: Path):
    first = [start(machine, LONG, places="4:2,7:2") for _ in range(4)]
    begun(machine, first, 4)
    both = start(machine, 0.1, 2, places="4:2,7:2")
    assert both.stdout.readline().startswith("Waiting for 2 ")
    later = []
    for job in first[:3]:
        end(job)
        later.append(start(machine, 0, places="4:2,7:2"))
        assert later[-1].stdout.readline() == WAITING.format("4, 7")
    end(first[3])
    assert [job.wait(timeout=50) for job in (both, *later)] == [0] * 4
    ((_, ended),) = spans(machine, [both])
    assert all(begin >= ended for begin, _ in spans(machine, later))
    end(both, *later)


def test_a_job_on_one_gpu_is_not_overtaken_on_the_gpu_that_is_kept_for_it(machine: Path):
    holder = start(machine, LONG, places="4:1")
    begun(machine, [holder], 1)
    jobs = []
    for _ in range(4):
        jobs.append(start(machine, 0.1, places="4:1"))
        assert jobs[-1].stdout.readline().startswith("Waiting")
    end(holder)
    assert [job.wait(timeout=30) for job in jobs] == [0] * 4
    assert all(one[1] <= other[0] for one, other in pairwise(spans(machine, jobs)))
    end(*jobs)


def test_a_waiting_job_keeps_only_as_many_gpus_as_it_needs_the_least_occupied_ones(machine: Path):
    holders = [start(machine, LONG, places=places) for places in ("4:2", "7:2", "7:4")]
    begun(machine, holders, 3)
    whole = start(machine, LONG, places="4:1,7:1")
    assert whole.stdout.readline().startswith("Waiting for 1 of the GPUs 4, 7: ")
    on_the_kept_one, on_the_other = start(machine, LONG, places="4:4"), start(machine, LONG, places="7:4")
    assert begun(machine, [on_the_other], 1) == ["7"]
    assert on_the_kept_one.stdout.readline() == WAITING.format("4")
    end(holders[0])
    assert begun(machine, [whole], 1) == ["4"]
    end(*holders[1:], whole, on_the_kept_one, on_the_other)


def test_a_waiting_job_that_is_killed_is_waited_for_no_longer(machine: Path):
    first = start(machine, LONG)
    assert begun(machine, [first], 1) == ["4"]
    both = start(machine, LONG, 2)
    assert both.stdout.readline().startswith("Waiting for 2 ")
    later = start(machine, LONG)
    assert later.stdout.readline().startswith("Waiting for 1 ")
    both.send_signal(signal.SIGKILL)
    both.wait()
    assert begun(machine, [later], 1) == ["7"]
    assert list((machine / "locks" / "machine").glob(".waiting-*")) == []
    end(first, both, later)


def test_runs_that_divide_a_gpu_differently_never_have_more_than_the_whole(machine: Path):
    half = start(machine, LONG, places="4:2")
    begun(machine, [half], 1)
    quarter = start(machine, LONG, places="4:4")
    begun(machine, [quarter], 1)
    whole = start(machine, 0, places="4:1")
    assert whole.stdout.readline().startswith("Waiting")
    other_half = start(machine, LONG, places="4:2")
    assert other_half.stdout.readline().startswith("Waiting")
    time.sleep(1)
    assert not has_begun(machine, whole)
    assert not has_begun(machine, other_half)
    end(half, quarter)
    assert whole.wait(timeout=30) == 0
    assert begun(machine, [other_half], 1) == ["4"]
    end(whole, other_half)


def test_a_gpu_that_a_job_of_an_earlier_version_has_is_not_shared_nor_the_other_way_round(machine: Path):
    folder = machine / "locks" / "machine"
    folder.mkdir(parents=True)
    earlier = locks.hold(folder / "4", locks.DEVICES)
    assert earlier is not None
    jobs = [start(machine, LONG, places="4:2,7:1")]
    assert begun(machine, jobs, 1) == ["7"]
    jobs.append(start(machine, LONG, places="4:2,7:1"))
    assert jobs[1].stdout.readline().startswith("Waiting")
    earlier.close()
    assert begun(machine, jobs[1:], 1) == ["4"]
    assert locks.hold(folder / "4", locks.DEVICES) is None
    end(*jobs)


def test_a_job_uses_none_of_the_gpus_that_do_not_hold_it(machine: Path):
    one = start(machine, LONG, places="7:2,9:2")
    assert begun(machine, [one], 1) == ["7"]
    end(one)
    message = r"^the job requires 2 GPUs, but only 1 of the visible ones \(4, 7\) hold its model\. Set 'gpus'"
    with pytest.raises(UserError, match=message), devices.taken(2, machine, {"7": 2}):
        raise AssertionError
    message = r"^none of the visible GPUs \(4, 7\) is among those of --places\."
    with pytest.raises(UserError, match=message), devices.taken(1, machine, {"9": 2}):
        raise AssertionError


def test_a_gpu_whose_name_has_slashes_can_be_taken(machine: Path, monkeypatch: pytest.MonkeyPatch):
    name = "MIG-GPU-5c89852c/3/0"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", name)
    with devices.taken(locks=machine) as found:
        assert (found.names, os.environ["CUDA_VISIBLE_DEVICES"]) == ((name,), name)


# The memory of a GPU


@pytest.mark.parametrize("places, fractions", [(4, [0.25 - 0.5 / 80]), (1, [])])
def test_a_job_that_shares_a_gpu_is_restricted_to_its_share(monkeypatch: pytest.MonkeyPatch, places, fractions):
    limited: list[float] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: SimpleNamespace(total_memory=80 * 10**9))
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", limited.append)
    devices.Devices(("0",), places).limit_memory()
    assert limited == fractions


def pretend(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A pretended nvidia-smi."""
    file = folder / "nvidia-smi"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


PRINTED = (
    "0, GPU-8932f937-d72c, 24564, NVIDIA GeForce RTX 4090\\n1, GPU-8932aaaa-11aa, 81559, NVIDIA H100 80GB HBM3\\n"
    "2, GPU-77, [N/A], NVIDIA A100-SXM4-40GB\\n"
)


def test_the_models_of_gpus_are_what_nvidia_smi_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pretend(tmp_path, monkeypatch, f"printf '{PRINTED}'")
    expected = {"1": "NVIDIA H100 80GB HBM3", "0": "NVIDIA GeForce RTX 4090"}
    assert {name: gpu.model for name, gpu in devices.gpus(["1", "0", "2"]).items()} == expected


def test_the_memory_of_gpus_is_what_nvidia_smi_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pretend(tmp_path, monkeypatch, f"printf '{PRINTED}'")
    small, large = 24564 * 1024 * 1024, 81559 * 1024 * 1024
    assert devices.memory(["0", "1"]) == {"0": small, "1": large}
    assert devices.memory(["GPU-8932a", "GPU-8932f937-d72c"]) == {"GPU-8932a": large, "GPU-8932f937-d72c": small}
    # Ambiguous, unlisted, of unknown memory.
    assert devices.memory(["GPU-8932", "MIG-5f3a", "2", "3"]) == {}


@pytest.mark.parametrize("script", ["exit 9", "echo 'No devices were found'", "printf '\\377\\n'"])
def test_the_memory_is_unknown_if_nvidia_smi_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str):
    pretend(tmp_path, monkeypatch, script)
    assert devices.memory(["0"]) == {}


def test_the_memory_is_unknown_without_nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert devices.memory(["0"]) == {}
