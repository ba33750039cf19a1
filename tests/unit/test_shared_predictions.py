"""One job predicts all targets of a model that are missing: how it is planned, named and told about."""

import os
import re
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from fabricated import World, of_step, ready_to_run
from test_run_in_snakemake import Planning, run_of

from xstilts import bundles
from xstilts.grid import Grid
from xstilts.inspection import failures
from xstilts.inspection.forecast import Plan
from xstilts.inspection.state import DONE, FAILED, TO_DO, State
from xstilts.run import Run
from xstilts.steps.entry import Entry
from xstilts.store import leftovers

pytestmark = pytest.mark.thorough

GRID = {
    "encoders": ["toy"],
    "intermediates": ["none", "squad_v1"],
    "targets": ["xquad", "mlqa", "pawsx", "tatoeba"],
    "seeds": [1],
}
"""The model of SQuAD predicts XQuAD and MLQA, and Tatoeba as an intermediate; each other model predicts less."""
SQUAD = ["tatoeba", "xquad", "mlqa"]
"""The targets that this model predicts, by kind."""
FILES = {"grid": GRID, "source": "miniature"}
"""With files of every task, which the workflow itself writes."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return ready_to_run(tmp_path, monkeypatch)


def predictions(grid: Grid) -> dict[str, Entry]:
    """Those of the model of SQuAD, by target."""
    found = (entry for entry in of_step(grid, "predict") if entry.about.stages == ("squad_v1",))
    return {entry.about.name: entry for entry in found}


def jobs(run: Run) -> list[list[str]]:
    """The targets that each job predicts with the model of SQuAD."""
    names = {entry.path: target for target, entry in predictions(run.grid).items()}
    made = ([one.path for one in run.jobs.predictions(job.path)] or [job.path] for job in run.jobs.all)
    return [[names[path] for path in paths] for paths in made if paths[0] in names]


def bundle_of(run: Run) -> str:
    """The path of the bundle of the model of SQuAD."""
    (path,) = (path for path, one in run.jobs.bundles.items() if predictions(run.grid)["xquad"] in one.predictions)
    return path


def matches(run: Run, path: str) -> bool:
    """Whether Snakemake finds a rule for an entry."""
    return re.fullmatch(run.waiting_for("predict"), path) is not None


def log(path: str, text: str, seconds: float = 0.0) -> Path:
    """The log of a job, written so many seconds from now."""
    file = Path("logs") / f"{path}.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    os.utime(file, (time.time() + seconds, time.time() + seconds))
    return file


def asked(path: str) -> SimpleNamespace:
    """The wildcards of a job."""
    return SimpleNamespace(entry=path)


# What is a job


def test_a_new_store_has_a_job_for_each_model_that_predicts(world: World):
    run = run_of(world, **FILES)
    models = {entry.inputs["model"].path if "model" in entry.inputs else "" for entry in of_step(run.grid, "predict")}
    assert (
        len([job for job in run.jobs.all if job.step == "predict"]) == len(models) < len(of_step(run.grid, "predict"))
    )
    assert jobs(run) == [SQUAD]


def test_predictions_of_one_kind_follow_each_other(world: World):
    changed = {**GRID, "intermediates": ["squad_v1", "none"], "targets": ["xquad", "tatoeba", "mlqa"]}
    run = run_of(world, **{**FILES, "grid": changed})
    assert jobs(run) == [["tatoeba", "xquad", "mlqa"]]


def test_what_waits_for_predictions_of_a_bundle_waits_for_its_marker_until_they_are_finished(world: World):
    run = run_of(world, **FILES)
    (scores,) = (
        one for one in of_step(run.grid, "score") if one.inputs["predictions"] is predictions(run.grid)["mlqa"]
    )
    assert run.inputs(asked(scores.path), "predictions") == [run.path(f"{bundle_of(run)}/manifest.json")]
    world.finish(of_step(run.grid, "predict"))
    run = run_of(world, **FILES)
    manifest = predictions(run.grid)["mlqa"].manifest
    assert run.inputs(asked(scores.path), "predictions") == [run.path(manifest)]


def test_the_job_of_a_bundle_has_the_inputs_of_all_its_predictions_once(world: World):
    run = run_of(world, **FILES)
    found = predictions(run.grid)
    path, model = bundle_of(run), found["xquad"].inputs["model"]
    assert run.inputs(asked(path), "model") == [run.path(model.manifest), run.path(f"{model.path}/model.safetensors")]
    for role in ("features", "data"):
        assert run.inputs(asked(path), role) == [run.path(found[name].inputs[role].manifest) for name in SQUAD]
    assert run.options(asked(path)) == ["--predictions", *(found[name].path for name in SQUAD)]
    assert run.options(asked(found["xquad"].path)) == []


def test_a_new_target_is_predicted_alone_by_a_job_of_its_name_and_nothing_is_trained(world: World):
    fewer = {**FILES, "grid": {**GRID, "targets": ["xquad", "tatoeba"]}}
    world.finish(world.real(**fewer).entries.values())
    more = {**FILES, "grid": {**GRID, "targets": ["xquad", "mlqa", "tatoeba"]}}
    run = run_of(world, **more)
    made = [job for job in run.jobs.all if job.step in ("train_stage", "predict")]
    assert {job.path for job in made} == {one.path for one in of_step(run.grid, "predict") if one.about.task == "mlqa"}


def test_a_lost_prediction_is_made_again_alone(world: World):
    world.finish(world.real(**FILES).entries.values())
    lost = predictions(world.real(**FILES))["mlqa"]
    grid = world.real(**FILES)
    for entry in (lost, *(one for one in grid.entries.values() if lost in one.inputs.values()), *grid.reports):
        (world.store / entry.manifest).unlink()
    run = run_of(world, **FILES)
    assert [job.path for job in run.jobs.all if job.step == "predict"] == [lost.path]


# Its name


def test_the_name_of_a_bundle_says_nothing_about_what_is_missing(world: World):
    run = run_of(world, **FILES)
    world.finish([predictions(run.grid)["xquad"]])
    later = run_of(world, **FILES)
    assert jobs(later) == [["tatoeba", "mlqa"]]
    assert bundle_of(later) == bundle_of(run)


def test_another_grid_has_other_bundles(world: World):
    fewer = {**FILES, "grid": {**GRID, "targets": ["xquad", "mlqa"]}}
    one, other = run_of(world, **FILES), run_of(world, **fewer)
    assert bundle_of(one) != bundle_of(other)


def test_the_name_of_a_bundle_is_shorter_than_those_of_its_predictions(world: World):
    for path, bundle in bundles.of_grid(world.real(**FILES)).items():
        assert len(path) < min(len(one.path) for one in bundle.predictions)


# Data that may not become available


def test_predictions_without_files_have_jobs_of_their_own_and_hold_up_no_others(world: World):
    files = {"tasks": {name: {"source": "miniature"} for name in ("squad_v1", "xquad", "tatoeba", "pawsx")}}
    run = run_of(world, grid=GRID, **files)
    assert sorted(jobs(run)) == [["mlqa"], ["tatoeba", "xquad"]]
    needed = run.inputs(asked(bundle_of(run)), "features")
    assert run.path(predictions(run.grid)["mlqa"].inputs["features"].manifest) not in needed


@pytest.mark.parametrize("step", ["features", "data"])
def test_a_prediction_whose_data_could_not_be_read_has_a_job_of_its_own_in_the_next_run(world: World, step: str):
    grid = world.real(**FILES)
    log(predictions(grid)["mlqa"].inputs[step].path, "error: xquad.json, line 7: found ''\n")
    run = run_of(world, **FILES)
    assert sorted(jobs(run)) == [["mlqa"], ["tatoeba", "xquad"]]
    world.finish([predictions(grid)["mlqa"].inputs["features"], predictions(grid)["mlqa"].inputs["data"]])
    assert jobs(run_of(world, **FILES)) == [SQUAD]


@pytest.mark.parametrize("text", ["error: stopped by SIGTERM. Nothing is lost: …\n", "python -m xstilts read_task\n"])
def test_a_reading_job_that_was_stopped_is_no_reason_for_another_job(world: World, text: str):
    log(predictions(world.real(**FILES))["mlqa"].inputs["data"].path, text)
    assert jobs(run_of(world, **FILES)) == [SQUAD]


PERTURBED = {"grid": {**GRID, "intermediates": ["none"], "targets": ["xquad", "xquad+typos10", "mlqa"]}}
"""Text with typos is read from the same files, and perturbed by a job of its own."""


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("read_task", [["mlqa"], ["xquad"], ["xquad+typos10"]]),
        ("perturb_task", [["xquad", "mlqa"], ["xquad+typos10"]]),
        ("", [["xquad", "xquad+typos10", "mlqa"]]),
    ],
)
def test_a_perturbed_target_is_held_up_by_its_own_data_alone(world: World, step: str, expected: list[list[str]]):
    run = run_of(world, **FILES | PERTURBED)
    for entry in of_step(run.grid, step):
        if "/xquad" in entry.path:
            log(entry.path, "error: a bad row\n")
    assert sorted(jobs(run_of(world, **FILES | PERTURBED))) == expected


def test_the_job_of_perturbed_and_other_targets_is_named_after_all(world: World):
    run = run_of(world, **FILES | PERTURBED)
    job = run.jobs.of_bundles[bundle_of(run)]
    assert failures.describe(job) == "predicting xquad and xquad+typos10 and mlqa after squad_v1 on toy, seed 1"


# Jobs on nodes


def on_node(world: World) -> Run:
    raw = world.config(**FILES).model_dump(mode="json", exclude_unset=True)
    return Run(raw, [world.file(**FILES)], on_node=True)


def call(path: str) -> list[str]:
    return ["snakemake", "--mode", "remote", "--target-jobs", f"predict:entry={path}", "--force", "--cores", "1"]


def read_and_trained(world: World) -> Grid:
    grid = world.real(**FILES)
    world.finish(of_step(grid, "write_miniature", "read_task", "encode_task", "train_stage"))
    return grid


def test_a_node_finds_the_job_of_a_bundle_when_some_of_its_predictions_are_finished(world: World):
    path, found = bundle_of(run_of(world, **FILES)), predictions(read_and_trained(world))
    world.finish([found["xquad"], found["mlqa"]])
    node = on_node(world)
    assert matches(node, path)
    assert not node.has_made(call(path))
    assert node.options(asked(path)) == ["--predictions", found["tatoeba"].path]


def test_a_node_waits_for_no_data_of_predictions_that_the_run_has_put_into_other_jobs(world: World):
    grid = read_and_trained(world)
    found = predictions(grid)
    (world.store / found["mlqa"].inputs["features"].manifest).unlink()
    node = on_node(world)
    path = bundle_of(node)
    assert node.options(asked(path)) == ["--predictions", found["tatoeba"].path, found["xquad"].path]
    assert node.path(found["mlqa"].inputs["features"].manifest) not in node.inputs(asked(path), "features")
    world.finish([found["xquad"], found["tatoeba"]])
    assert on_node(world).has_made(call(path))


def test_a_node_leaves_the_marker_of_a_bundle_that_was_made_before(world: World):
    path, grid = bundle_of(run_of(world, **FILES)), read_and_trained(world)
    marker = world.store / path / "manifest.json"
    assert not on_node(world).has_made(call(path))
    assert not marker.exists()
    world.finish(of_step(grid, "predict"))
    assert on_node(world).has_made(call(path))
    assert marker.exists()


# Markers


@pytest.mark.parametrize("dryrun", [False, True])
def test_the_marker_of_an_earlier_job_is_not_taken_for_predictions_that_are_missing(
    world: World, dryrun: bool, monkeypatch
):
    run, planning = run_of(world, **FILES), Planning(dryrun=dryrun)
    monkeypatch.setattr(run, "begin", lambda: None)
    marker = world.store / bundle_of(run) / "manifest.json"
    marker.parent.mkdir(parents=True)
    marker.write_text("{}")
    run.prepare(planning)
    assert planning.dag.forcefiles == {"of the user", str(marker)}


def test_markers_go_when_the_predictions_are_finished_with_the_folders_that_held_nothing_else(world: World):
    run = run_of(world, **FILES)
    marker = world.store / bundle_of(run) / "manifest.json"
    marker.parent.mkdir(parents=True)
    marker.write_text("{}")
    leftovers.remove_markers(world.store, run.grid)
    assert marker.exists()
    world.finish(of_step(run.grid, "predict"))
    on_node(world).tidy()
    assert marker.exists()
    run.tidy()
    assert not (world.store / "bundles").exists()
    assert world.store.exists()


# What is told


def test_plan_counts_jobs_and_each_start_once(world: World):
    grid = read_and_trained(world)
    plan = Plan(grid.config, grid)
    run = run_of(world, **FILES)
    assert plan.jobs["predict"] == len([job for job in run.jobs.all if job.step == "predict"])
    starts = {entry.about.task: work.starts for entry, work in plan.work if entry.about.stages == ("squad_v1",)}
    assert starts == {"tatoeba": True, "xquad": False, "mlqa": False}


def states(grid: Grid) -> dict[str, str]:
    state = State(grid.config, grid)
    cells = (cell for cell in grid.cells if cell.predictions.about.stages == ("squad_v1",))
    return {cell.target: state.of(cell) for cell in cells}


def test_what_a_failed_job_of_a_bundle_has_not_predicted_has_failed_and_the_rest_is_to_do(world: World):
    path, grid = bundle_of(run_of(world, **FILES)), read_and_trained(world)
    found = predictions(grid)
    world.finish([found["xquad"]])
    begun = time.time() - 10
    file = log(path, "error: 2 of 3 failed: …\n\npython -m xstilts\n")
    assert states(grid) == {"xquad": TO_DO, "mlqa": FAILED, "tatoeba": FAILED}
    lines = failures.summary(State(grid.config, grid), begun).splitlines()
    assert lines == [
        "1 job failed; missing cells as a result: 2 of 8",
        "- predicting tatoeba and mlqa after squad_v1 on toy, seed 1 (dependent cells: 2): 2 of 3 failed: …",
        f"  {file}",
        "further missing cells, whose predictions were to be made by the same jobs; the next run computes them: 1",
        "Finished results are kept; start snakemake again to continue.",
    ]


def test_a_later_job_of_its_own_tells_why_a_prediction_has_failed(world: World):
    path, grid = bundle_of(run_of(world, **FILES)), read_and_trained(world)
    found = predictions(grid)
    world.finish([found["xquad"], found["tatoeba"]])
    log(path, "error: 1 of 3 predictions failed: …\n", seconds=-9)
    assert list(State(grid.config, grid).failed) == [path]
    log(found["mlqa"].path, "error: not finite\n")
    assert list(State(grid.config, grid).failed) == [found["mlqa"].path]


def test_cells_that_waited_for_the_data_of_another_target_are_told(world: World):
    grid = world.real(**FILES)
    world.finish(of_step(grid, "write_miniature", "train_stage"))
    others = [entry for entry in of_step(grid, "read_task", "encode_task") if "/mlqa." not in entry.path]
    world.finish(others)
    data = predictions(grid)["mlqa"].inputs["data"]
    begun = time.time() - 10
    log(data.path, "error: a bad row\n")
    state = State(grid.config, grid)
    behind = [cell for cell in grid.cells if cell.target == "mlqa"]
    beside = state.cells_beside(data.path)
    assert state.cells_behind(data.path) == len(behind)
    models = {cell.predictions.inputs["model"].path for cell in behind}
    waited = [
        cell
        for cell in grid.cells
        if cell.target != "mlqa"
        and "model" in cell.predictions.inputs
        and cell.predictions.inputs["model"].path in models
    ]
    assert beside == len(waited) > 0
    assert f"the next run computes them: {beside}" in failures.summary(state, begun)


def test_a_finished_bundle_has_no_failures(world: World):
    run = run_of(world, **FILES)
    world.finish(run.grid.entries.values())
    log(bundle_of(run), "error: long ago\n")
    state = State(run.grid.config, run.grid)
    assert state.failed == {}
    assert {state.of(cell) for cell in run.grid.cells} == {DONE}
