"""The command `prune` removes what no configuration names, and nothing else."""

import os
import re
import time
from pathlib import Path

import pytest
from fabricated import REPORTS, SETTINGS, WEIGHTS, World, cell, of_step

from xstilts.grid import Grid
from xstilts.steps.entry import Entry
from xstilts.store.drafts import scratch
from xstilts.store.entries import finished, pending
from xstilts.store.pruning import Leftover, freed, leftovers, other_experiments, remove
from xstilts.training.resume import exclusive

pytestmark = pytest.mark.thorough

TWO_DAYS = 2 * 24 * 60 * 60


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A finished experiment."""
    monkeypatch.chdir(tmp_path)
    made = World(tmp_path)
    made.finish(made.grid().entries.values())
    return made


def found(world: World, *grids: Grid) -> list[Leftover]:
    named = {path: entry for grid in grids for path, entry in grid.entries.items()}
    return leftovers(world.store, named, [grid.config.experiment for grid in grids])


def pruned(world: World, *grids: Grid) -> set[str]:
    """Remove what the grids do not name; the paths of it."""
    gone = found(world, *grids)
    for one in gone:
        remove(one)
    return {one.path for one in gone}


def files(folder: Path) -> set[str]:
    found = {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}
    return {str(file) for file in found if file.parts[0] != ".cache"}


def model(grid: Grid, intermediate: str, target: str) -> Entry:
    return cell(grid, intermediate, target).predictions.inputs["model"]


def only(*intermediates: str) -> dict:
    return {"grid": {**SETTINGS["grid"], "intermediates": list(intermediates)}}


# What goes


def test_nothing_goes_that_the_configuration_names(world: World):
    assert found(world, world.grid()) == []


def test_what_has_another_name_now_goes_and_the_rest_stays(world: World):
    changed = world.grid(stages={"squad_v1": {"epochs": 1}})
    world.finish(entry for entry in changed.entries.values() if not finished(world.store, entry))
    before, old = files(world.store), world.grid()
    gone = pruned(world, changed)
    unnamed = set(old.entries) - set(changed.entries)
    # Scores go with the predictions that they lie in.
    assert gone == {path for path in unnamed if "/scores~" not in path}
    assert files(world.store) == {file for file in before if not file.startswith(tuple(f"{path}/" for path in gone))}
    assert pending(world.store, changed) == {}


def test_scores_of_another_metric_go_from_beside_predictions_that_stay(world: World):
    changed = world.grid("job.score")
    world.finish(of_step(changed, "score", *REPORTS))
    gone = pruned(world, changed)
    statistics = {f"statistics.{name}" for name in SETTINGS["grid"]["targets"]}
    reports = {path.rpartition("/")[2].partition("~")[0] for path in gone}
    assert reports == {"scores", "collect", "tables", "figures", "page", *statistics}
    assert pending(world.store, changed) == {}


def test_links_to_reports_go_with_them(world: World):
    report = world.store / world.grid().tables.path
    old, own = report.parent / "old.txt", report.parent / "own.txt"
    old.symlink_to(Path(report.name, "content.txt"))
    own.write_text("mine")
    kept = report.parent / "kept.txt"
    kept.symlink_to(Path(Path(world.grid().figures.path).name, "content.txt"))
    pruned(world, world.grid("job.tables"))
    assert not report.exists()
    assert not old.is_symlink()
    assert own.is_file()
    assert kept.is_file()


def test_the_parent_of_a_model_that_stays_stays(world: World):
    small = world.grid(**only("squad_v1/mnli"))
    pruned(world, small)
    child = model(small, "squad_v1/mnli", "pawsx")
    parent = child.inputs["parent"]
    assert all(finished(world.store, one) for one in (child, parent, parent.inputs["parent"]))


def test_children_go_from_beside_a_parent_that_stays_and_empty_folders_go_with_them(world: World):
    old, small = world.grid(), world.grid(**only("none"))
    world.finish(small.entries.values())
    pruned(world, small)
    mnli = model(small, "none", "xnli")
    assert finished(world.store, mnli)
    (stage,) = (world.store / mnli.path).parent.parent.glob("mnli~*")
    assert [one.name for one in stage.iterdir()] == ["seed-1"]
    assert not (world.store / model(old, "squad_v1/mnli", "pawsx").path).parents[2].exists()
    folders = [folder for kind in ("models", "cells") for folder in (world.store / kind).rglob("*") if folder.is_dir()]
    assert not [folder for folder in folders if not any(folder.iterdir())]


def test_what_any_of_several_configurations_names_stays(world: World):
    parts = world.grid(**only("none")), world.grid(experiment="other", **only("mnli", "squad_v1/mnli"))
    gone = {path.partition("/")[0] for path in pruned(world, *parts)}
    assert gone == {"experiments"}


def test_what_a_job_left_without_a_manifest_goes_if_it_has_no_name(world: World):
    half = world.store / "models" / "toy~000000000000" / "mnli~000000000000" / "seed-1"
    half.mkdir(parents=True)
    (half / "model.safetensors").write_text("half")
    assert pruned(world, world.grid()) == {str(half.relative_to(world.store))}


def test_of_an_entry_that_is_a_link_the_link_goes_and_its_target_stays(world: World):
    target = world.folder / "elsewhere"
    target.mkdir()
    (target / "file").write_text("mine")
    (world.store / "data" / "old.train~0123456789ab").symlink_to(target)
    assert pruned(world, world.grid()) == {"data/old.train~0123456789ab"}
    assert (target / "file").read_text() == "mine"


# What stays


@pytest.mark.parametrize(
    "path",
    [
        "downloads/archive~0123456789ab/file",
        "mine/data~0123456789ab/file",
        "data/xnli/test.tsv",
        "data/notes~today/file",
        "data/notes~0123456789abcdef/file",
        "data/xnli~0123456789ab-mine/file",
        "models/toy~0123456789ab.old/seed-1/file",
        "models/notes.txt",
        "models/kept/seed-1/file",
        "features/tokenizer~0123456789ab/readme.txt",
        ".cache/sha256.json",
    ],
)
def test_what_is_not_the_store_s_own_is_not_touched(world: World, path: str):
    file = world.store / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine")
    pruned(world, world.grid(**only("none")))
    assert file.read_text() == "mine"


def test_an_experiment_whose_name_goes_on_where_another_ends_is_another(world: World):
    longer = world.grid(experiment="mine2")
    world.finish(of_step(longer, *REPORTS))
    assert found(world, world.grid()) == []
    assert finished(world.store, longer.tables)


def test_a_seed_whose_number_goes_on_where_another_ends_is_another(world: World):
    seeds = world.grid(grid={**SETTINGS["grid"], "seeds": [1, 10]})
    world.finish(entry for entry in seeds.entries.values() if not finished(world.store, entry))
    gone = pruned(world, world.grid(grid={**SETTINGS["grid"], "seeds": [2]}))
    assert {path.rpartition("/")[2] for path in gone if path.startswith("models/")} == {"seed-1", "seed-10"}


def test_the_reports_of_other_experiments_stay_and_are_known(world: World):
    other = world.grid(experiment="other")
    assert {path for path in pruned(world, other) if path.startswith("experiments/")} == set()
    (one,) = other_experiments(world.store, ["other"])
    assert (one.path, one.kind) == ("experiments/mine", "experiments")


def state_of(world: World, entry: Entry) -> Path:
    """What a training has left, with its lock."""
    state = scratch(world.store, entry, "training")
    state.mkdir(parents=True)
    (state / "optimizer.pt").write_text("state")
    state.with_suffix(".lock").write_text("pid 1 on elsewhere")
    return state


def test_the_state_of_a_training_that_runs_stays_and_so_does_its_entry(world: World):
    foreign = model(world.grid(stages={"mnli": {"epochs": 9}}), "none", "xnli")
    state = state_of(world, foreign)
    half = world.store / foreign.path / "config.json"
    half.write_text("{}")
    with exclusive(state):
        assert found(world, world.grid()) == []
        (state / "optimizer.pt").read_text()
    state_of(world, foreign)
    assert pruned(world, world.grid()) == {foreign.path}
    assert not half.parent.exists()


def test_what_a_training_left_beside_an_entry_that_was_finished_since_goes(world: World):
    done = model(world.grid(), "none", "xnli")
    state = state_of(world, done)
    assert pruned(world, world.grid()) == {f"{done.path}/{name}" for name in (".training", ".training.lock")}
    assert not state.exists()
    assert finished(world.store, done)


def test_the_state_of_a_training_that_has_a_name_and_is_not_done_stays(world: World):
    wanted = world.grid(stages={"mnli": {"epochs": 9}})
    state = state_of(world, model(wanted, "none", "xnli"))
    pruned(world, wanted)
    assert (state / "optimizer.pt").is_file()


def draft_of(world: World, entry: Entry, age: float) -> Path:
    """Files of a job that wrote its last one so many seconds ago."""
    draft = scratch(world.store, entry, "files.4711")
    draft.mkdir(parents=True)
    (draft / "half.txt").write_text("half")
    for path in (draft / "half.txt", draft):
        os.utime(path, (time.time() - age, time.time() - age))
    return draft


AGES = pytest.mark.parametrize(("age", "goes"), [(0, False), (TWO_DAYS, True)], ids=["today", "older"])


@AGES
def test_a_draft_goes_when_nothing_was_written_to_it_for_a_day(world: World, age: float, goes: bool):
    tables = world.grid().tables
    draft = draft_of(world, tables, age)
    assert pruned(world, world.grid()) == ({f"{tables.path}/{draft.name}"} if goes else set())


def test_a_draft_stays_while_one_of_its_files_is_new_however_old_the_others_are(world: World):
    draft = draft_of(world, world.grid().tables, TWO_DAYS)
    (draft / "new.txt").write_text("being written")
    os.utime(draft, (time.time() - TWO_DAYS,) * 2)
    assert pruned(world, world.grid()) == set()


@AGES
def test_an_entry_without_a_name_stays_while_a_job_may_be_about_to_finish_it(world: World, age: float, goes: bool):
    foreign = model(world.grid(stages={"mnli": {"epochs": 9}}), "none", "xnli")
    draft_of(world, foreign, age)
    assert pruned(world, world.grid()) == ({foreign.path} if goes else set())


@AGES
def test_the_marker_of_a_bundle_goes_after_a_day(world: World, age: float, goes: bool):
    marker = world.store / "bundles" / "toy~0123456789ab" / "seed-1~0123456789ab" / "manifest.json"
    marker.parent.mkdir(parents=True)
    marker.write_text("{}")
    os.utime(marker, (time.time() - age,) * 2)
    assert pruned(world, world.grid()) == ({str(marker.parent.relative_to(world.store))} if goes else set())
    assert marker.parent.exists() != goes


# How much


def test_a_file_with_another_name_elsewhere_frees_nothing(world: World):
    """As copies of a store share the files of results on one disk."""
    weights = [world.store / entry.path / "model.safetensors" for entry in of_step(world.grid(), "train_stage")]
    for number, file in enumerate(weights):
        (world.folder / f"elsewhere-{number}").hardlink_to(file)
    gone = [one for one in found(world, world.grid("job.train_stage")) if one.kind == "models"]
    assert len(gone) == len(weights) == 8
    assert sum(one.bytes for one in gone) - freed(gone) == 8 * WEIGHTS
    for one in gone:
        remove(one)
    assert (world.folder / "elsewhere-0").stat().st_size == WEIGHTS


# The command


@pytest.fixture
def real(tmp_path: Path) -> World:
    """An experiment, finished twice with different settings."""
    made = World(tmp_path)
    made.finish(made.real(stages={"mnli": {"epochs": 9}}).entries.values())
    made.finish(made.real().entries.values())
    return made


def test_the_command_shows_first_and_removes_when_told_so(real: World):
    before, file = files(real.store), real.file()
    shown = real.run("prune", file)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert re.search(r"│ models +│ +6 │ +\d+\.\d kB │", shown.stdout)
    assert "Nothing was removed. Add --yes to free" in shown.stdout
    assert files(real.store) == before
    done = real.run("prune", file, "--yes")
    assert done.stdout.splitlines()[-1].startswith("Removed ")
    assert pending(real.store, real.real()) == {}
    assert "Everything in " in real.run("prune", file).stdout


def test_the_command_names_experiments_that_are_not_given_and_removes_their_reports_when_told_so(real: World):
    other = real.file("other", experiment="other")
    shown = real.run("prune", other, "--yes")
    assert f"{real.store}/experiments/mine (" in shown.stdout
    assert (real.store / "experiments" / "mine").is_dir()
    real.run("prune", other, "--experiments", "--yes")
    assert not (real.store / "experiments" / "mine").exists()


def test_configurations_with_several_stores_are_a_mistake(real: World):
    elsewhere = real.folder / "elsewhere.yaml"
    elsewhere.write_text("store: elsewhere\n")
    run = real.run("prune", real.file(), elsewhere)
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert line.startswith("error: the configurations have different stores")
