"""The summary of failed jobs at the end of a run: description, cause, log and the number of waiting jobs."""

import os
import time
from pathlib import Path

import pytest
from fabricated import SETTINGS, World, cell, of_step

from xstilts.grid import Grid
from xstilts.inspection.failures import SHOWN, describe, summary
from xstilts.inspection.state import State
from xstilts.steps.entry import About, Entry
from xstilts.store import locks
from xstilts.store.drafts import scratch
from xstilts.training.resume import exclusive

BEGUN = time.time()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty store; the logs lie beside it, where Snakemake was started."""
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


def log(entry: Entry, text: str, seconds: float = 1) -> Path:
    """What a job has written so many seconds after the run began."""
    file = Path("logs") / f"{entry.path}.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (BEGUN + seconds, BEGUN + seconds))
    return file


def model(grid: Grid, intermediate: str, target: str) -> Entry:
    return cell(grid, intermediate, target).predictions.inputs["model"]


def shown(grid: Grid) -> list[str]:
    return summary(State(grid.config, grid), BEGUN).splitlines()


def test_a_failure_is_told_with_its_cause_its_log_and_the_cells_that_wait(world: World):
    grid = world.grid()
    file = log(model(grid, "mnli", "pawsx"), "error: out of memory\n\npython -m xstilts\n")
    assert shown(grid) == [
        "1 job failed; missing cells as a result: 1 of 9",
        "- training pawsx after mnli on toy, seed 1 (dependent cells: 1): out of memory",
        f"  {file}",
        "Finished results are kept; start snakemake again to continue.",
    ]


def test_what_most_cells_wait_for_comes_first_and_no_cell_counts_twice(world: World):
    grid = world.grid()
    log(model(grid, "mnli", "pawsx"), "error: one\n")
    log(model(grid, "none", "xnli"), "error: two\n")
    first, *lines = shown(grid)
    # Without an intermediate XNLI's model is that of MNLI, from which that of PAWS-X is trained.
    assert first == "2 jobs failed; missing cells as a result: 4 of 9"
    assert [line.partition(" (")[2] for line in lines if line.startswith("- ")] == [
        "dependent cells: 4): two",
        "dependent cells: 1): one",
    ]


@pytest.mark.parametrize(
    "text, cause",
    [
        (
            "",
            "its log is empty: the job ended before it started its work; see its output above or in the cluster's log",
        ),
        (
            "python -m xstilts\nstep 1 of 9: loss 1.0\n\n",
            "its log is incomplete: it was probably killed (kill -9, out of memory), or its disk was full; "
            "the last line: 'step 1 of 9: loss 1.0'",
        ),
        (
            "python -m xstilts\nTraceback (most recent call last):\n  File …\nOSError: [Errno 28] No space left\n",
            "OSError: [Errno 28] No space left",
        ),
    ],
    ids=["not begun", "killed", "an error that could not be put first"],
)
def test_a_job_that_has_written_no_cause_is_told_as_its_log_allows(world: World, text: str, cause: str):
    grid = world.grid()
    log(model(grid, "mnli", "pawsx"), text)
    assert shown(grid)[1].endswith(f"(dependent cells: 1): {cause}")


def test_what_failed_before_the_run_or_goes_on_elsewhere_is_not_told(world: World):
    grid = world.grid()
    log(model(grid, "mnli", "pawsx"), "error: long ago\n", seconds=-1)
    training = model(grid, "none", "xnli")
    log(training, "python -m xstilts\n")
    with exclusive(scratch(world.store, training, "training")):
        assert shown(grid) == ["The run ended early and no log contains an error; see Snakemake's output above."]


def test_what_failed_once_and_was_made_since_is_not_told(world: World):
    grid = world.grid()
    training = model(grid, "mnli", "pawsx")
    log(training, "error: the first attempt\n")
    world.finish([*of_step(grid, "read_task", "encode_task"), model(grid, "none", "xnli"), training])
    assert "pawsx" not in "".join(shown(grid))


def test_one_screen_is_enough_for_many_failures_and_long_causes(world: World):
    grid = world.grid(grid={**SETTINGS["grid"], "seeds": list(range(9))})
    trainings = of_step(grid, "train_stage")
    for entry in trainings:
        log(entry, f"error: {'no space ' * 999}\n")
    lines = shown(grid)
    assert f"and {len(trainings) - SHOWN} more" in lines[-2]
    assert len(lines) <= 24
    assert max(map(len, lines)) < 600


@pytest.mark.parametrize(
    "step, about, expected",
    [
        ("read_task", About(task="ccg", role="train"), "reading the training data of ccg"),
        (
            "perturb_task",
            About(task="xnli", role="evaluate", perturbations=("typos5",)),
            "perturbing the evaluation data of xnli+typos5",
        ),
        ("encode_task", About(task="xnli", role="evaluate"), "encoding the evaluation data of xnli"),
        ("predict", About(encoder="toy", task="tatoeba"), "predicting tatoeba on toy"),
        ("train_stage", About(encoder="toy", stages=("mnli",), seed=7), "training mnli on toy, seed 7"),
        (
            "probe",
            About(encoder="toy", stages=("mnli", "ccg"), seed=7),
            "measuring forgetting after mnli/ccg on toy, seed 7",
        ),
        ("probe", About(encoder="toy"), "measuring forgetting after none on toy"),
        ("pretrain_encoder", About(encoder="toy"), "pretrain_encoder for toy"),
        ("write_miniature", About(), "write_miniature for the miniature"),
        ("tables", About(experiment="mine"), "tables for mine"),
        ("statistics", About(experiment="mine", task="xnli"), "statistics of xnli for mine"),
    ],
)
def test_jobs_have_names_in_words(step: str, about: About, expected: str):
    assert describe(Entry(step, "place", {}, {}, "place/manifest.json", about)) == expected


def test_a_score_is_named_as_its_cell(world: World):
    scores = cell(world.grid(), "squad_v1/mnli", "pawsx").scores
    assert describe(scores) == "scoring pawsx after squad_v1/mnli/pawsx on toy, seed 1"


# Two runs at once


def test_a_job_that_another_run_is_still_at_work_on_is_not_told(world: World):
    grid = world.grid()
    entry = cell(grid, "mnli", "pawsx").predictions
    file = log(entry, "python -m xstilts predict\n")
    with file.open("a", encoding="utf-8") as held:
        locks.mark(held)
        assert shown(grid) == ["The run ended early and no log contains an error; see Snakemake's output above."]
    assert "predicting pawsx" in shown(grid)[1]


def test_a_training_that_was_refused_because_another_run_is_at_it_is_told_with_its_holder(world: World):
    grid = world.grid()
    training = model(grid, "none", "xnli")
    log(training, "error: another process (pid 7 on there) is training in .scratch\n")
    with exclusive(scratch(world.store, training, "training")):
        assert "another process (pid 7 on there) is training" in shown(grid)[1]


def test_a_job_that_failed_here_and_was_made_elsewhere_is_blamed_for_nothing(world: World):
    grid = world.grid()
    training = model(grid, "mnli", "pawsx")
    log(training, "error: another process (pid 7 on there) is training in .scratch\n")
    world.finish([*of_step(grid, "read_task", "encode_task"), model(grid, "none", "xnli"), training])
    assert shown(grid) == [
        "Another run has since completed the jobs that failed here; start snakemake again to continue."
    ]
