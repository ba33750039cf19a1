"""How many jobs on a GPU run at once."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments import experiment


@pytest.mark.parametrize("options, count", [([], 2), (["--resources", "gpu=1"], 1)], ids=["all", "fewer by an option"])
def test_as_many_as_there_are_gpus(
    world: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, options: list[str], count: int
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    mine = experiment(world("devices"), "devices", ["none"], ["tatoeba"])
    run = mine.snakemake("--until", "write_miniature", *options)
    assert run.returncode == 0, run.stdout
    assert re.search(rf"^Provided resources: .*\bgpu\D+{count}\b", run.stdout, re.MULTILINE)
