"""A whole run with `keep_models: false`, and another language after it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from experiments import Attempt, Experiment, attempt, experiment
from xstilts.steps.entry import Entry
from xstilts.store.entries import pending

INTERMEDIATES, TARGETS = ["none", "mnli"], ["xnli", "udpos", "tatoeba"]


@pytest.fixture(scope="module")
def lean(world: Callable[[str], Path]) -> Attempt:
    """A run that keeps no models of targets."""
    mine = experiment(world("lean"), "lean", INTERMEDIATES, TARGETS)
    configure(mine, keep_models=False)
    run = attempt(mine)
    assert run.status == 0, run.printed
    return run


@pytest.fixture(scope="module")
def planned(lean: Attempt) -> tuple[str, dict[str, tuple[int, bytes]]]:
    """What a dry run says after it, and the files then."""
    return lean.experiment.snakemake("--dry-run").stdout, lean.experiment.files()


@pytest.fixture(scope="module")
def wider(lean: Attempt, planned: tuple) -> tuple[Experiment, dict[str, Entry], str, Attempt]:
    """A run with one more language of UD-POS: the experiment, what its plan had listed, its dry run, and the run."""
    mine = experiment(lean.experiment.folder, "lean", INTERMEDIATES, TARGETS)
    configure(mine, keep_models=False, tasks={"udpos": {"languages": ["en", "de", "zh"]}})
    wanted, dry = pending(mine.results, mine.grid()), mine.snakemake("--dry-run")
    assert dry.returncode == 0, dry.stdout
    run = attempt(mine)
    assert run.status == 0, run.printed
    return mine, wanted, dry.stdout, run


def configure(mine: Experiment, tasks: dict | None = None, **changes) -> None:
    """Write other settings into the file of an experiment."""
    raw = yaml.safe_load(mine.file.read_text(encoding="utf-8")) | changes
    for name, settings in (tasks or {}).items():
        raw["tasks"].setdefault(name, {}).update(settings)
    mine.file.write_text(yaml.safe_dump(raw), encoding="utf-8")


def trained(entries: dict[str, Entry]) -> dict[str, str]:
    """The paths of models by their stages: `mnli`, `mnli/udpos`."""
    models = [path for path, entry in entries.items() if entry.step == "train_stage"]
    return {"/".join(part.partition("~")[0] for part in path.split("/")[2:-1]): path for path in models}


def weights(files: dict[str, tuple[int, bytes]]) -> set[str]:
    """The folders of models that have weights."""
    return {str(Path(file).parent) for file in files if file.startswith("models/") and file.endswith(".safetensors")}


def test_no_model_of_a_target_has_weights_and_every_intermediate_does(lean: Attempt):
    models = trained(lean.entries)
    assert models.keys() == {"mnli", "udpos", "mnli/mnli", "mnli/udpos"}
    assert weights(lean.files) == {models["mnli"]}


def test_everything_is_finished_and_scored(lean: Attempt):
    assert lean.finished == lean.entries.keys()
    cells = {key[:2] for key in lean.experiment.scores()}
    assert cells == {(intermediate, target) for intermediate in INTERMEDIATES for target in TARGETS}


def test_the_log_of_the_last_prediction_says_what_went(lean: Attempt):
    logs = (lean.experiment.folder / "logs").rglob("*.log")
    lines = [line for log in logs for line in log.read_text(encoding="utf-8").splitlines()]
    models = trained(lean.entries)
    for path in (models["udpos"], models["mnli/mnli"], models["mnli/udpos"]):
        assert [line for line in lines if line.startswith(f"keep_models: false: deleted the weights of {path}, ")]


def test_a_dry_run_after_it_has_nothing_to_do_and_changes_nothing(lean: Attempt, planned: tuple):
    printed, files = planned
    assert "Nothing to be done" in printed
    assert files == lean.files


def test_another_language_needs_its_own_models_again_and_nothing_beside(wider: tuple):
    mine, wanted, dry, _ = wider
    models = trained(mine.grid().entries)
    assert {path for path in wanted if path.startswith("models/")} == {models["udpos"], models["mnli/udpos"]}
    cells = {
        path.partition("/scores~")[0].split("/")[-2].partition("~")[0] for path in wanted if path.startswith("cells/")
    }
    assert cells == {"udpos"}
    listed = {line.partition("entry=")[2].strip() for line in dry.splitlines() if "wildcards: entry=" in line}
    assert listed == wanted.keys()


def test_models_that_are_trained_again_have_the_same_bytes(lean: Attempt, wider: tuple):
    _, _, _, run = wider
    for path in (trained(run.entries)[name] for name in ("udpos", "mnli/udpos")):
        one, other = (json.loads(files[f"{path}/manifest.json"][1]) for files in (lean.files, run.files))
        assert one["removed"] == other["removed"]
        assert one["files"] == other["files"]


def test_the_old_predictions_and_the_models_beside_are_the_same_files(lean: Attempt, wider: tuple):
    _, wanted, _, run = wider
    before = {
        path: file for path, file in lean.files.items() if not path.startswith(tuple(f"{one}/" for one in wanted))
    }
    assert any(path.startswith("cells/") and "/udpos~" in path for path in before)
    assert {path: run.files[path] for path in before} == before


def test_afterwards_no_model_of_a_target_has_weights_again(wider: tuple):
    mine, _, _, run = wider
    assert run.finished == run.entries.keys()
    assert weights(run.files) == {trained(run.entries)["mnli"]}
    assert {key[2] for key in mine.scores() if key[1] == "udpos"} == {"en", "de", "zh"}
