"""The command `adopt`, and other commands on a store with records."""

import json
import shutil
from argparse import ArgumentParser
from pathlib import Path

import pytest
from adopting import EVERYWHERE, WHY, adopted, files, finish, model, run, today
from fabricated import World, of_step

from xstilts.commands import prune, verify
from xstilts.errors import UserError
from xstilts.fingerprints import sameness
from xstilts.fingerprints.sameness import FILE
from xstilts.inspection.state import State
from xstilts.store import locks
from xstilts.store.drafts import TRAINING, scratch
from xstilts.store.entries import finished, pending
from xstilts.training.resume import exclusive

pytestmark = pytest.mark.thorough


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty store."""
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


# The command


def test_the_command_shows_first_and_writes_when_told_so(tmp_path: Path):
    world = World(tmp_path)
    finish(world, world.older("job.train_stage"))
    before, now = files(world), today(world, "job.train_stage")
    shown = world.run("adopt", world.file(), "--because", WHY)
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert lines[0] == f"job.train_stage: {now}old → {now}, modules: jobs.train_stage"
    assert lines[1].startswith(f"The only evidence is your statement, '{WHY}'.")
    assert "make same BASE=<commit>" in lines[1]
    old, new = (
        model(grid, "mnli", "xnli").inputs["parent"].path for grid in (world.older("job.train_stage"), world.real())
    )
    assert f"train_stage: 8 results reused, such as {old} for {new}" in lines
    assert lines[-2:] == ["still to run: nothing", "Nothing was changed. Add --yes to write 1 record."]
    assert files(world) == before
    done = world.run("adopt", world.file(), "--because", WHY, "--yes")
    assert done.stdout.splitlines()[-1] == f"Wrote 1 record to {world.store / FILE}."
    assert pending(world.store, world.real()) == {}
    again = world.run("adopt", world.file(), "--because", WHY, "--yes")
    assert again.stdout.splitlines() == ["still to run: nothing", "Nothing can be adopted."]


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
        pytest.raises(UserError, match=r"another adoption is running in .*\. Wait"),
    ):
        run(world, "--yes")
    run(world, "--yes")
    assert pending(world.store, world.real()) == {}


def test_to_look_needs_no_lock(world: World, capsys: pytest.CaptureFixture):
    finish(world, world.older("job.train_stage"))
    (world.store / ".cache").mkdir(exist_ok=True)
    with locks.hold(world.store / ".cache" / "adopt.lock", locks.TRAININGS):
        run(world)
    assert "Add --yes" in capsys.readouterr().out


def test_a_store_that_cannot_be_written_is_named(world: World, monkeypatch: pytest.MonkeyPatch):
    finish(world, world.older("job.train_stage"))

    def full(*_) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sameness, "add", full)
    with pytest.raises(UserError, match=rf"{world.store} is not writable \(No space left on device\)"):
        run(world, "--yes")
    shutil.rmtree(world.store / ".cache")
    (world.store / ".cache").write_text("a file where a folder should be")
    with pytest.raises(UserError, match=rf"{world.store} is not writable \(File exists\)"):
        run(world, "--yes")


# A store with records


def test_a_result_with_a_name_by_a_record_stays_and_one_without_a_name_goes(world: World):
    kept = finish(world, world.older("job.train_stage"))
    finish(world, world.older("job.train_stage", stages={"pawsx": {"epochs": 9}}))
    adopted(world)
    parser = ArgumentParser()
    prune.add_arguments(parser)
    prune.run(parser.parse_args([str(world.file()), "--directory", ".", "--yes"]))
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
    verify.run(parser.parse_args([str(world.file()), "--directory", "."]))
    assert f"{len(old.entries)} entries of the store read" in capsys.readouterr().out


def test_a_change_beside_a_record_is_told_alone(world: World):
    finish(world, world.older("job.train_stage"))
    adopted(world)
    changed = world.real(stages={"pawsx": {"epochs": 1}})
    assert [group.text for group in State(changed.config, changed).groups()] == ["epochs of stage pawsx: 5 → 1"]
