"""The notes at the start of a run about trainings that it repeats."""

import json
import os
from pathlib import Path

import pytest
from fabricated import World, of_step

from xstilts import experiments
from xstilts import experiments as opening
from xstilts.errors import UserError
from xstilts.inspection import upgrades
from xstilts.inspection.upgrades import notes
from xstilts.run import Run
from xstilts.sources.identity import FileIdentity
from xstilts.store.entries import pending

PAWSX = {"encoders": ["toy"], "intermediates": ["none", "mnli"], "targets": ["pawsx"], "seeds": [1]}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Nine cells, with eight trainings, all of them finished."""
    made = World(tmp_path)
    made.finish(made.grid().entries.values())
    return made


def said(world: World, *edited: str, **changes) -> list[str]:
    grid = world.grid(*edited, **changes)
    return notes(world.store, grid, pending(world.store, grid))


def test_where_nothing_is_trained_nothing_is_said(world: World):
    assert said(world) == said(world, "metric.tatoeba") == []


def test_trainings_that_are_there_under_other_code_are_counted_with_its_roles(world: World):
    (line,) = said(world, "job.train_stage")
    assert line.startswith(
        f"note: 8 of 8 trainings of 'mine' are in {world.store} under other names, which differ only in "
        "job.train_stage. If that does not affect results, adopt them instead of training again"
    )


def test_code_of_what_a_training_is_made_from_is_named_too(world: World):
    (line,) = said(world, "task.pawsx", "job.encode_task", grid=PAWSX)
    assert "3 of 3 trainings" in line
    assert "differ only in job.encode_task, task.pawsx." in line


def test_a_library_is_named(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(FileIdentity, "library", lambda _, name: "99.1")
    (line,) = said(world)
    assert "8 of 8 trainings" in line
    assert "library.accelerate, library.tokenizers, library.torch, library.transformers." in line


def test_of_other_settings_other_data_or_another_encoder_nothing_is_said(world: World):
    assert said(world, training={"epochs": 9}) == []
    assert said(world, "mnli train en", "pawsx train en", "squad_v1 train en") == []
    assert said(world, "toy") == []


def test_only_those_are_counted_of_which_nothing_else_differs(world: World):
    (line,) = said(world, "job.train_stage", stages={"pawsx": {"epochs": 9}})
    # Of pawsx after none, mnli and squad_v1/mnli the settings differ, too.
    assert "5 of 8 trainings" in line


def test_what_is_older_than_the_records_is_said(world: World):
    for entry in of_step(world.grid(), "train_stage"):
        spec = world.store / entry.path / "spec.json"
        spec.write_text(json.dumps({**json.loads(spec.read_text()), "code": "0123456789ab"}), encoding="utf-8")
        manifest = world.store / entry.path / "manifest.json"
        noted = json.loads(manifest.read_text())
        noted["sizes"]["spec.json"] = spec.stat().st_size
        manifest.write_text(json.dumps(noted), encoding="utf-8")
    (line,) = said(world, "job.train_stage")
    assert line == (
        f"note: 8 of 8 trainings of 'mine' are in {world.store}, but were made by a version of xstilts without "
        "records of sameness (docs/store.md), and are repeated. Use that version to continue with them."
    )


# The run


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run whose encoder is there, and of which nothing is finished."""
    # A run puts its package and its interpreter in front of others.
    for variable in ("PATH", "PYTHONPATH"):
        monkeypatch.setenv(variable, os.environ.get(variable, ""))
    monkeypatch.chdir(tmp_path)
    world = World(tmp_path)
    monkeypatch.setattr(opening, "require_encoders", lambda config: None)
    raw = world.config().model_dump(mode="json", exclude_unset=True)
    return Run(raw, [experiments.SHIPPED])


def test_a_run_says_it_before_its_first_job(
    begun: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    given = []
    monkeypatch.setattr(upgrades, "notes", lambda *arguments: given.append(arguments) or ["note: one", "note: two"])
    begun.begin()
    assert given == [(begun.config.store, begun.grid, begun.pending)]
    assert capsys.readouterr().err.splitlines() == ["note: one", "note: two"]


@pytest.mark.parametrize(
    "problem", [PermissionError(13, "Permission denied", "models/theirs"), UserError("models/theirs")]
)
def test_a_store_that_cannot_be_searched_stops_no_run_and_is_said(
    begun: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], problem: Exception
):
    def notes(*_: object) -> list[str]:
        raise problem

    monkeypatch.setattr(upgrades, "notes", notes)
    begun.begin()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("note: cannot check whether trainings of this run exist under other names: ")
    assert "models/theirs" in line
