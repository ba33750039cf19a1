"""How many jobs on a GPU run at once."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from experiments import Experiment, experiment
from xstilts.runtime import devices


@pytest.mark.parametrize("options, count", [([], 2), (["--resources", "gpu=1"], 1)], ids=["all", "fewer by an option"])
def test_as_many_as_there_are_gpus(
    world: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, options: list[str], count: int
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    mine = experiment(world("devices"), "devices", ["none"], ["tatoeba"])
    run = mine.snakemake("--until", "write_miniature", *options)
    assert run.returncode == 0, run.stdout
    assert re.search(rf"^Provided resources: .*\bgpu\D+{count}\b", run.stdout, re.MULTILINE)


@pytest.fixture
def gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of two pretended GPUs of 80 GB, which no other job on this machine has."""
    names = [f"GPU-{number}-of-{os.getpid()}" for number in range(2)]
    rows = "".join(f"{number}, {name}-aa, 81559, NVIDIA A100 80GB PCIe\\n" for number, name in enumerate(names))
    file = tmp_path / "nvidia-smi"
    file.write_text(f"#!/bin/sh\nprintf '{rows}'\n", encoding="utf-8")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", ",".join(names))
    yield names
    for lock in devices.LOCKS.glob(f"*/GPU-?-of-{os.getpid()}*"):
        lock.unlink()


def planned(mine: Experiment, *options: str) -> tuple[dict[str, str], list[str]]:
    """The resources of the jobs of a dry run by rule, and its commands."""
    run = mine.snakemake("--dry-run", "--printshellcmds", *options)
    assert run.returncode == 0, run.stdout
    resources = dict(re.findall(r"^rule (\w+):\n(?:    .*\n)*?    resources: (.*)", run.stdout, re.MULTILINE))
    return resources, re.findall(r"-m xstilts ((?:train_stage|predict) .*)", run.stdout)


def test_each_gpu_counts_as_many_jobs_as_share_it(world: Callable[[str], Path], gpus: list[str]):
    mine = experiment(world("places"), "places", ["none"], ["tatoeba"])
    run = mine.snakemake("--until", "write_miniature", "--config", "jobs_per_gpu=3")
    assert run.returncode == 0, run.stdout
    assert re.search(r"^Provided resources: .*\bgpu\D+6\b", run.stdout, re.MULTILINE)
    assert re.search(r"^Provided resources: .*\bmem_mb\D+\d{4,}\b", run.stdout, re.MULTILINE)


def test_a_training_takes_a_place_or_all_places_of_several_gpus(world: Callable[[str], Path], gpus: list[str]):
    mine = experiment(world("planned"), "planned", ["none"], ["udpos"])
    for count, taken in ((1, 1), (2, 6)):
        resources, commands = planned(mine, "--config", "jobs_per_gpu=3", f"training={{gpus: {count}}}")
        assert re.search(r"\bgpu=(\d+)", resources["train_stage"])[1] == str(taken)
        assert re.search(r"\bgpu=(\d+)", resources["predict"])[1] == "1"
        options = {command.split()[0]: command.rpartition(".log' ")[2] for command in commands}
        places = f"--places={gpus[0]}:3,{gpus[1]}:3"
        assert options == {"train_stage": f"--gpus={count} {places}", "predict": places}


def test_a_run_with_shared_gpus_succeeds(world: Callable[[str], Path], gpus: list[str]):
    mine = experiment(world("shared"), "shared", ["none"], ["tatoeba"])
    run = mine.snakemake("--config", "jobs_per_gpu=2")
    assert run.returncode == 0, run.stdout
    assert mine.scores()
