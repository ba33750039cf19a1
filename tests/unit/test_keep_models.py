"""`keep_models: false` removes the weights of target models after their last use, and nothing else."""

import json
import os
import re
from pathlib import Path

import pytest
from fabricated import World, of_step

from xstilts import experiments
from xstilts import experiments as opening
from xstilts.config import GridSettings
from xstilts.grid import Grid
from xstilts.run import Run
from xstilts.steps.entry import Entry
from xstilts.store import drafts, entries, jsonfiles, links, weights
from xstilts.store import weights as store_weights
from xstilts.store.entries import finished, pending

pytestmark = pytest.mark.thorough

TARGETS = {"pawsx", "mnli/mnli", "mnli/pawsx", "squad_v1/mnli/mnli", "squad_v1/mnli/pawsx"}
"""The models from which nothing is trained."""
MORE = {"languages": ["en", "de", "zh"]}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The whole grid, finished; its models have heads beside their weights."""
    world = World(tmp_path)
    world.finish(world.real().entries.values())
    return world


def clean(world: World, **changes) -> Grid:
    """Do what a run does in its end."""
    config, grid = world.config(keep_models=False, **changes), world.real(**changes)
    weights.delete_unneeded_weights(config, grid, grid.entries.values())
    return grid


def with_weights(world: World) -> set[str]:
    """The models that have weights, by the names of their stages."""
    return {stages(str(file.parent.relative_to(world.store))) for file in world.store.rglob("*.safetensors")}


def stages(path: str) -> str:
    return "/".join(part.partition("~")[0] for part in path.split("/")[2:-1])


def _written(world: World) -> dict:
    """The grid as a configuration has it."""
    return {key: getattr(world.config().grid, key) for key in GridSettings.model_fields}


def models(grid: Grid) -> dict[str, Entry]:
    return {stages(entry.path): entry for entry in of_step(grid, "train_stage")}


def jobs(world: World, grid: Grid) -> set[str]:
    """What a plan lists of models and cells."""
    return {path for path in pending(world.store, grid) if path.startswith(("models/", "cells/"))}


def lose(world: World, entry: Entry) -> None:
    (world.store / entry.manifest).unlink()


def test_the_weights_of_all_targets_go_and_those_of_all_intermediates_stay(world: World):
    every = with_weights(world)
    clean(world)
    assert every - with_weights(world) == TARGETS


def test_with_keep_models_nothing_goes(world: World):
    before = with_weights(world)
    grid = world.real()
    weights.delete_unneeded_weights(world.config(), grid, grid.entries.values())
    assert with_weights(world) == before


def test_all_other_files_of_a_model_stay_and_its_manifest_tells_the_rest(world: World):
    model = models(world.real())["mnli/pawsx"]
    before = json.loads((world.store / model.manifest).read_bytes())
    clean(world)
    after = json.loads((world.store / model.manifest).read_bytes())
    assert after == {
        **before,
        "files": {name: sha256 for name, sha256 in before["files"].items() if name != "model.safetensors"},
        "sizes": {name: size for name, size in before["sizes"].items() if name != "model.safetensors"},
        "removed": {"model.safetensors": before["files"]["model.safetensors"]},
    }
    assert {file.name for file in (world.store / model.path).iterdir()} == {*after["files"], "manifest.json"}


def test_heads_in_a_file_of_their_own_go_too(world: World):
    model = models(world.real())["pawsx"]
    with drafts.publishing(world.store, model) as draft:
        for name in ("model.safetensors", "heads.safetensors"):
            (draft.folder / name).write_text("weights")
    assert store_weights.remove_weights(world.store, model) == 14
    assert not list((world.store / model.path).glob("*.safetensors"))


def test_what_was_done_stays_done(world: World):
    grid = clean(world)
    assert pending(world.store, grid) == {}
    assert all(finished(world.store, entry) for entry in grid.entries.values())


def test_doing_it_twice_is_doing_it_once(world: World):
    clean(world)
    before = {file: file.stat().st_mtime_ns for file in world.store.rglob("manifest.json")}
    clean(world)
    assert {file: file.stat().st_mtime_ns for file in world.store.rglob("manifest.json")} == before


def test_a_model_stays_while_one_of_its_predictions_is_missing(world: World):
    grid = world.real()
    (xnli,) = (cell for cell in grid.cells if (cell.intermediate, cell.target) == ("mnli", "xnli"))
    lose(world, xnli.predictions)
    clean(world)
    assert "mnli/mnli" in with_weights(world)
    assert not with_weights(world) & (TARGETS - {"mnli/mnli"})


def test_new_predictions_train_their_own_model_again_and_no_sibling(world: World):
    clean(world)
    changes = {
        "tasks": {"pawsx": MORE},
        "grid": {**_written(world), "intermediates": ["none", "mnli"]},
    }
    grid = world.real(**changes)
    wanted = {models(grid)[name].path for name in ("pawsx", "mnli/pawsx")}
    wanted |= {
        path for cell in grid.cells if cell.target == "pawsx" for path in (cell.predictions.path, cell.scores.path)
    }
    assert jobs(world, grid) == wanted


def test_a_new_stage_after_a_model_trains_it_again_and_no_sibling(world: World):
    clean(world)
    longer = {**_written(world), "intermediates": ["none", "mnli", "squad_v1/mnli", "mnli/pawsx"]}
    grid = world.real(grid=longer)
    new = {path for path in grid.entries if "/mnli~" in path and "/pawsx~" in path.partition("/mnli~")[2]}
    new = {path for path in new if not (world.store / path).exists()}
    assert models(grid)["mnli/pawsx"].path not in new
    assert jobs(world, grid) == new | {models(grid)["mnli/pawsx"].path}


def test_a_model_that_is_trained_again_is_whole_again(world: World):
    clean(world)
    grid = world.real(languages=["en", "de", "zh"])
    before = json.loads((world.store / models(grid)["pawsx"].manifest).read_bytes())["removed"]
    world.finish(pending(world.store, grid).values())
    after = json.loads((world.store / models(grid)["pawsx"].manifest).read_bytes())
    assert before.items() <= after["files"].items()
    assert "removed" not in after
    assert pending(world.store, grid) == pending(world.store, world.real()) == {}


def test_weights_that_were_removed_are_no_damage(world: World):
    clean(world)
    wanted = pending(world.store, world.real(languages=["en", "de", "zh"])).values()
    assert models(world.real())["pawsx"].path in {entry.path for entry in wanted}
    assert not any(entries.damaged(world.store, entry) for entry in wanted)


def test_weights_that_someone_deleted_are(world: World):
    model = models(world.real())["pawsx"]
    (world.store / model.path / "model.safetensors").unlink()
    wanted = pending(world.store, world.real(languages=["en", "de", "zh"])).values()
    assert [entry.path for entry in wanted if entries.damaged(world.store, entry)] == [model.path]


def test_a_job_whose_model_lost_its_weights_meanwhile_says_what_to_do(world: World):
    grid = clean(world)
    predictions = next(cell.predictions for cell in grid.cells if cell.target == "pawsx")
    with pytest.raises(entries.UserError, match=r"were removed .*keep_models: false.*Start snakemake again"):
        entries.require_intact(world.store, predictions)


# Other experiments of the store


def other(world: World, name: str = "other", **changes) -> Grid:
    """Another experiment as its run leaves its configuration."""
    config = world.config(experiment=name, **changes)
    folder = world.store / "experiments" / name
    jsonfiles.write_json(folder / "config.json", config.model_dump(mode="json", exclude_unset=True))
    return world.real(experiment=name, **changes)


def grid_of(*intermediates: str) -> dict:
    return {"encoders": ["toy"], "intermediates": list(intermediates), "targets": ["xnli"], "seeds": [1]}


def test_what_another_experiment_keeps_is_kept(world: World):
    other(world, grid=grid_of("mnli"))
    clean(world)
    assert with_weights(world) & TARGETS == {"mnli/mnli"}


def test_what_any_of_several_experiments_keeps_is_kept_whatever_their_names(world: World):
    for name, keeps in (("a", True), ("b", False), ("z", True)):
        intermediate = {"a": "mnli", "b": "none", "z": "squad_v1/mnli"}[name]
        other(world, name, grid=grid_of(intermediate), keep_models=keeps)
    clean(world)
    assert with_weights(world) & TARGETS == {"mnli/mnli", "squad_v1/mnli/mnli"}


def test_what_another_experiment_has_done_with_goes(world: World):
    other(world, grid=grid_of("mnli"), keep_models=False)
    clean(world)
    assert with_weights(world) & TARGETS == set()


def test_what_another_experiment_still_has_to_predict_with_is_kept(world: World):
    other(world, grid=grid_of("none", "mnli"), tasks={"xnli": MORE}, keep_models=False)
    clean(world)
    assert with_weights(world) & TARGETS == {"mnli/mnli"}


def test_what_is_an_intermediate_of_another_experiment_is_kept(world: World):
    other(world, grid=grid_of("pawsx", "mnli/pawsx"), keep_models=False)
    clean(world)
    assert with_weights(world) & TARGETS == {"pawsx", "mnli/pawsx"}


def test_an_experiment_that_nobody_can_read_keeps_everything(world: World, capsys):
    file, before = world.store / "experiments" / "other" / "config.json", with_weights(world)
    jsonfiles.write_json(file, {"a_key_of_old": 1})
    clean(world)
    assert with_weights(world) == before
    assert f"no weights are deleted, because another experiment may need them. {file}: " in capsys.readouterr().out
    file.write_text("{", encoding="utf-8")
    clean(world)
    assert with_weights(world) == before
    assert f"{file}: empty or truncated." in capsys.readouterr().out


# The command


def test_the_command_frees_what_earlier_runs_have_kept_and_says_so(world: World):
    run = world.run("discard", world.file(keep_models=False))
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    removed = {
        stages(line.removeprefix("keep_models: false: deleted the weights of ").partition(",")[0]) for line in lines
    }
    assert removed == TARGETS
    assert not with_weights(world) & TARGETS


def test_the_command_takes_nothing_from_an_experiment_that_keeps_its_models(world: World):
    before = with_weights(world)
    run = world.run("discard", world.file())
    assert run.returncode == 1
    assert run.stderr.startswith("error: config key 'keep_models'")
    assert with_weights(world) == before


# A training that is to be done again and fails


@pytest.mark.parametrize("cause", [{"stages": {"pawsx": {"learning_rate": 0.5}}}, {"tasks": {"pawsx": MORE}}], ids=str)
def test_no_table_shows_a_number_of_a_model_whose_new_training_failed(
    world: World, cause: dict, monkeypatch: pytest.MonkeyPatch
):
    for one in world.real().cells:
        record = {"split": "test", "languages": {"de": {"scores": {}, "main_score": 64.25, "n": 4}}}
        jsonfiles.write_json(world.store / one.scores.path / "scores.json", record)
    links.show(world.store, clean(world))
    assert (reports(world) / "content.txt").is_file()
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(opening, "require_encoders", lambda config: None)
    raw = world.config(keep_models=False, **cause).model_dump(mode="json", exclude_unset=True)
    Run(raw, [experiments.SHIPPED]).begin()
    table = world.run("table", reports(world) / "config.json").stdout
    rows = [re.split(r"\s*│\s*", line)[1:-1] for line in table.splitlines() if line.startswith("│")]
    assert rows == [
        ["none", "64.2", "—", "64.2", "—"],
        ["mnli", "0.0", "—", "0.0", "—"],
        ["squad_v1/mnli", "0.0", "—", "0.0", "—"],
    ]
    assert "6 of 9 cells are finished; — marks missing scores." in table
    assert not (reports(world) / "content.txt").exists()


def reports(world: World) -> Path:
    return world.store / "experiments" / "mine"
