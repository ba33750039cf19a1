"""`adopt` and what stands behind it: old results get new names where code alone has changed."""

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from fabricated import REPORTS, SETTINGS, World, cell, of_step

from xstilts.grid import Entry, Grid, Identity
from xstilts.inspection import adoption
from xstilts.inspection.adoption import Adoption, adopt, adoptions
from xstilts.inspection.results import Results
from xstilts.inspection.state import State
from xstilts.steps import RESULTS
from xstilts.store import finished, pending, remove_weights, require_intact, scratch
from xstilts.training.resume import exclusive

EVERYWHERE = (
    "commands.read_task",
    "commands.encode_task",
    "commands.train_stage",
    "commands.predict",
    "commands.score",
)
WHY = "a variable has another name"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A finished experiment."""
    monkeypatch.chdir(tmp_path)
    made = World(tmp_path)
    made.finish(made.grid().entries.values())
    return made


def found(grid: Grid, *steps: str) -> list[Adoption]:
    store = grid.config.store
    return adoptions(pending(store, grid), Results(store), steps or RESULTS)


def adopted(grid: Grid, *steps: str) -> list[Adoption]:
    """What was found, under its new name."""
    adopting = found(grid, *steps)
    for one in adopting:
        adopt(grid.config.store, one, WHY)
    return adopting


def left(grid: Grid) -> set[str]:
    """The steps of what is still to be made."""
    return {entry.step for entry in pending(grid.config.store, grid).values()}


def record(world: World, entry: Entry) -> list[dict]:
    return json.loads((world.store / entry.path / "spec.json").read_text())["adopted"]


# What is adopted


@pytest.mark.parametrize("edited", [EVERYWHERE, ("commands.train_stage",), ("commands.score",)], ids=len)
def test_everything_but_the_reports_is_adopted_where_code_alone_has_changed(world: World, edited: tuple[str, ...]):
    grid = world.grid(*edited)
    waiting = pending(world.store, grid)
    assert {one.entry.path for one in adopted(grid)} == {p for p, e in waiting.items() if e.step in RESULTS}
    assert left(grid) == set(REPORTS)


def test_an_adopted_entry_is_a_finished_one_with_the_files_of_the_old_one(world: World):
    grid = world.grid("commands.train_stage")
    for one in adopted(grid, "train_stage"):
        old, new = one.result.folder, world.store / one.entry.path
        assert finished(world.store, one.entry)
        assert (old / "model.safetensors").samefile(new / "model.safetensors")
        spec = json.loads((new / "spec.json").read_text())
        assert {**spec, "adopted": None} == {**json.loads(json.dumps(one.entry.spec)), "adopted": None}
        manifests = [json.loads((folder / "manifest.json").read_text()) for folder in (old, new)]
        assert manifests[0].pop("files").keys() == manifests[1].pop("files").keys()


def test_the_manifest_has_the_hash_of_the_new_spec(world: World):
    grid = world.grid("commands.train_stage")
    adopted(grid)
    for one in grid.cells:
        require_intact(world.store, one.predictions)


def test_the_old_result_stays_as_it_was(world: World):
    before = {path: path.read_bytes() for path in world.store.rglob("*") if path.is_file()}
    adopted(world.grid(*EVERYWHERE))
    assert {path: path.read_bytes() for path in before} == before


def test_the_spec_says_from_what_it_was_adopted_when_and_why(world: World):
    old, new = (cell(grid, "none", "xnli").predictions for grid in (world.grid(), world.grid("commands.predict")))
    adopted(world.grid("commands.predict"))
    (said,) = record(world, new)
    assert (said["from"], said["because"]) == (old.path, WHY)
    assert said["when"].endswith("+00:00")


def test_what_was_adopted_can_be_adopted_again_and_says_both(world: World):
    adopted(world.grid("commands.predict"))
    for entry in of_step(world.grid(), "predict"):
        (world.store / entry.manifest).unlink()
    again = world.grid("commands.predict", "prediction")
    adopted(again)
    assert len(record(world, cell(again, "none", "xnli").predictions)) == 2


def test_an_adopted_result_gives_no_reason_of_its_own(world: World):
    grid = world.grid("commands.train_stage")
    adopted(grid)
    changed = world.grid("commands.train_stage", stages={"pawsx": {"epochs": 1}})
    assert [group.text for group in State(changed.config, changed).groups()] == ["epochs of stage pawsx: 5 → 1"]


def test_files_are_copied_where_the_disk_has_no_links(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("no links")))
    (one, *_) = adopted(world.grid("commands.train_stage"), "train_stage")
    new = world.store / one.entry.path / "model.safetensors"
    assert new.read_bytes() == (one.result.folder / "model.safetensors").read_bytes()
    assert new.stat().st_nlink == 1


def test_a_half_adopted_entry_is_adopted_again(world: World):
    grid = world.grid("commands.train_stage")
    for one in adopted(grid):
        if one.entry.step == "train_stage":
            (world.store / one.entry.manifest).unlink()
    adopted(grid)
    assert left(grid) == set(REPORTS)


# What is not


@pytest.mark.parametrize(
    "changes",
    [
        {"stages": {"mnli": {"learning_rate": 0.5}}},
        {"tasks": {"mnli": {"max_length": 8}}},
        {"limit": {"train": 8}},
    ],
    ids=str,
)
def test_nothing_is_adopted_whose_settings_differ_nor_what_is_made_from_it(world: World, changes: dict):
    grid = world.grid("commands.train_stage", **changes)
    assert not [one for one in found(grid) if "/mnli~" in one.entry.path]


@pytest.mark.parametrize("edited", ["pawsx train en", "toy", "tokenizer"])
def test_nothing_is_adopted_whose_data_or_encoder_differ(world: World, edited: str):
    adopting = found(world.grid(edited, *EVERYWHERE))
    assert not [one for one in adopting if "/pawsx~" in one.entry.path and one.entry.step == "train_stage"]
    assert {one.entry.step for one in adopting} >= {"read_task"}


def test_a_result_of_another_seed_is_not_adopted(world: World):
    grid = world.grid("commands.train_stage", grid={**SETTINGS["grid"], "seeds": [7]})
    assert found(grid) == []


def test_a_damaged_result_is_not_adopted(world: World):
    damaged = cell(world.grid(), "none", "xnli").predictions.inputs["model"]
    (world.store / damaged.path / "model.safetensors").write_text("cut")
    adopting = {one.result.path for one in found(world.grid("commands.train_stage"))}
    assert damaged.path not in adopting
    # Nor is what was made from it.
    assert not [path for path in adopting if path.startswith(damaged.path.rpartition("/")[0])]


def test_a_model_that_is_trained_just_now_is_not_adopted(world: World):
    grid = world.grid("commands.train_stage")
    model = cell(grid, "none", "xnli").predictions.inputs["model"]
    with exclusive(scratch(world.store, model, "training")):
        assert model.path not in {one.entry.path for one in found(grid)}


def test_one_step_alone_is_adopted_where_its_inputs_are_the_same(world: World):
    grid = world.grid("commands.train_stage", "commands.score")
    assert {one.entry.step for one in found(grid, "train_stage")} == {"train_stage"}
    assert len(found(grid, "train_stage")) == 8
    # The scores are those of predictions that have other names and are not adopted.
    assert found(grid, "score") == [one for one in found(grid, "score") if "untrained" in one.entry.path]


def test_a_model_is_not_adopted_before_its_data_are_there_again(world: World):
    grid = world.grid("commands.read_task")
    assert found(grid, "train_stage") == []


@pytest.mark.parametrize(("text", "same"), [("", True), ("other bytes", False)])
def test_a_model_is_adopted_if_its_inputs_were_made_again_with_the_same_bytes(world: World, text: str, same: bool):
    grid = world.grid("commands.read_task")
    world.finish(of_step(grid, "read_task", "encode_task"), text)
    assert len(found(grid, "train_stage")) == (8 if same else 0)


def test_a_model_without_weights_is_not_adopted_for_itself(world: World):
    grid = world.grid()
    lost = cell(grid, "none", "pawsx")
    model = lost.predictions.inputs["model"]
    remove_weights(world.store, model)
    for entry in (lost.scores, lost.predictions, *of_step(grid, *REPORTS)):
        (world.store / entry.manifest).unlink()
    assert model.path in pending(world.store, grid)
    assert found(grid) == []


def test_a_result_with_weights_is_adopted_rather_than_a_newer_one_without(world: World):
    newer = world.grid("commands.train_stage")
    world.finish(of_step(newer, "train_stage"))
    for model in of_step(newer, "train_stage"):
        remove_weights(world.store, model)
    adopting = found(world.grid("kinds.classification"))
    names = {one.path for one in of_step(world.grid(), "train_stage")}
    models = {one.result.path for one in adopting if one.entry.step == "train_stage"}
    assert models
    assert models <= names


# Where it is not known what a result was made from

MADE = {"grid": {**SETTINGS["grid"], "intermediates": ["none"]}, "encoders": {"toy": {"pretraining": {}}}}


@pytest.fixture
def made_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A finished experiment with an encoder that is made here."""
    monkeypatch.chdir(tmp_path)
    made = World(tmp_path)
    made.finish(made.grid(**MADE).entries.values())
    return made


def test_a_model_is_adopted_while_it_is_known_which_encoder_it_was_made_from(made_here: World):
    grid = made_here.grid("commands.train_stage", **MADE)
    (encoder,) = of_step(grid, "pretrain_encoder")
    assert len(found(grid, "train_stage")) == 2
    shutil.rmtree(made_here.store / encoder.path)
    assert found(made_here.grid("commands.train_stage", **MADE), "train_stage") == []


@pytest.mark.parametrize("text", ["", "other bytes"])
def test_a_model_is_adopted_for_an_encoder_that_was_made_anew_where_its_bytes_are_the_same(made_here: World, text: str):
    grid = made_here.grid("commands.pretrain_encoder", **MADE)
    assert found(grid, "train_stage") == []
    made_here.finish(of_step(grid, "pretrain_encoder"), text)
    assert len(found(grid, "train_stage")) == (0 if text else 2)


def forget(world: World, entry: Entry, key: str) -> None:
    """Let the spec of a result say nothing of something, as if a person had edited it."""
    folder = world.store / entry.path
    spec, manifest = (json.loads((folder / name).read_text()) for name in ("spec.json", "manifest.json"))
    del spec[key]
    (folder / "spec.json").write_text(json.dumps(spec))
    manifest["sizes"]["spec.json"] = (folder / "spec.json").stat().st_size
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("step, key", [("encode_task", "data"), ("train_stage", "features"), ("predict", "features")])
def test_nothing_is_adopted_that_does_not_say_what_it_was_made_from(world: World, step: str, key: str):
    entries = of_step(world.grid(), step)
    for entry in entries:
        forget(world, entry, key)
    assert found(world.grid(f"commands.{step}"), step) == []


def test_nothing_is_adopted_from_another_encoder(world: World):
    """Of the same name, in whose place another folder stands since, whatever else has changed."""
    for edited in (["toy"], ["toy", *EVERYWHERE], ["tokenizer", *EVERYWHERE]):
        steps = {one.entry.step for one in found(world.grid(*edited))}
        assert steps <= ({"read_task"} | ({"encode_task"} if "toy" in edited else set()))


@pytest.mark.parametrize("edited", ["xnli test de", "mnli train en"])
def test_nothing_is_adopted_from_other_files(world: World, edited: str):
    adopting = {one.entry.path for one in found(world.grid(edited, *EVERYWHERE))}
    data = "xnli.evaluate" if "xnli" in edited else "mnli.train"
    assert not [path for path in adopting if f"/{data}~" in path]
    assert [path for path in adopting if "/pawsx.train~" in path]
    gone = "/xnli~" if "xnli" in edited else "/mnli~"
    assert not [path for path in adopting if gone in path]


def test_of_several_results_that_fit_the_newest_is_adopted(world: World):
    newest = world.grid("commands.predict")
    world.finish(of_step(newest, "predict"))
    for n, grid in enumerate((world.grid(), newest)):
        for entry in of_step(grid, "predict"):
            os.utime(world.store / entry.manifest, (1_000_000 + n, 1_000_000 + n))
    adopting = found(world.grid("prediction"), "predict")
    assert adopting
    assert {one.result.path for one in adopting} <= {one.path for one in of_step(newest, "predict")}


def test_each_entry_is_adopted_after_what_it_is_made_from(world: World):
    seen: set[str] = set()
    waiting = {one.entry.path for one in found(world.grid(*EVERYWHERE))}
    for one in found(world.grid(*EVERYWHERE)):
        needed = {entry.path for entry in one.entry.inputs.values()} & waiting
        assert needed <= seen
        seen.add(one.entry.path)


def test_an_adopted_result_is_finished_only_when_all_of_its_files_are_there(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    (one, *_) = found(world.grid("commands.train_stage"), "train_stage")
    done, write = [], adoption.write_json

    def watch(path: Path, value: object) -> None:
        names = {file.name for file in path.parent.iterdir()}
        done.append((path.name, finished(world.store, one.entry), names))
        write(path, value)

    monkeypatch.setattr(adoption, "write_json", watch)
    adopt(world.store, one, WHY)
    files = {"content.txt", "model.safetensors"}
    assert done == [("spec.json", False, files), ("manifest.json", False, files | {"spec.json"})]
    manifest = json.loads((world.store / one.entry.manifest).read_text())
    for name, sha256 in manifest["files"].items():
        content = (world.store / one.entry.path / name).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (sha256, manifest["sizes"][name])


def test_what_a_result_says_of_its_course_is_adopted_with_it(world: World):
    measured = {"seconds": 9.0, "examples": 8, "device": "cpu"}
    world.finish(of_step(world.grid(), "train_stage"), measured=measured)
    (one, *_) = adopted(world.grid("commands.train_stage"), "train_stage")
    assert json.loads((world.store / one.entry.manifest).read_text())["measured"] == measured


# The command


class OldCode:
    """The files that are here, under code that was another."""

    def __init__(self, identity: Identity):
        self.split, self.encoder, self.tokenizer = identity.split, identity.encoder, identity.tokenizer
        self.longest = identity.longest

    def code(self, *modules: str) -> str:
        return "old"


def test_the_command_shows_first_and_adopts_when_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    world = World(tmp_path)
    world.finish(Grid(world.config(), OldCode(world.real().identity)).entries.values())
    before = sorted(path for path in world.store.rglob("*") if ".cache" not in path.parts)
    shown = world.run("adopt", world.file(), "--because", WHY)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "train_stage: 8 results, such as models/toy~" in shown.stdout
    (rest,) = re.findall("^left for snakemake: (.*)$", shown.stdout, re.MULTILINE)
    assert set(rest.split(", ")) == {f"{step} 1" for step in REPORTS}
    assert "give --yes" in shown.stdout
    assert sorted(path for path in world.store.rglob("*") if ".cache" not in path.parts) == before
    done = world.run("adopt", world.file(), "--because", WHY, "--yes")
    assert done.stdout.splitlines()[-1].startswith("Adopted ")
    assert left(world.real()) == set(REPORTS)
    again = world.run("adopt", world.file(), "--because", WHY, "--yes")
    assert "Nothing can be adopted" in again.stdout


def test_a_person_has_to_say_why(world: World):
    run = world.run("adopt", world.file(), "--because", " ")
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert line.startswith("error: --because: say why")
    assert world.run("adopt", world.file()).returncode == 2
