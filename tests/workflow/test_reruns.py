"""Runs after edits: what an edit cannot change keeps its bytes and dates, and an edit that is undone runs nothing."""

import shutil
from pathlib import Path

import pytest
import yaml
from project import Edit, Project, among, code, content, plain, setting, write_project

from experiments import PRETRAINING

pytestmark = pytest.mark.slow

CONFIG = {
    "experiment": "matrix",
    "source": "release",
    "data": "data",
    "languages": ["en", "de"],
    "grid": {"encoders": ["toy"], "intermediates": ["none", "mnli"], "targets": ["udpos", "tatoeba"], "seeds": [1]},
    "training": {"epochs": 1, "batch_size": 4},
    "stages": {"mnli": {"epochs": 1}, "udpos": {"epochs": 1}},
    "tasks": {"mnli": {"max_length": 96}, "udpos": {"max_length": 96}},
    "encoders": {
        "toy": {"pretraining": PRETRAINING, "max_length": 128, "retrieval": {"layer": 2, "max_length": 64}},
    },
}
MINED = ("cells/toy/*/tatoeba/seed-1", "cells/toy/tatoeba/untrained")
TAGGED = ("cells/toy/udpos/udpos/seed-1", "cells/toy/mnli/udpos/udpos/seed-1")
OF_ALL_TARGETS = tuple(f"experiments/matrix/{step}" for step in ("collect", "tables", "figures", "page"))


def reports(*targets: str) -> tuple[str, ...]:
    """The reports when scores of these targets are new."""
    return (*OF_ALL_TARGETS, *(f"experiments/matrix/statistics.{target}" for target in targets))


def scores(*cells: str) -> tuple[str, ...]:
    return tuple(f"{cell}/scores" for cell in cells)


def comment_and_touch(project: Project) -> None:
    """All that cannot matter, at once."""
    for file in project.library.rglob("*.py"):
        file.write_text(file.read_text(encoding="utf-8") + "\n# A remark.\n", encoding="utf-8")
    for file in (project.folder / "data").rglob("*"):
        file.touch()


RERUNS: dict[str, tuple[Edit, tuple[str, ...]]] = {
    "remarks and dates": (comment_and_touch, ()),
    "the tokens that fit on the device": (setting(encoders={"toy": {"tokens_per_device": 256}}), ()),
    "the time between two states": (setting(checkpoint_minutes=0), ()),
    "the GPUs of a stage": (setting(stages={"udpos": {"gpus": 2}}), ()),
    "a metric": (code("metrics/pos"), (*scores(*TAGGED), *reports("udpos"))),
    "the code of the tables": (code("reporting/formats"), ("experiments/matrix/page", "experiments/matrix/tables")),
    "a target less": (setting(grid={"targets": ["udpos"]}), OF_ALL_TARGETS),
    "the test file of one language": (
        content("data/tatoeba/tatoeba.deu-eng.deu"),
        ("data/tatoeba.evaluate", "features/*/tatoeba.evaluate", *MINED, *scores(*MINED), *reports("tatoeba")),
    ),
    "a language more in one target": (
        setting(tasks={"tatoeba": {"languages": ["de", "zh"]}}),
        ("data/tatoeba.evaluate", "features/*/tatoeba.evaluate", *MINED, *scores(*MINED), *reports("tatoeba")),
    ),
    "the layer of retrieval": (
        setting(encoders={"toy": {"retrieval": {"layer": 1}}}),
        (*MINED, *scores(*MINED), *reports("tatoeba")),
    ),
    "a hyper-parameter of a target": (
        setting(stages={"udpos": {"learning_rate": 0.5}}),
        ("models/toy/udpos/*", "models/toy/mnli/udpos/*", *TAGGED, *scores(*TAGGED), *reports("udpos")),
    ),
    "a new intermediate": (
        setting(grid={"intermediates": ["none", "mnli", "udpos"]}),
        (
            "models/toy/udpos/udpos/*",
            "cells/toy/udpos/udpos/udpos/*",
            "cells/toy/udpos/tatoeba/*",
            *reports("udpos", "tatoeba"),
        ),
    ),
}


def entries(files: dict[str, tuple[int, bytes]]) -> set[str]:
    """The paths of the entries that are finished."""
    return {str(Path(file).parent) for file in files if file.endswith("/manifest.json")}


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The experiment after its run."""
    project = write_project(tmp_path_factory.mktemp("pristine"))
    project.file.write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    run = project.snakemake()
    assert run.returncode == 0, run.stdout
    return project


@pytest.fixture(scope="module")
def project(pristine: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """It in another folder, without what Snakemake remembers."""
    project = pristine.copy(tmp_path_factory.mktemp("edited") / "here")
    shutil.rmtree(project.folder / ".snakemake")
    return project


def test_a_moved_project_runs_nothing_with_or_without_what_snakemake_remembers(pristine: Project, project: Project):
    before = project.files()
    for one in (pristine.copy(project.folder.parent / "moved"), project):
        run = one.snakemake()
        assert (run.returncode, "Nothing to be done" in run.stdout) == (0, True), run.stdout
    assert project.files() == before


@pytest.mark.parametrize("edit, patterns", RERUNS.values(), ids=RERUNS.keys())
def test_an_edit_makes_what_it_can_change_and_touches_nothing_else_and_its_undoing_runs_nothing(
    pristine: Project, project: Project, edit: Edit, patterns: tuple[str, ...]
):
    before, table = project.files(), project.results / "experiments" / "matrix" / "scores.csv"
    shown = table.read_bytes()
    edit(project)
    run = project.snakemake()
    after = project.files()
    project.restore(pristine)
    assert run.returncode == 0, run.stdout
    made = {plain(path) for path in entries(after) - entries(before)}
    assert sorted(made) == among(made, *patterns)
    assert {path: after[path] for path in before} == before
    undone = project.snakemake()
    assert (undone.returncode, "Nothing to be done" in undone.stdout) == (0, True), undone.stdout
    assert project.files() == after
    assert table.read_bytes() == shown


def test_a_model_with_another_byte_is_refused_by_the_job_that_reads_it_and_made_anew_alone(
    pristine: Project, tmp_path: Path
):
    project = pristine.copy(tmp_path / "here")
    before = project.files()
    (weights,) = project.results.glob("models/toy~*/mnli~*/seed-1/model.safetensors")
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    setting(tasks={"tatoeba": {"languages": ["de", "zh"]}})(project)
    failed = project.snakemake()
    assert failed.returncode != 0
    assert f"error: {weights.relative_to(project.folder)} has changed since it was written" in failed.stdout, (
        failed.stdout
    )
    assert "Traceback" not in failed.stdout
    assert any("/tatoeba~" in path and "untrained/manifest" in path for path in project.files().keys() - before.keys())
    (weights.parent / "manifest.json").unlink()
    repaired = project.snakemake()
    assert repaired.returncode == 0, repaired.stdout
    after, name = project.files(), str(weights.relative_to(project.results))
    assert after[name][1] == before[name][1]
    assert [p for p in before if after[p] != before[p] and not p.startswith(str(Path(name).parent))] == []
