"""A stage with `gpus: 2` is trained by two processes, on the processor where there are no GPUs, and it is the same."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from safetensors.numpy import load_file

from experiments import Attempt, Experiment, attempt, experiment

COUNTS = (1, 2)

pytestmark = pytest.mark.slow


def with_gpus(folder: Path, count: int) -> Experiment:
    """An experiment with a mixture and a target after it, each with this number of GPUs."""
    mine = experiment(folder, "several", ["multitask"], ["udpos"])
    settings = yaml.safe_load(mine.file.read_text(encoding="utf-8"))
    # With a larger epsilon Adam makes less of the rounding of gradients that are next to nothing.
    settings["training"] |= {"gpus": count, "adam_epsilon": 0.01}
    mine.file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return mine


@pytest.fixture(scope="module")
def runs(world: Callable[[str], Path]) -> dict[int, Attempt]:
    """The experiment with each number of GPUs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        found = {count: attempt(with_gpus(world(f"gpus-{count}"), count)) for count in COUNTS}
    for run in found.values():
        assert run.status == 0, run.printed
    return found


def test_models_have_the_same_names_and_the_same_weights(runs: dict[int, Attempt]):
    one, two = runs.values()
    assert two.entries.keys() == one.entries.keys()
    models = [entry.path for entry in one.entries.values() if entry.step == "train_stage"]
    assert len(models) == 2
    for path in models:
        ours, theirs = (load_file(run.experiment.results / path / "model.safetensors") for run in (one, two))
        assert ours.keys() == theirs.keys()
        assert max(abs(ours[key] - theirs[key]).max() for key in ours) < 1e-5
        logs = [(run.experiment.folder / "logs" / f"{path}.log").read_text(encoding="utf-8") for run in (one, two)]
        assert [re.search(r"--gpus=(\d)", log)[1] for log in logs] == ["1", "2"]


def test_scores_are_the_same(runs: dict[int, Attempt]):
    one, two = (run.experiment.scores() for run in runs.values())
    assert len(one) >= 2
    assert two == pytest.approx(one)


def test_nothing_is_left_of_the_training(runs: dict[int, Attempt]):
    for run in runs.values():
        assert not [path for path in run.experiment.results.rglob(".*") if path.name != ".cache"]


@pytest.mark.parametrize("count", COUNTS)
def test_the_job_asks_for_its_gpus_where_there_are_any(
    world: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, count: int
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    planned = with_gpus(world("planned"), count).snakemake("--dry-run").stdout
    resources = dict(re.findall(r"^rule (\w+):\n(?:    .*\n)*?    resources: (.*)", planned, re.MULTILINE))
    assert re.search(r"\bgpu=(\d)", resources["train_stage"])[1] == str(count)
    assert re.search(r"\bgpu=(\d)", resources["predict"])[1] == "1"
