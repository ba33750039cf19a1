"""Which results of older code `adopt` finds, and which it does not."""

import json
import shutil
from pathlib import Path

import pytest
from adopting import EVERYWHERE, WHY, adopted, files, finish, found, left, model, respell, roles, run, steps, today
from fabricated import SETTINGS, World, cell, of_step

from xstilts.fingerprints import sameness
from xstilts.fingerprints.sameness import FILE, Record
from xstilts.fingerprints.spec import minor_version
from xstilts.store.entries import finished, pending
from xstilts.store.jsonfiles import write_json
from xstilts.store.obstacles import Scope
from xstilts.store.weights import remove_weights

pytestmark = pytest.mark.thorough


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty store."""
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


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
    word = "adopt, on the word of the user: modules jobs.train_stage differ"
    assert adopted(world).records == (Record("job.train_stage", now, now + "old", WHY, word),)
    assert json.loads((world.store / FILE).read_bytes())["records"] == [
        {"of": "job.train_stage", "new": now, "old": now + "old", "why": WHY, "shown": word}
    ]


def test_it_names_the_modules_that_differ_unless_the_results_note_none(world: World):
    old = finish(world, world.older("job.train_stage", "kind.span"))
    modules = {"job.train_stage": ["jobs.train_stage"], "kind.span": ["kinds.span"]}
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
        "differing in the code of job.score: add --role job.score if that cannot affect results"
    ]


def test_another_version_of_a_library_is_adopted_only_where_the_user_names_it(world: World):
    finish(world, world.older(libraries={"transformers": "1.2"}))
    nothing = found(world)
    assert nothing.records == ()
    here = minor_version("transformers")
    (reason, *_) = nothing.reasons
    assert reason == (
        f"differing in transformers 1.2 → {here}: add --library transformers if that cannot affect results"
    )
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
    assert told.startswith(f"made with job.train_stage {now}few; only one can be adopted")
    assert f"{now}many recovers more" in told
    assert [entry.path for entry in adopting.reasons[told]] == [model(world.real(), "none", "xnli").path]


def test_of_several_versions_of_a_library_one_stands_too(world: World):
    accelerate = Scope(libraries=frozenset({"accelerate"}))
    few, many = (world.older(libraries={"accelerate": version}) for version in ("0.1", "0.2"))
    world.finish([*of_step(few, "read_task", "encode_task"), model(few, "none", "xnli")])
    world.finish([model(many, "none", "pawsx"), model(many, "squad_v1/mnli", "xnli").inputs["parent"].inputs["parent"]])
    adopting = found(world, accelerate)
    assert [record.old for record in adopting.records] == ["0.2"]
    assert any(reason.startswith("made with library.accelerate 0.1; only one") for reason in adopting.reasons)


def test_roles_are_chosen_that_one_result_was_made_with_together(world: World):
    """Most models are of one day and most predictions of another, whose models cannot be found beside the others."""
    one = world.older("job.train_stage", "job.predict", day="one")
    other = world.older("job.train_stage", "job.predict", day="other")
    world.finish(of_step(one, "read_task", "encode_task"))
    world.finish(model(one, "none", target) for target in ("xnli", "pawsx"))
    world.finish(cell(one, "none", target).predictions for target in ("xnli", "pawsx"))
    world.finish(model(other, name, target) for name in ("none", "mnli") for target in ("xnli", "pawsx"))
    world.finish([cell(other, "none", "xnli").predictions])
    days = {record.of: record.old.removeprefix(today(world, record.of)) for record in found(world).records}
    assert days == {"job.train_stage": "other", "job.predict": "other"}


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
    assert "of a different encoder or tokenizer" in adopting.reasons


def test_nothing_is_found_from_other_files(world: World):
    old = world.older(*EVERYWHERE)
    split = old.identity.split
    mark = {("mnli", "train", "en"): {"content": "another"}}
    old.identity.split = lambda task, *where: mark.get((task.name, *where[:2])) or split(task, *where)
    finish(world, old)
    now = {entry.path for entry, _ in found(world).outcome.found}
    assert not [path for path in now if "/mnli~" in path or "/mnli.train~" in path]
    assert [path for path in now if "/pawsx~" in path]


def test_the_commonest_reason_comes_first(world: World):
    finish(world, world.older(libraries={"accelerate": "0.1"}))
    reasons = found(world, tasks={"xnli": {"max_length": 8}}).reasons
    assert [len(entries) for entries in reasons.values()] == sorted(map(len, reasons.values()), reverse=True)
    assert next(iter(reasons)).startswith("differing in accelerate 0.1 → ")
    assert len(reasons) > 1


def test_a_result_of_another_seed_is_not_found(world: World):
    finish(world, world.older("job.train_stage"))
    adopting = found(world, grid={**SETTINGS["grid"], "seeds": [7]})
    assert "train_stage" not in steps(adopting)
    assert "never computed in this store" in adopting.reasons


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


def test_results_from_before_the_records_stay_and_are_told(world: World, capsys: pytest.CaptureFixture):
    old = finish(world, world.older("job.train_stage"))
    for entry in of_step(old, "train_stage"):
        respell(world, entry, lambda spec: {**spec, "code": "0123456789ab"})
    run(world, "--yes")
    told = capsys.readouterr().out
    assert "8 results of a version of xstilts without records of sameness" in told
    assert "they cannot be adopted" in told
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
    assert f"differing in job.predict {now}old, which has an older equivalent" in adopting.reasons


def test_a_result_whose_data_are_gone_is_not_found_and_says_so(world: World):
    old = finish(world, world.older("job.read_task"))
    for entry in of_step(old, "read_task", "encode_task"):
        shutil.rmtree(world.store / entry.path)
    adopting = found(world)
    assert adopting.records == ()
    assert "made from inputs that no longer exist" in adopting.reasons


# Encoders that are made here

MADE = {"grid": {**SETTINGS["grid"], "intermediates": ["none"]}, "encoders": {"toy": {"pretraining": {}}}}


@pytest.mark.parametrize("role", ["job.make_tokenizer", "job.pretrain_encoder", "job.encode_task", "job.train_stage"])
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
