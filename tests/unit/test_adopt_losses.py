"""`adopt` never takes the name of a result of the present code."""

from pathlib import Path

import pytest
from adopting import adopted, finish, found, model, roles, run, steps
from fabricated import REPORTS, SETTINGS, World, cell, of_step

from xstilts.errors import UserError
from xstilts.fingerprints.sameness import FILE
from xstilts.steps.entry import Entry
from xstilts.store.drafts import TRAINING, scratch
from xstilts.store.entries import pending
from xstilts.store.jsonfiles import write_json
from xstilts.store.simulation import FINISHED, INTERRUPTED, TRAINED
from xstilts.store.weights import remove_weights
from xstilts.training.resume import exclusive

pytestmark = pytest.mark.thorough


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty store."""
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


# Results of the code of today


@pytest.mark.parametrize(("text", "same"), [("", True), ("other bytes", False)])
def test_data_that_were_read_again_with_other_bytes_show_that_the_code_did_not_do_the_same(
    world: World, text: str, same: bool
):
    finish(world, world.older("job.read_task"))
    world.finish(of_step(world.real(), "read_task", "encode_task"), text)
    adopting = found(world)
    assert steps(adopting)["train_stage"] == (8 if same else 0)
    told = [reason for reason in adopting.reasons if "for which the present code gives different bytes" in reason]
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


def test_a_record_that_finds_nothing_beside_a_refused_one_is_left_out(world: World):
    """The predictions of old models, under a name that has those of today."""
    targets = {"grid": {**SETTINGS["grid"], "targets": ["xnli", "pawsx", "udpos"]}}
    finish(world, world.older("job.train_stage", "job.predict"))
    new_target(world)
    adopting = found(world, **targets)
    assert adopting.records == ()
    (refusal,) = adopting.outcome.refused
    assert [record.of for record in refusal.records] == ["job.train_stage"]


def test_no_result_of_another_experiment_loses_its_name(world: World):
    finish(world, world.older("job.train_stage"))
    made = new_target(world)
    other = world.config(experiment="other", **WIDER)
    write_json(world.store / "experiments/other/config.json", other.model_dump(mode="json", exclude_unset=True))
    (refusal,) = found(world).outcome.refused
    assert [(loss.entry.path, loss.experiment) for loss in refusal.losses] == [(made.path, "other")]


def test_results_of_another_experiment_whose_place_older_ones_of_other_bytes_would_take_are_told(
    world: World, capsys: pytest.CaptureFixture
):
    finish(world, world.older("job.train_stage"))
    old, made = model(world.older("job.train_stage", **WIDER), "none", "udpos"), new_target(world)
    world.finish([old], "other bytes")
    other = world.config(experiment="other", **WIDER)
    write_json(world.store / "experiments/other/config.json", other.model_dump(mode="json", exclude_unset=True))
    ((now, then),) = found(world).unlike
    assert (now.path, then.path) == (made.path, old.path)
    run(world)
    told = "1 result in both versions with different bytes, such as {} and {}; the older ones would replace the newer"
    assert told.format(old.path, made.path) in capsys.readouterr().out


def test_where_another_experiment_cannot_be_opened_nothing_is_adopted(world: World):
    finish(world, world.older("job.train_stage"))
    place = world.store / "experiments/other/config.json"
    place.parent.mkdir()
    place.write_text("{")
    with pytest.raises(UserError, match=r"experiments/other/config.json: .*delete the file if the experiment is no"):
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
