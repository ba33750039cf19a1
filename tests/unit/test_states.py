"""States of a training on disk: complete or not there at all, and no more of them than are needed."""

import errno
import os
import stat
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch

from xstilts.errors import UserError
from xstilts.training import states
from xstilts.training.history import Evaluation, best, best_step, evaluation, without_gain
from xstilts.training.resume import Saver
from xstilts.training.states import Progress, State


def state(step: int, **scores: float) -> State:
    """The state of a step, with the scores of evaluations by step, as `at_2=50`."""
    evaluations = [evaluation(int(name.removeprefix("at_")), {"mnli": value}, {}) for name, value in scores.items()]
    tensors = {"weight": torch.full((3,), float(step))}
    return State(Progress(step, evaluations, 512, "bf16"), tensors, {"weight.exp_avg": torch.ones(3)}, {})


def names(scratch: Path) -> set[str]:
    return {path.name for path in scratch.iterdir()}


def test_a_state_is_read_as_it_was_written(tmp_path):
    written = state(7, at_3=20.5, at_6=1 / 3)
    states.write(tmp_path, written)
    states.write_best(tmp_path, 3, written.model)
    found = states.load(states.last(tmp_path))
    assert found.progress == written.progress
    assert torch.equal(found.model["weight"], torch.full((3,), 7.0))
    assert torch.equal(found.optimizer["weight.exp_avg"], torch.ones(3))


class Crash(BaseException):
    """A loss of power."""


CALLS = ("fsync", "rename", "replace")


def crashing(monkeypatch: pytest.MonkeyPatch, number: int) -> list[int]:
    """Crash in one of the calls that change the disk, counted from 1; the numbers of those that were made."""
    made: list[int] = []

    def watched(call):
        def crash_or_call(*arguments):
            made.append(len(made) + 1)
            if made[-1] == number:
                raise Crash
            return call(*arguments)

        return crash_or_call

    for name in CALLS:
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    return made


def test_after_a_crash_at_any_moment_the_state_before_is_there_or_the_new_one_is_whole(tmp_path, monkeypatch):
    crashes = 0
    for number in range(1, 100):
        scratch = tmp_path / str(number)
        states.write_best(scratch, 2, state(2).model)
        states.write(scratch, state(2, at_2=50))
        with monkeypatch.context() as patch:
            made = crashing(patch, number)
            try:
                states.write(scratch, state(4, at_2=50))
            except Crash:
                crashes += 1
        if len(made) < number:
            break
        found = states.last(scratch)
        assert found is not None
        assert found.name in ("state-2", "state-4")
        assert states.load(found).model["weight"].tolist() == [float(found.name[-1])] * 3
        states.discard_after(scratch, found)
        assert names(scratch) <= {"best-2", "state-2", "state-4"}
    # Four files, the seal and the folder, the rename, the folder above.
    assert crashes >= 8


def test_files_are_on_disk_before_the_state_has_its_name(tmp_path, monkeypatch):
    order = []
    fsync, rename = os.fsync, Path.rename
    monkeypatch.setattr(
        os, "fsync", lambda number: (order.append(Path(f"/proc/self/fd/{number}").resolve()), fsync(number))
    )
    monkeypatch.setattr(Path, "rename", lambda path, target: (order.append("rename"), rename(path, target))[1])
    states.write(tmp_path, state(1))
    place = order.index("rename")
    written = {path.name for path in order[:place]}
    assert {states.MODEL, states.OPTIMIZER, states.GENERATORS, states.PROGRESS, states.SEAL} <= written
    assert order[place - 2].name == states.SEAL
    assert order[place + 1 :] == [tmp_path]


@pytest.mark.parametrize("number, is_error", [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_disk_that_cannot_synchronise_folders_keeps_states_all_the_same(tmp_path, monkeypatch, number, is_error):
    fsync = os.fsync

    def of_files_alone(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", of_files_alone)
    with pytest.raises(OSError, match="Input/output") if is_error else nullcontext():
        states.write(tmp_path, state(1))
    assert states.last(tmp_path) == (None if is_error else tmp_path / "state-1")


def test_the_last_two_states_and_the_best_weights_that_they_refer_to_are_kept(tmp_path):
    states.write_best(tmp_path, 2, state(2).model)
    states.write(tmp_path, state(2, at_2=10))
    states.write_best(tmp_path, 4, state(4).model)
    assert names(tmp_path) == {"best-2", "best-4", "state-2"}
    states.write(tmp_path, state(4, at_2=10, at_4=20))
    assert names(tmp_path) == {"best-2", "best-4", "state-2", "state-4"}
    states.write(tmp_path, state(6, at_2=10, at_4=20, at_6=5))
    assert names(tmp_path) == {"best-4", "state-4", "state-6"}


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_text("{")], ids=["missing", "truncated"])
def test_a_damaged_older_state_does_not_prevent_a_training_from_saving(tmp_path, damage):
    states.write(tmp_path, state(2))
    states.write(tmp_path, state(4))
    damage(tmp_path / "state-2" / states.PROGRESS)
    states.write_best(tmp_path, 6, state(6).model)
    states.write(tmp_path, state(6, at_6=20))
    assert names(tmp_path) == {"best-6", "state-4", "state-6"}


def test_best_weights_of_later_steps_are_ignored_after_a_resume(tmp_path):
    states.write_best(tmp_path, 2, state(2).model)
    states.write(tmp_path, state(3, at_2=10))
    states.write_best(tmp_path, 4, state(4).model)
    found = states.last(tmp_path)
    states.discard_after(tmp_path, found)
    assert (found.name, names(tmp_path)) == ("state-3", {"best-2", "state-3"})


def test_states_of_an_older_release_are_removed_and_named(tmp_path, capsys):
    (tmp_path / "checkpoint-1000").mkdir()
    (tmp_path / "checkpoint-1000" / "optimizer.pt").touch()
    assert states.last(tmp_path) is None
    states.discard_after(tmp_path, None)
    assert names(tmp_path) == set()
    assert "checkpoint-1000 was saved by an older release of xstilts" in capsys.readouterr().out


def test_a_budget_that_was_recorded_is_found_by_the_next_attempt(tmp_path):
    assert states.budget(tmp_path) is None
    states.write_budget(tmp_path, 96)
    states.discard_after(tmp_path, None)
    assert states.budget(tmp_path) == 96


def test_the_saver_writes_one_state_at_a_time_while_its_caller_goes_on(tmp_path, monkeypatch):
    write, running, begun = states.write, [], threading.Event()
    go_on = {step: threading.Event() for step in (1, 2)}

    def slow(scratch: Path, one: State) -> None:
        running.append(one.progress.step)
        begun.set()
        assert go_on[one.progress.step].wait(60)
        assert running[-1] == one.progress.step
        write(scratch, one)

    monkeypatch.setattr(states, "write", slow)
    with Saver(tmp_path) as saver:
        saver.save(state(1))
        assert begun.wait(60)
        assert states.last(tmp_path) is None
        go_on[1].set()
        saver.save(state(2))
        assert states.last(tmp_path).name == "state-1"
        go_on[2].set()
        saver.wait()
        assert states.last(tmp_path).name == "state-2"


@pytest.mark.parametrize("call", ["check", "wait", "save"])
def test_a_save_that_fails_is_an_error_of_the_next_call(tmp_path, monkeypatch, call):
    def full(*_) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(states, "save_file", full)
    with Saver(tmp_path) as saver:
        saver.save(state(1))
        while not saver._saving.done():
            pass
        with pytest.raises(UserError, match=r"cannot be saved in .*No space left on device.*the next run resumes"):
            getattr(saver, call)(*[state(2)] * (call == "save"))


def test_leaving_the_saver_waits_for_the_disk(tmp_path):
    with Saver(tmp_path) as saver:
        saver.save(state(1))
    assert states.last(tmp_path).name == "state-1"


def found(*scores: float) -> list[Evaluation]:
    return [evaluation(step, {"mnli": score}, {}) for step, score in enumerate(scores, start=1)]


@pytest.mark.parametrize(
    "scores, step, lost",
    [((), None, 0), ((5.0,), 1, 0), ((5, 6, 6), 2, 1), ((7, 5, 6), 1, 2), ((5, 6, 7), 3, 0)],
)
def test_the_first_of_the_best_evaluations_counts_and_patience_from_there(scores, step, lost):
    evaluations = found(*scores)
    assert best_step(evaluations) == step
    assert without_gain(evaluations) == lost
    assert best(evaluations) == (evaluations[step - 1] if step else None)
