"""The command `status`: what is finished, running or failed, and why the rest is pending."""

import json
import os
import re
import socket
import time
from pathlib import Path

import pytest
import yaml
from accelerate import Accelerator
from fabricated import ROWS, SETTINGS, World, cell, of_step
from snakemake.utils import update_config

from xstilts import experiments
from xstilts.arms import expanded
from xstilts.cli import JOBS
from xstilts.config import parse
from xstilts.errors import UserError
from xstilts.fingerprints.sameness import Sameness
from xstilts.fingerprints.sourcecode import SourceCode
from xstilts.fingerprints.spec import minor_version
from xstilts.grid import Grid
from xstilts.inspection.state import DONE, FAILED, NEVER, RUNNING, TO_DO, State
from xstilts.sources.identity import FileIdentity
from xstilts.steps.entry import Entry
from xstilts.store.drafts import lock_file, scratch
from xstilts.training import states as training_states
from xstilts.training.resume import exclusive
from xstilts.training.stage import _last_state
from xstilts.training.states import Progress
from xstilts.training.states import State as TrainingState

pytestmark = pytest.mark.thorough

HEAVY = """
import runpy, sys
sys.argv = ["xstilts", "{}", "mine.yaml"]
try:
    runpy.run_module("xstilts", run_name="__main__")
finally:
    print("imported:", *sorted({{"torch", "transformers", "pyarrow", "datasets"}} & set(sys.modules)))
"""
STEPS = ROWS * 2 // 32
"""Optimiser steps of the stage mnli: two epochs, batches of 32."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty store; the logs lie beside it, where Snakemake was started."""
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


@pytest.fixture
def done(world: World) -> World:
    """A store in which the experiment is finished."""
    world.finish(world.grid().entries.values())
    return world


def state(grid: Grid) -> State:
    return State(grid.config, grid)


def states(grid: Grid) -> dict[str, int]:
    """How many cells are in each state."""
    now = state(grid)
    found = [now.of(one) for one in grid.cells]
    return {name: found.count(name) for name in (DONE, RUNNING, FAILED, TO_DO) if name in found}


def reasons(grid: Grid) -> dict[str, int]:
    """The reasons in words and the number of cells of each."""
    return {group.text: group.cells for group in state(grid).groups()}


def model(grid: Grid, *names: str) -> Entry:
    """The model of a path of stages."""
    path = ["models", "toy", *names, "seed-1"]
    return next(e for e in grid.entries.values() if [part.partition("~")[0] for part in e.path.split("/")] == path)


def log(entry: Entry, text: str) -> Path:
    file = Path("logs") / f"{entry.path}.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


# The configuration


def test_a_file_is_laid_over_the_shipped_one_as_snakemake_does(world: World):
    raw = yaml.safe_load(experiments.SHIPPED.read_text(encoding="utf-8"))
    update_config(raw, {**SETTINGS, "store": str(world.store)})
    assert world.config() == expanded(parse(raw))
    assert experiments.read() == expanded(parse(yaml.safe_load(experiments.SHIPPED.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("given", ["config.json", ""])
def test_the_configuration_that_a_run_leaves_is_whole(world: World, given: str):
    folder = world.store / "experiments" / "mine"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"experiment": "mine", "grid": SETTINGS["grid"]}))
    assert experiments.read(folder / given) == expanded(parse({"experiment": "mine", "grid": SETTINGS["grid"]}))


def test_a_file_that_is_not_there_or_is_no_yaml_is_a_mistake_in_one_line(world: World):
    with pytest.raises(UserError, match=r"nowhere\.yaml does not exist"):
        experiments.read(Path("nowhere.yaml"))
    Path("broken.yaml").write_text("grid: [", encoding="utf-8")
    with pytest.raises(UserError, match=r"broken\.yaml.*not valid"):
        experiments.read(Path("broken.yaml"))


def test_a_mistake_in_a_file_has_its_line(world: World):
    Path("wrong.yaml").write_text("experiment: mine\ntrainin: {}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"'trainin' \(wrong\.yaml, line 2\)"):
        experiments.read(Path("wrong.yaml"))


# What is done


def test_everything_was_never_run_in_an_empty_store(world: World):
    assert states(world.grid()) == {TO_DO: 9}
    assert reasons(world.grid()) == {NEVER: 9}


def test_everything_is_done_in_a_full_store(done: World):
    assert states(done.grid()) == {DONE: 9}
    assert reasons(done.grid()) == {}


def test_another_seed_was_never_run(done: World):
    more = done.grid(grid={**SETTINGS["grid"], "seeds": [1, 2]})
    # The bare encoder finds the sentences of Tatoeba for every seed alike.
    assert states(more) == {DONE: 10, TO_DO: 8}
    assert reasons(more) == {NEVER: 8}


# Why the rest is not


def test_a_setting_of_a_stage_is_named_with_its_old_and_its_new_value(done: World):
    changed = done.grid(stages={"mnli": {"learning_rate": 2e-5}})
    # Cells without mnli in their path are done.
    assert states(changed) == {DONE: 2, TO_DO: 7}
    assert reasons(changed) == {"learning_rate of stage mnli: 1e-05 → 2e-05": 7}


def test_a_cause_that_holds_for_several_stages_is_one_line(done: World):
    changed = done.grid(training={"weight_decay": 0.5})
    assert reasons(changed) == {"weight_decay of stages mnli, pawsx, squad_v1: 0.01 → 0.5": 8}


@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        ("job.predict", "code changed in jobs.predict, for tasks pawsx, tatoeba, xnli"),
        ("metric.tatoeba", "code changed in metrics.tatoeba, for task tatoeba"),
        ("task.tatoeba", "code changed in tasks.tatoeba, for task tatoeba"),
        ("pawsx test de", "files of task pawsx: other content of test.de"),
        ("tokenizer", "tokenizer of encoder toy changed"),
    ],
)
def test_a_change_of_code_or_data_is_named_at_the_first_job_that_sees_it(done: World, edited: str, expected: str):
    assert list(reasons(done.grid(edited))) == [expected]


def test_another_encoder_of_the_same_name_is_named(done: World):
    assert reasons(done.grid("toy")) == {"files of encoder toy changed": 9}


def test_another_version_of_a_library_is_named(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(FileIdentity, "library", lambda self, name: "0.1" if name == "seqeval" else minor_version(name))
    world.finish(world.grid().entries.values())
    monkeypatch.undo()
    monkeypatch.chdir(world.folder)
    now = minor_version("seqeval")
    assert reasons(world.grid()) == {f"seqeval 0.1 → {now}, for tasks pawsx, tatoeba, xnli": 9}


def test_a_language_more_and_a_language_less_are_named(done: World):
    assert reasons(done.grid(tasks={"pawsx": {"languages": ["en", "fr"]}})) == {
        "files of task pawsx: now with test.fr": 3,
        "files of task pawsx: now without test.de": 3,
    }


def test_only_the_first_cause_on_the_way_is_named(done: World):
    changed = done.grid("job.score", stages={"mnli": {"epochs": 1}})
    assert reasons(changed) == {
        "epochs of stage mnli: 2 → 1": 7,
        "code changed in jobs.score, for tasks pawsx, tatoeba": 2,
    }


def test_the_result_with_the_fewest_differences_is_compared(done: World):
    far = done.grid(stages={"squad_v1": {"epochs": 9, "batch_size": 9, "patience": 9}})
    done.finish(of_step(far, "train_stage"))
    changed = done.grid(stages={"squad_v1": {"epochs": 2, "batch_size": 16, "patience": 8}})
    assert list(reasons(changed)) == ["patience of stage squad_v1: 30 → 8"]


def test_a_cause_is_found_behind_what_another_experiment_has_made_already(done: World):
    changed = done.grid(stages={"squad_v1": {"epochs": 1}})
    done.finish([model(changed, "squad_v1")])
    assert reasons(changed) == {"epochs of stage squad_v1: 2 → 1": 3}


def test_a_cause_is_found_although_what_lies_before_it_was_deleted(done: World):
    for entry in of_step(done.grid(), "encode_task"):
        (done.store / entry.manifest).unlink()
    assert reasons(done.grid(stages={"squad_v1": {"epochs": 1}})) == {"epochs of stage squad_v1: 2 → 1": 3}


# What failed and what runs


def test_a_failed_job_is_its_first_line_and_its_log_and_all_cells_behind_it_have_failed(world: World):
    grid = world.grid()
    file = log(model(grid, "mnli"), "error: the disk is full.\n\npython -m xstilts\n")
    now = state(grid)
    (failure,) = now.failed.values()
    assert (failure.cause, failure.log) == ("the disk is full.", file)
    assert states(grid) == {TO_DO: 5, FAILED: 4}
    assert now.cells_behind(failure.entry.path) == 4


def test_a_job_that_succeeded_later_or_wrote_something_else_has_not_failed(done: World):
    grid = done.grid()
    log(model(grid, "mnli"), "error: the disk is full.\n")
    assert states(grid) == {DONE: 9}
    changed = done.grid(stages={"mnli": {"epochs": 1}})
    log(model(changed, "mnli"), "python -m xstilts train_stage\nerror: none\n")
    assert states(changed) == {DONE: 2, TO_DO: 7}


def test_a_training_that_holds_its_lock_runs_and_says_who_holds_it(world: World):
    grid = world.grid()
    mnli = model(grid, "mnli")
    log(mnli, "error: another process trains.\n")
    with exclusive(scratch(world.store, mnli, "training")):
        now = state(grid)
        assert now.running[mnli.path].holder == f"pid {os.getpid()} on {socket.gethostname()}"
        assert states(grid) == {RUNNING: 4, TO_DO: 5}
        assert not now.failed


def test_a_cell_behind_a_failure_has_failed_whatever_runs_for_it_too(world: World):
    grid = world.grid()
    log(model(grid, "squad_v1"), "error: the disk is full.\n")
    (read,) = [entry for entry in of_step(grid, "read_task") if "/pawsx.train" in entry.path]
    log(read, "error: a row has no label.\n")
    with exclusive(scratch(world.store, model(grid, "mnli"), "training")):
        # PAWS-X has failed after every row, with mnli under way for one of them, and all that is after squad_v1.
        assert states(grid) == {RUNNING: 3, FAILED: 5, TO_DO: 1}


def test_a_lock_that_nobody_holds_does_not_run(world: World):
    mnli = model(world.grid(), "mnli")
    lock = lock_file(world.store, mnli)
    lock.parent.mkdir(parents=True)
    lock.write_text("pid 1 on elsewhere")
    assert states(world.grid()) == {TO_DO: 9}


@pytest.fixture
def progress(world: World):
    """What is known of the training of mnli after its log was written, so many seconds after it had begun."""
    grid = world.grid()
    world.finish(of_step(grid, "read_task", "encode_task"))
    mnli = model(grid, "mnli")

    def look(text: str, seconds: float, since: float = 0):
        file = log(mnli, text)
        with exclusive(scratch(world.store, mnli, "training")):
            now = time.time() - since
            os.utime(file, (now, now))
            os.utime(lock_file(world.store, mnli), (now - seconds, now - seconds))
            return state(grid).running[mnli.path]

    return look


def losses(*shares: float) -> str:
    loss = "step {0} of {1}: loss {2:.4g}, gradient norm 1, learning rate 1e-05\n"
    line = f"{loss}step {{0}} of {{1}}: dev score 50.00 (mnli 50.00)\n"
    return "".join(line.format(round(share * STEPS), STEPS, 1 - share) for share in shares)


def test_the_progress_of_a_training_is_that_of_the_last_loss_in_its_log(progress):
    found = progress(f"python -m xstilts\n{losses(0.25, 0.5)}", 60)
    assert (found.step, found.steps, found.loss) == (STEPS // 2, STEPS, 0.5)
    assert found.seconds_left == pytest.approx(60, abs=5)
    assert progress(losses(0.25, 0.5), 60, since=40).seconds_left == pytest.approx(20, abs=5)


def test_a_training_that_goes_on_is_as_fast_as_this_attempt(progress, world: World, capsys):
    state = world.folder / "state"
    training_states.write(state, TrainingState(Progress(STEPS // 4, [], 8192, "fp32"), {}, {}, {}))
    assert _last_state(Accelerator(cpu=True), state).progress.step == STEPS // 4
    found = progress(f"python -m xstilts\n{capsys.readouterr().out}{losses(0.5)}", 60)
    assert found.seconds_left == pytest.approx(120, abs=5)


@pytest.fixture
def killed(world: World) -> Entry:
    """The training of mnli, which was killed after it had saved its states of a quarter and of half of its steps."""
    grid = world.grid()
    world.finish(of_step(grid, "read_task", "encode_task"))
    mnli = model(grid, "mnli")
    folder = scratch(world.store, mnli, "training")
    for step in (STEPS // 4, STEPS // 2):
        training_states.write(folder, TrainingState(Progress(step, [], 8192, "fp32"), {}, {}, {}))
    (folder / f"state-{STEPS - 1}.tmp").mkdir()
    lock_file(world.store, mnli).write_text("pid 1 on elsewhere")
    return mnli


def test_a_training_that_was_killed_is_to_do_from_its_last_complete_state_which_is_not_hashed(
    world: World, killed: Entry, monkeypatch
):
    grid = world.grid()
    monkeypatch.setattr(training_states.spec, "sha256", lambda file: pytest.fail(f"{file} is hashed"))
    now = state(grid)
    found = [(one.entry.path, one.step, one.steps) for one in now.interrupted.values()]
    assert found == [(killed.path, STEPS // 2, STEPS)]
    assert states(grid) == {TO_DO: 9}


def test_a_training_that_runs_again_is_not_interrupted(world: World, killed: Entry):
    with exclusive(scratch(world.store, killed, "training")):
        assert not state(world.grid()).interrupted


def test_a_training_that_failed_is_not_interrupted(world: World, killed: Entry):
    log(killed, "error: the disk is full.\n")
    assert not state(world.grid()).interrupted


@pytest.mark.parametrize(
    "line", ["step 9 of 9: dev score 3.00 (mnli 3.00)", "step x of 9: loss 1, ", "a step 1 of 9: loss 1, "]
)
def test_a_line_of_the_log_that_says_nothing_is_none(progress, line: str):
    found = progress(f"python -m xstilts\n{line}\n", 60)
    assert (found.step, found.steps, found.loss) == (0, STEPS, None)


def test_a_training_that_has_not_said_anything_yet_has_no_end(progress):
    found = progress("python -m xstilts\n", 60)
    assert (found.step, found.steps, found.loss, found.seconds_left) == (0, STEPS, None, None)


# The command


def test_the_command_shows_the_grid_and_the_reasons(world: World):
    world.finish(world.real().entries.values())
    file = world.file(stages={"mnli": {"learning_rate": 2e-5}})
    failed = cell(world.real(stages={"mnli": {"learning_rate": 2e-5}}), "mnli", "pawsx").predictions
    world.file(stages={"mnli": {"learning_rate": 2e-5}})
    log(failed, "error: out of memory\n")
    run = world.run("status", file)
    assert (run.returncode, run.stderr) == (0, "")
    assert "mine: 2 of 9 cells are done" in run.stdout
    assert "to do    6 cells: learning_rate of stage mnli: 1e-05 → 2e-05" in run.stdout
    assert f"failed   {failed.path}: out of memory; needed by 1 cell; log: logs/{failed.path}.log" in run.stdout
    rows = [line.split("│")[2:-1] for line in run.stdout.splitlines() if "│ toy" in line]
    assert [[part.strip() for part in row] for row in rows] == [
        ["none", "0/1", "1/1", "1/1"],
        ["mnli", "0/1", "0/1, 1 failed", "0/1"],
        ["squad_v1/mnli", "0/1", "0/1", "0/1"],
    ]


@pytest.mark.parametrize("ended", ["killed", "stopped by a signal"])
def test_the_command_shows_where_a_training_resumes_that_was_interrupted(world: World, ended: str):
    mnli = model(world.real(), "mnli")
    if ended != "killed":
        # Its log says so, as that of a failure.
        log = world.store.parent / "logs" / f"{mnli.path}.log"
        log.parent.mkdir(parents=True)
        log.write_text("error: stopped by SIGINT; the state at step 300 is saved.\n\n", encoding="utf-8")
    progress = Progress(300, [], 8192, "fp32")
    training_states.write(scratch(world.store, mnli, "training"), TrainingState(progress, {}, {}, {}))
    file = world.file()
    printed = world.run("status", file).stdout
    document = json.loads(world.run("status", file, "--json").stdout)
    found = document["interrupted"]
    (line,) = [line for line in printed.splitlines() if line.startswith(f"to do    {mnli.path}: ")]
    assert re.search(r": interrupted, resumes from step 300 of (\d+|unknown); needed by 4 cells$", line)
    assert [(one["entry"], one["step"], one["cells"]) for one in found] == [(mnli.path, 300, 4)]
    assert document["failed"] == []


def test_the_command_prints_the_same_as_json(done: World):
    grid = done.real(stages={"mnli": {"epochs": 1}})
    done.finish(done.real().entries.values())
    printed = json.loads(done.run("status", done.file(stages={"mnli": {"epochs": 1}}), "--json").stdout)
    assert [one["state"] for one in printed["cells"]].count("done") == 2
    assert {one["scores"] for one in printed["cells"]} == {one.scores.path for one in grid.cells}
    assert [(group["text"], group["cells"]) for group in printed["reasons"]] == [("epochs of stage mnli: 2 → 1", 7)]
    assert (printed["running"], printed["failed"], printed["tables"]) == ([], [], False)


@pytest.mark.parametrize("command", ["status", "plan"])
def test_a_command_that_looks_imports_nothing_heavy(done: World, command: str):
    done.file(stages={"mnli": {"epochs": 1}})
    run = done.python("-c", HEAVY.format(command))
    assert run.stdout.splitlines()[-1] == "imported:", run.stderr


@pytest.mark.parametrize("job", JOBS)
def test_looking_and_measuring_are_not_part_of_the_code_of_any_job(job: str):
    reached = SourceCode(Path("no memory.json"), Sameness(())).reached([f"jobs.{job}"])
    assert not [name for name in reached if name.partition(".")[0] == "inspection" or name == "runtime.timing"]
