"""`adopt` and what stands behind it: old results stand for what new code would make, where a person knows it."""

import json
import shutil
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path

import pytest
from fabricated import REPORTS, SETTINGS, World, cell, of_step

from xstilts import locks, sameness
from xstilts.commands import adopt as command
from xstilts.commands import prune, verify
from xstilts.errors import UserError
from xstilts.grid import Entry, Grid
from xstilts.inspection.adoption import Adoption, adoption
from xstilts.inspection.obstacles import Scope
from xstilts.inspection.simulation import FINISHED, INTERRUPTED, TRAINED
from xstilts.inspection.state import State
from xstilts.sameness import FILE, Record
from xstilts.spec import minor_version
from xstilts.store import TRAINING, finished, open_grid, pending, remove_weights, scratch, write_json
from xstilts.training.resume import exclusive

EVERYWHERE = ("job.read_task", "job.encode_task", "job.train_stage", "job.predict", "job.score")
WHY = "a variable has another name"
ALL = Scope()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty store."""
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


def finish(world: World, grid: Grid) -> Grid:
    """Let a whole experiment be finished."""
    world.finish(grid.entries.values())
    return grid


def found(world: World, scope: Scope = ALL, **changes) -> Adoption:
    """What can be adopted under the code of today."""
    config = world.config(**changes)
    return adoption(config, open_grid(config), scope, WHY)


def adopted(world: World, scope: Scope = ALL, **changes) -> Adoption:
    """The same, and done."""
    adopting = found(world, scope, **changes)
    sameness.add(world.store / FILE, adopting.records)
    return adopting


def run(world: World, *options: str) -> None:
    """The command in this process, for the configuration of the world."""
    parser = ArgumentParser()
    command.add_arguments(parser)
    command.run(parser.parse_args([str(world.file()), "--because", WHY, *options]))


def roles(adopting: Adoption) -> set[str]:
    return {record.of for record in adopting.records}


def steps(adopting: Adoption) -> Counter[str]:
    """How many entries of each step are found again."""
    return Counter(now.step for now, _ in adopting.outcome.found)


def left(grid: Grid) -> set[str]:
    """The steps of what is still to be made."""
    return {entry.step for entry in pending(grid.config.store, grid).values()}


def today(world: World, role: str) -> str:
    return world.real().identity.code(role)


def model(grid: Grid, intermediate: str, target: str) -> Entry:
    return cell(grid, intermediate, target).predictions.inputs["model"]


def files(world: World) -> dict[str, bytes]:
    """Everything in the store but its cache."""
    every = [file for file in world.store.rglob("*") if file.is_file() and ".cache" not in file.parts]
    return {str(file.relative_to(world.store)): file.read_bytes() for file in every}


# What is found again


@pytest.mark.parametrize("changed", [EVERYWHERE, ("job.train_stage",), ("job.score",), ("task.mnli",)], ids=str)
def test_everything_is_found_again_where_code_alone_has_changed(world: World, changed: tuple[str, ...]):
    finish(world, world.older(*changed))
    assert left(world.real()) > {"collect"}
    adopting = adopted(world)
    assert roles(adopting) == set(changed)
    assert adopting.outcome.left == []
    assert pending(world.store, world.real()) == {}


def test_results_keep_their_folders_and_nothing_is_written_but_the_records(world: World):
    before = finish(world, world.older(*EVERYWHERE))
    kept = files(world)
    adopted(world)
    assert {path: content for path, content in files(world).items() if path != FILE} == kept
    assert world.real().entries.keys() == before.entries.keys()


def test_a_record_says_what_stands_for_what_why_and_that_no_run_has_shown_it(world: World):
    finish(world, world.older("job.train_stage"))
    now = today(world, "job.train_stage")
    word = "adopt, on the word of the user: modules commands.train_stage differ"
    assert adopted(world).records == (Record("job.train_stage", now, now + "old", WHY, word),)
    assert json.loads((world.store / FILE).read_bytes())["records"] == [
        {"of": "job.train_stage", "new": now, "old": now + "old", "why": WHY, "shown": word}
    ]


def test_it_names_the_modules_that_differ_unless_the_results_note_none(world: World):
    old = finish(world, world.older("job.train_stage", "kind.span"))
    modules = {"job.train_stage": ["commands.train_stage"], "kind.span": ["kinds.span"]}
    assert found(world).modules == modules
    for entry in old.entries.values():
        manifest = json.loads((world.store / entry.manifest).read_bytes())
        del manifest["modules"]
        write_json(world.store / entry.manifest, manifest)
    assert found(world).modules == {"job.train_stage": [], "kind.span": []}


def test_the_results_of_the_chosen_roles_alone_are_found_again(world: World):
    finish(world, world.older("job.train_stage", "job.score"))
    adopting = found(world, Scope(frozenset({"job.train_stage"})))
    assert roles(adopting) == {"job.train_stage"}
    # The predictions of nine cells are those of eight models, and of the encoder itself, which nothing has renamed.
    assert steps(adopting) == {"train_stage": 8, "predict": 8}
    assert list(adopting.reasons) == [
        "differing in the code of job.score: give --role job.score too if that cannot matter"
    ]


def test_another_version_of_a_library_is_adopted_only_where_the_user_names_it(world: World):
    finish(world, world.older(libraries={"transformers": "1.2"}))
    nothing = found(world)
    assert nothing.records == ()
    here = minor_version("transformers")
    (reason, *_) = nothing.reasons
    assert reason == (f"differing in transformers 1.2 → {here}: give --library transformers too if that cannot matter")
    adopting = adopted(world, Scope(libraries=frozenset({"transformers"})))
    word = "adopt, on the word of the user"
    assert adopting.records == (Record("library.transformers", here, "1.2", WHY, word),)
    assert pending(world.store, world.real()) == {}


def test_a_role_that_is_named_lets_no_library_differ(world: World):
    finish(world, world.older("job.train_stage", libraries={"accelerate": "0.1"}))
    assert found(world, Scope(frozenset({"job.train_stage"}))).records == ()
    both = Scope(frozenset({"job.train_stage"}), frozenset({"accelerate"}))
    assert roles(found(world, both)) == {"job.train_stage", "library.accelerate"}


def test_what_was_adopted_can_be_adopted_again(world: World):
    """The results are of a day, a record stands for the next day, and today the code is another again."""
    finish(world, world.older("job.predict"))
    now = today(world, "job.predict")
    yesterday = Record("job.predict", now + "yesterday", now + "old", WHY, "by hand")
    sameness.add(world.store / FILE, [yesterday])
    adopted(world)
    assert pending(world.store, world.real()) == {}
    older = world.older("job.predict", day="yesterday").identity.sameness
    assert older.oldest("job.predict", now + "yesterday") == today(world, "job.predict") == now + "old"


def test_reports_are_found_again_with_their_scores_where_their_own_code_is_the_same(world: World):
    finish(world, world.older("job.score", "job.page"))
    adopting = adopted(world)
    assert roles(adopting) == {"job.score"}
    assert left(world.real()) == {"page"}


# Several results for one entry


def test_of_several_older_codes_the_one_stands_that_finds_most_again_and_the_rest_is_told(world: World):
    few = world.older("job.train_stage", day="few")
    world.finish([*of_step(few, "read_task", "encode_task"), model(few, "none", "xnli")])
    many = world.older("job.train_stage", day="many")
    world.finish([model(many, "none", "pawsx"), model(many, "squad_v1/mnli", "xnli").inputs["parent"].inputs["parent"]])
    adopting = found(world)
    now = today(world, "job.train_stage")
    assert [record.old for record in adopting.records] == [now + "many"]
    assert steps(adopting) == {"train_stage": 2}
    (told,) = [reason for reason in adopting.reasons if "few" in reason]
    assert told.startswith(f"made with job.train_stage {now}few; one alone can stand")
    assert f"{now}many finds more" in told
    assert [entry.path for entry in adopting.reasons[told]] == [model(world.real(), "none", "xnli").path]


def test_roles_are_chosen_that_one_result_was_made_with_together(world: World):
    """Most models are of one day, and most predictions, by themselves, of another."""
    one = world.older("job.train_stage", "job.predict", day="one")
    other = world.older("job.train_stage", "job.predict", day="other")
    for grid, intermediates in ((one, ("none",)), (other, ("none", "mnli"))):
        world.finish(of_step(grid, "read_task", "encode_task"))
        world.finish(model(grid, name, "xnli") for name in intermediates)
    world.finish(cell(one, "none", target).predictions for target in ("xnli", "pawsx"))
    world.finish([cell(other, "none", "xnli").predictions])
    adopting = found(world)
    days = {record.of: record.old.removeprefix(today(world, record.of)) for record in adopting.records}
    assert days in (
        {"job.train_stage": "one", "job.predict": "one"},
        {"job.train_stage": "other", "job.predict": "other"},
    )


def test_a_result_with_weights_is_found_rather_than_a_newer_one_without(world: World):
    old = finish(world, world.older("job.train_stage", day="whole"))
    newer = world.older("job.train_stage", day="without weights")
    world.finish(of_step(newer, "train_stage"))
    for entry in of_step(newer, "train_stage"):
        remove_weights(world.store, entry)
    for entry in of_step(old, "predict", "score"):
        (world.store / entry.manifest).unlink()
    now = today(world, "job.train_stage")
    assert [record.old for record in found(world).records] == [now + "whole"]


# What is not found again


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"stages": {"mnli": {"learning_rate": 0.5}}}, "stage.learning_rate"),
        ({"tasks": {"mnli": {"max_length": 8}}}, "settings.max_length"),
        ({"limit": {"train": 8}}, "limit.train"),
    ],
    ids=str,
)
def test_nothing_is_found_whose_settings_differ_nor_what_is_made_from_it(world: World, changes: dict, named: str):
    finish(world, world.older("job.train_stage"))
    adopting = found(world, **changes)
    assert not [now for now, _ in adopting.outcome.found if "/mnli~" in now.path]
    assert f"differing in {named}" in adopting.reasons


@pytest.mark.parametrize("role", ["job.read_task", "job.train_stage"])
def test_nothing_is_found_from_another_encoder_or_tokenizer(world: World, role: str):
    old = world.older(role)
    old.identity.encoder = lambda name, encoder: {"content": "another"}
    old.identity.tokenizer = old.identity.encoder
    finish(world, old)
    adopting = found(world)
    assert set(steps(adopting)) == ({"read_task"} if role == "job.read_task" else set())
    assert "of another encoder or tokenizer" in adopting.reasons


def test_nothing_is_found_from_other_files(world: World):
    old = world.older(*EVERYWHERE)
    split = old.identity.split
    mark = {("mnli", "train", "en"): {"content": "another"}}
    old.identity.split = lambda task, *where: mark.get((task.name, *where[:2])) or split(task, *where)
    finish(world, old)
    now = {entry.path for entry, _ in found(world).outcome.found}
    assert not [path for path in now if "/mnli~" in path or "/mnli.train~" in path]
    assert [path for path in now if "/pawsx~" in path]


def test_a_result_of_another_seed_is_not_found(world: World):
    finish(world, world.older("job.train_stage"))
    adopting = found(world, grid={**SETTINGS["grid"], "seeds": [7]})
    assert "train_stage" not in steps(adopting)
    assert "never made in this store" in adopting.reasons


def test_a_damaged_result_is_not_found(world: World):
    damaged = model(finish(world, world.older("job.train_stage")), "none", "xnli")
    (world.store / damaged.path / "model.safetensors").write_text("cut")
    for entry in of_step(world.older("job.train_stage"), "predict", "score"):
        (world.store / entry.manifest).unlink()
    adopting = found(world)
    assert steps(adopting)["train_stage"] == 7
    assert damaged.path not in {then.path for _, then in adopting.outcome.found}


def test_nothing_is_found_whose_role_was_another(world: World):
    """A spec with other roles is of another release, and no record can tell what they did."""
    old = finish(world, world.older("job.score"))
    for entry in of_step(old, "score"):
        respell(world, entry, lambda spec: {**spec, "code": {"job.scores": "1", **spec["code"]}})
    assert found(world).records == ()


def respell(world: World, entry: Entry, change) -> None:
    """Let the spec of a result be another, as another version of this library writes it."""
    folder = world.store / entry.path
    spec, manifest = (json.loads((folder / name).read_text()) for name in ("spec.json", "manifest.json"))
    write_json(folder / "spec.json", change(spec))
    manifest["sizes"]["spec.json"] = (folder / "spec.json").stat().st_size
    write_json(folder / "manifest.json", manifest)


def test_results_from_before_the_records_stay_and_are_told(world: World, capsys: pytest.CaptureFixture):
    old = finish(world, world.older("job.train_stage"))
    for entry in of_step(old, "train_stage"):
        respell(world, entry, lambda spec: {**spec, "code": "0123456789ab"})
    run(world, "--yes")
    told = capsys.readouterr().out
    assert "8 results made by a version of xstilts from before records of sameness" in told
    assert "no record can stand for them" in told
    assert "Nothing can be adopted." in told
    assert not (world.store / FILE).exists()
    assert all(finished(world.store, entry) for entry in old.entries.values() if entry.step == "train_stage")


@pytest.mark.parametrize("step, key", [("encode_task", "data"), ("train_stage", "features"), ("predict", "features")])
def test_nothing_is_found_that_does_not_say_what_it_was_made_from(world: World, step: str, key: str):
    for entry in of_step(finish(world, world.older(f"job.{step}")), step):
        respell(world, entry, lambda spec: {name: value for name, value in spec.items() if name != key})
    assert step not in steps(found(world))


def test_a_result_that_leads_to_the_code_of_today_proposes_nothing(world: World):
    """As after the code was changed back: the record would close a circle."""
    finish(world, world.older("job.predict"))
    now = today(world, "job.predict")
    sameness.add(world.store / FILE, [Record("job.predict", now + "old", now, WHY, "by hand")])
    adopting = found(world)
    assert adopting.records == ()
    assert f"differing in job.predict {now}old, which stands for an older one" in adopting.reasons


def test_a_result_whose_data_are_gone_is_not_found_and_says_so(world: World):
    old = finish(world, world.older("job.read_task"))
    for entry in of_step(old, "read_task", "encode_task"):
        shutil.rmtree(world.store / entry.path)
    adopting = found(world)
    assert adopting.records == ()
    assert "made from what is not there any more" in adopting.reasons


# Results of the code of today


@pytest.mark.parametrize(("text", "same"), [("", True), ("other bytes", False)])
def test_data_that_were_read_again_with_other_bytes_show_that_the_code_did_not_do_the_same(
    world: World, text: str, same: bool
):
    finish(world, world.older("job.read_task"))
    world.finish(of_step(world.real(), "read_task", "encode_task"), text)
    adopting = found(world)
    assert steps(adopting)["train_stage"] == (8 if same else 0)
    told = [reason for reason in adopting.reasons if "which the code of today has made with other bytes" in reason]
    assert bool(told) == (not same)


def test_a_model_that_was_trained_both_ways_loses_nothing_and_is_told_where_its_bytes_differ(world: World):
    old = finish(world, world.older("job.train_stage"))
    again = model(world.real(), "none", "xnli")
    world.finish([again])
    assert (steps(found(world))["train_stage"], found(world).unlike) == (7, [])
    world.finish([again], "other bytes")
    ((now, then),) = found(world).unlike
    assert (now.path, then.path) == (again.path, model(old, "none", "xnli").path)


WIDER = {"grid": {**SETTINGS["grid"], "targets": ["xnli", "pawsx", "tatoeba", "udpos"]}}


def new_target(world: World) -> Entry:
    """A model of today's code, of which there is no other, with the data that it was made from."""
    grid = world.real(**WIDER)
    made = model(grid, "none", "udpos")
    world.finish([*made.inputs.values(), made])
    return made


def test_no_finished_result_loses_its_name(world: World):
    finish(world, world.older("job.train_stage", "job.score"))
    made = new_target(world)
    adopting = found(world, **WIDER)
    assert roles(adopting) == {"job.score"}
    (refusal,) = adopting.outcome.refused
    assert [record.of for record in refusal.records] == ["job.train_stage"]
    assert [(loss.entry.path, loss.state, loss.experiment) for loss in refusal.losses] == [
        (made.path, FINISHED, "mine")
    ]


def test_no_result_of_another_experiment_loses_its_name(world: World):
    finish(world, world.older("job.train_stage"))
    made = new_target(world)
    other = world.config(experiment="other", **WIDER)
    write_json(world.store / "experiments/other/config.json", other.model_dump(mode="json", exclude_unset=True))
    (refusal,) = found(world).outcome.refused
    assert [(loss.entry.path, loss.experiment) for loss in refusal.losses] == [(made.path, "other")]


def test_where_another_experiment_cannot_be_opened_nothing_is_adopted(world: World):
    finish(world, world.older("job.train_stage"))
    place = world.store / "experiments/other/config.json"
    place.parent.mkdir()
    place.write_text("{")
    with pytest.raises(UserError, match=r"experiments/other/config.json: .*delete the file if it is over"):
        run(world, "--yes")
    assert not (world.store / FILE).exists()


def test_an_experiment_that_cannot_be_opened_is_in_nobodys_way_where_nothing_can_be_adopted(world: World):
    finish(world, world.real())
    place = world.store / "experiments/other/config.json"
    place.parent.mkdir()
    place.write_text("{")
    assert found(world).records == ()


def test_a_model_that_is_trained_just_now_keeps_its_name(world: World):
    finish(world, world.older("job.train_stage"))
    trained = model(world.real(), "none", "xnli")
    with exclusive(scratch(world.store, trained, TRAINING)):
        (refusal,) = found(world).outcome.refused
    assert [(loss.entry.path, loss.state) for loss in refusal.losses] == [(trained.path, TRAINED)]


def test_a_training_that_was_interrupted_keeps_its_name_unless_its_result_is_found(world: World):
    finish(world, world.older("job.train_stage"))
    known, new = model(world.real(), "none", "xnli"), model(world.real(**WIDER), "none", "udpos")
    (scratch(world.store, known, TRAINING) / "checkpoint-10").mkdir(parents=True)
    assert found(world, **WIDER).outcome.refused == []
    (scratch(world.store, new, TRAINING) / "checkpoint-10").mkdir(parents=True)
    (refusal,) = found(world, **WIDER).outcome.refused
    assert [(loss.entry.path, loss.state) for loss in refusal.losses] == [(new.path, INTERRUPTED)]


def test_a_model_that_is_wanted_keeps_its_name_rather_than_have_one_without_weights(world: World):
    old = finish(world, world.older("job.train_stage"))
    remove_weights(world.store, model(old, "none", "pawsx"))
    made = model(world.real(), "none", "pawsx")
    world.finish([made])
    lost = cell(old, "none", "pawsx")
    for entry in (lost.predictions, lost.scores, *of_step(old, *REPORTS)):
        (world.store / entry.manifest).unlink()
    (refusal,) = found(world).outcome.refused
    assert [loss.entry.path for loss in refusal.losses] == [made.path]


def test_a_model_without_weights_is_not_found_for_itself(world: World):
    old = finish(world, world.older("job.train_stage"))
    lost = cell(old, "none", "pawsx")
    remove_weights(world.store, lost.predictions.inputs["model"])
    for entry in of_step(old, "train_stage", "predict", "score", *REPORTS):
        if entry.path != lost.predictions.inputs["model"].path:
            (world.store / entry.manifest).unlink()
    adopting = found(world)
    assert adopting.records == ()
    assert "without weights (keep_models: false)" in adopting.reasons


def test_models_that_nothing_is_made_from_any_more_need_no_weights(world: World):
    old = finish(world, world.older("job.train_stage"))
    for entry in of_step(old, "train_stage"):
        remove_weights(world.store, entry)
    adopted(world)
    assert pending(world.store, world.real()) == {}


# Encoders that are made here

MADE = {"grid": {**SETTINGS["grid"], "intermediates": ["none"]}, "encoders": {"toy": {"pretraining": {}}}}


@pytest.mark.parametrize("role", ["job.make_tokenizer", "job.pretrain_encoder", "job.train_stage"])
def test_what_was_made_from_an_encoder_that_was_made_here_is_found_again(world: World, role: str):
    finish(world, world.older(role, **MADE))
    assert roles(adopted(world, **MADE)) == {role}
    assert pending(world.store, world.real(**MADE)) == {}


@pytest.mark.parametrize(("step", "text"), [("make_tokenizer", ""), ("make_tokenizer", "other bytes")])
def test_a_tokenizer_that_was_made_anew_has_to_have_the_same_bytes(world: World, step: str, text: str):
    finish(world, world.older(f"job.{step}", **MADE))
    world.finish(of_step(world.real(**MADE), step), text)
    assert bool(found(world, **MADE).records) == (not text)


def test_a_model_is_found_while_it_is_known_which_encoder_it_was_made_from(world: World):
    old = finish(world, world.older("job.pretrain_encoder", **MADE))
    (encoder,) = of_step(old, "pretrain_encoder")
    shutil.rmtree(world.store / encoder.path)
    assert found(world, **MADE).records == ()


# The command


def test_the_command_shows_first_and_writes_when_told_so(tmp_path: Path):
    world = World(tmp_path)
    finish(world, world.older("job.train_stage"))
    before, now = files(world), today(world, "job.train_stage")
    shown = world.run("adopt", world.file(), "--because", WHY)
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert lines[0] == f"job.train_stage: {now}old → {now}, modules: commands.train_stage"
    assert lines[1].startswith(f"This rests on your word, '{WHY}'; no run has shown it.")
    assert "make same BASE=<commit>" in lines[1]
    old, new = (
        model(grid, "mnli", "xnli").inputs["parent"].path for grid in (world.older("job.train_stage"), world.real())
    )
    assert f"train_stage: 8 results found again, such as {old} for {new}" in lines
    assert lines[-2:] == ["left for snakemake: nothing", "Nothing is changed yet: give --yes to write 1 record."]
    assert files(world) == before
    done = world.run("adopt", world.file(), "--because", WHY, "--yes")
    assert done.stdout.splitlines()[-1] == f"Wrote 1 record to {world.store / FILE}."
    assert pending(world.store, world.real()) == {}
    again = world.run("adopt", world.file(), "--because", WHY, "--yes")
    assert again.stdout.splitlines() == ["left for snakemake: nothing", "Nothing can be adopted."]


def test_the_command_says_what_it_refuses_and_what_to_do(world: World):
    finish(world, world.older("job.train_stage"))
    trained = model(world.real(), "none", "xnli")
    with (
        exclusive(scratch(world.store, trained, TRAINING)),
        pytest.raises(
            UserError, match=r"job.train_stage .*1 in training \(wait until it ends.*experiment mine"
        ) as error,
    ):
        run(world, "--yes")
    assert trained.path in str(error.value)
    assert not (world.store / FILE).exists()


def test_the_command_writes_what_costs_nothing_and_says_what_does(world: World, capsys: pytest.CaptureFixture):
    finish(world, world.older("job.train_stage", "job.score"))
    with exclusive(scratch(world.store, model(world.real(), "none", "xnli"), TRAINING)):
        run(world, "--yes")
    told = capsys.readouterr().out
    assert "job.train_stage" in told.splitlines()[0]
    assert "not adopted" in told.splitlines()[0]
    assert [one["of"] for one in json.loads((world.store / FILE).read_bytes())["records"]] == ["job.score"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--role", "job.train_stag"], "--role job.train_stag: .*Did you mean 'job.train_stage'"),
        (["--role", "job.page"], "--role job.page: no result of this experiment depends on it"),
        (["--library", "transformer"], "--library transformer: .*Did you mean 'transformers'"),
        (["--library", "altair"], "--library altair: no result of this experiment depends on it"),
    ],
    ids=str,
)
def test_a_role_or_library_on_which_nothing_depends_is_a_mistake(world: World, options: list[str], message: str):
    with pytest.raises(UserError, match=message):
        run(world, *options)


@pytest.mark.parametrize(("text", "message"), [(" ", "say why"), ("\udcff", "not UTF-8")], ids=["blank", "bytes"])
def test_a_person_has_to_say_why(world: World, text: str, message: str):
    with pytest.raises(UserError, match=f"--because: .*{message}"):
        run(world, "--because", text)


def test_two_people_cannot_adopt_in_one_store_at_once(world: World):
    finish(world, world.older("job.train_stage"))
    (world.store / ".cache").mkdir(exist_ok=True)
    with (
        locks.hold(world.store / ".cache" / "adopt.lock", locks.TRAININGS),
        pytest.raises(UserError, match=r"somebody else adopts in .* just now\. Wait"),
    ):
        run(world, "--yes")
    run(world, "--yes")
    assert pending(world.store, world.real()) == {}


def test_to_look_needs_no_lock(world: World, capsys: pytest.CaptureFixture):
    finish(world, world.older("job.train_stage"))
    (world.store / ".cache").mkdir(exist_ok=True)
    with locks.hold(world.store / ".cache" / "adopt.lock", locks.TRAININGS):
        run(world)
    assert "give --yes" in capsys.readouterr().out


def test_a_store_that_cannot_be_written_is_named(world: World, monkeypatch: pytest.MonkeyPatch):
    finish(world, world.older("job.train_stage"))

    def full(*_) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sameness, "add", full)
    with pytest.raises(UserError, match=rf"{world.store} cannot be written \(No space left on device\)"):
        run(world, "--yes")
    shutil.rmtree(world.store / ".cache")
    (world.store / ".cache").write_text("a file where a folder should be")
    with pytest.raises(UserError, match=rf"{world.store} cannot be written \(File exists\)"):
        run(world, "--yes")


# A store with records


def test_a_result_with_a_name_by_a_record_stays_and_one_without_a_name_goes(world: World):
    kept = finish(world, world.older("job.train_stage"))
    finish(world, world.older("job.train_stage", stages={"pawsx": {"epochs": 9}}))
    adopted(world)
    parser = ArgumentParser()
    prune.add_arguments(parser)
    prune.run(parser.parse_args([str(world.file()), "--yes"]))
    assert all(finished(world.store, entry) for entry in kept.entries.values())
    assert {path for path in files(world) if "/pawsx~" in path and path.startswith("models")} == {
        str(file.relative_to(world.store))
        for entry in of_step(kept, "train_stage")
        if "/pawsx~" in entry.path
        for file in (world.store / entry.path).iterdir()
    }


def test_a_store_with_records_can_be_verified(world: World, capsys: pytest.CaptureFixture):
    old = finish(world, world.older(*EVERYWHERE))
    adopted(world)
    parser = ArgumentParser()
    verify.add_arguments(parser)
    verify.run(parser.parse_args([str(world.file())]))
    assert f"{len(old.entries)} entries of the store read" in capsys.readouterr().out


def test_a_change_beside_a_record_is_told_alone(world: World):
    finish(world, world.older("job.train_stage"))
    adopted(world)
    changed = world.real(stages={"pawsx": {"epochs": 1}})
    assert [group.text for group in State(changed.config, changed).groups()] == ["epochs of stage pawsx: 5 → 1"]
