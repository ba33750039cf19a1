"""The progress of a training is visible in its log, in a progress bar in a terminal, and in the requested trackers."""

import re
import sys
from pathlib import Path

import pytest
import tiny
from fabricated import World

from xstilts.config import ConfigError, Stage
from xstilts.errors import UserError
from xstilts.training import stage, tracking
from xstilts.training.resume import exclusive
from xstilts.training.tracking import UNTRACKED, Tracking

STEPS = 6


@pytest.fixture
def train(tmp_path: Path, tiny_tokenizer):
    """Train for a few steps; the folder of the model."""
    parent = tiny.encoder(tmp_path / "parent", tiny_tokenizer)

    def run(tracked: Tracking = UNTRACKED, name: str = "child") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        data = {"nli": tiny.data("classification", tiny_tokenizer)}
        settings = Stage(tasks=("nli",), epochs=STEPS / 3, batch_size=8, evaluate_every=STEPS)
        with exclusive(tmp_path / f"{name}.scratch"):
            scratch = tmp_path / f"{name}.scratch"
            stage.train(settings, parent, data, folder, scratch, seed=1, execution=stage.Execution(tracking=tracked))
        return folder

    return run


def test_a_file_gets_plain_lines(train, capfd: pytest.CaptureFixture):
    train()
    printed = capfd.readouterr()
    line = re.compile(r"^step (\d) of 6: loss [\d.]+, gradient norm [\d.]+, learning rate [\de.-]+$", re.M)
    assert line.findall(printed.out) == list("123456")
    assert re.search(r"^step 6 of 6: dev score [\d.]+ \(nli [\d.]+\), the best so far$", printed.out, re.M)
    assert "\r" not in printed.err + printed.out


def test_a_terminal_gets_a_bar_too_and_the_same_weights_come_out(
    train, capfd: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    plain = train()
    capfd.readouterr()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    watched = train(name="watched")
    printed = capfd.readouterr()
    assert f"{STEPS}/{STEPS}" in printed.err
    assert (printed.out + printed.err).count(": loss ") == STEPS
    assert (watched / "model.safetensors").read_bytes() == (plain / "model.safetensors").read_bytes()


def test_a_tracker_that_is_not_installed_ends_the_training_before_it_begins(train, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="'mlflow' is not installed; install it with `pip install mlflow`"):
        train(Tracking(("mlflow",)))


def test_tensorboard_has_the_losses_and_the_dev_scores(train, tmp_path: Path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = tmp_path / "events" / "seed-1"
    folder = train(Tracking(("tensorboard",), "models/seed-1", events))
    found = EventAccumulator(str(events)).Reload()
    assert [event.step for event in found.Scalars("train/loss")] == list(range(1, STEPS + 1))
    assert [event.step for event in found.Scalars("eval/score")] == [STEPS]
    assert "model.safetensors" in {file.name for file in folder.iterdir()}


def test_tracking_changes_the_name_of_nothing(tmp_path: Path):
    world = World(tmp_path)
    assert list(world.real(tracking=["tensorboard", "wandb"]).entries) == list(world.real().entries)


def test_a_tracker_that_the_trainer_does_not_know_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="tensorboard, mlflow, wandb"):
        World(tmp_path).config(tracking=["tensorbord"])
