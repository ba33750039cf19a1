"""Ctrl-C in the terminal of a run: the training under way saves its step, and the next run ends with the same bytes."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from experiments import Experiment, experiment
from xstilts.runtime.timing import GOING_ON
from xstilts.steps.entry import Entry

PATIENCE = 600
"""Seconds after which a run that gets nowhere fails the test."""
ONLY_TRAINING = ("--until", "train_stage")


def one_long_training(folder: Path) -> Experiment:
    """It saves nothing before its end, unless it is asked to."""
    made = experiment(folder, "interrupted", ["none"], ["xnli"])
    raw = yaml.safe_load(made.file.read_text(encoding="utf-8"))
    raw["stages"] = {"mnli": {"epochs": 60, "batch_size": 16, "evaluate_every": 1000}}
    made.file.write_text(yaml.safe_dump(raw), encoding="utf-8")
    return made


def training(made: Experiment) -> Entry:
    (entry,) = (entry for entry in made.grid().entries.values() if entry.step == "train_stage")
    return entry


@pytest.fixture(scope="module")
def pressed(world: Callable[[str], Path]) -> tuple[Experiment, str, str]:
    """A run in a process group of its own, as a terminal makes it, which got SIGINT; what it said, and its log."""
    made = one_long_training(world("pressed"))
    with subprocess.Popen(
        [*made.command, *ONLY_TRAINING],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as run:
        log, begun = made.folder / "logs" / f"{training(made).path}.log", time.monotonic()
        while not (log.is_file() and ": loss " in log.read_text(encoding="utf-8")):
            assert run.poll() is None, run.stdout.read()
            assert time.monotonic() - begun < PATIENCE
            time.sleep(0.05)
        os.killpg(run.pid, signal.SIGINT)
        printed, _ = run.communicate(timeout=PATIENCE)
    assert run.returncode == 1, printed
    return made, printed, log.read_text(encoding="utf-8")


def test_the_log_says_which_step_is_saved_and_the_summary_says_it_too(pressed):
    _, printed, log = pressed
    first, *rest = log.splitlines()
    assert re.fullmatch(r"error: stopped by SIGINT; the state at step \d+ is saved\. Nothing is lost: .*", first)
    assert "Traceback" not in "".join(rest)
    assert first.removeprefix("error: ") in printed


def test_the_next_run_goes_on_from_that_step_to_the_bytes_of_a_run_that_nobody_stopped(pressed, world):
    made, _, log = pressed
    step = re.search(r"the state at step (\d+)", log)[1]
    again = made.snakemake(*ONLY_TRAINING)
    assert again.returncode == 0, again.stdout
    assert GOING_ON.format(step) in (made.folder / "logs" / f"{training(made).path}.log").read_text(encoding="utf-8")
    undisturbed = one_long_training(world("undisturbed"))
    assert undisturbed.snakemake(*ONLY_TRAINING).returncode == 0
    one, other = (each.results / training(each).path / "model.safetensors" for each in (made, undisturbed))
    assert one.read_bytes() == other.read_bytes()
