"""File locks, and file systems without locks."""

import errno
import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fabricated import World, of_step

from xstilts.errors import UserError
from xstilts.inspection.failures import summary
from xstilts.inspection.state import FAILED, RUNNING, State
from xstilts.run import Run
from xstilts.runtime import devices
from xstilts.steps.entry import Entry
from xstilts.store import locks
from xstilts.store.drafts import TRAINING, lock_file, scratch
from xstilts.store.leftovers import remove
from xstilts.store.pruning import leftovers
from xstilts.training.resume import exclusive

ADVICE = r"is on a disk without file locks \(.+\), which keep two trainings of one model apart.*`flock`.*`store:`"


@pytest.fixture(params=["ENOSYS", "ENOLCK", "EOPNOTSUPP"])
def no_locks(request, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a file lock on any of its disks."""
    code = getattr(errno, request.param)

    def refuse(*_) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


def test_a_lock_is_held_by_one_and_known_by_what_its_holder_wrote(tmp_path: Path):
    file = tmp_path / "lock"
    with locks.hold(file, locks.TRAININGS) as held:
        held.write("pid 7")
        held.flush()
        assert locks.holder(file) == "pid 7"
        assert locks.hold(file, locks.TRAININGS) is None
    assert locks.holder(file) is None
    assert locks.holder(tmp_path / "nowhere") is None


def test_the_state_and_the_lock_of_a_training_lie_on_the_disk_of_its_model(tmp_path: Path):
    entry = Entry("train_stage", "data/xnli~0", {}, {}, "data/xnli~0/manifest.json")
    (tmp_path / "other disk").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "other disk")
    state = scratch(tmp_path, entry, TRAINING)
    for place in (state, lock_file(tmp_path, entry)):
        assert place.parent.resolve().is_relative_to(tmp_path / "other disk")
    with exclusive(state):
        assert locks.holder(lock_file(tmp_path, entry)) == f"pid {os.getpid()} on {socket.gethostname()}"
    assert list((tmp_path / entry.path).iterdir()) == []


HOLD = """
import fcntl, sys
file = open(sys.argv[1], "a+")
fcntl.flock(file, fcntl.LOCK_EX)
file.write("pid 7 on there")
file.flush()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_elsewhere(file: Path) -> Iterator[subprocess.Popen]:
    """Another process that holds a lock."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD, file], text=True, **pipes) as process:
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_lock_of_another_process_is_not_broken_and_goes_with_it_whatever_it_dies_of(tmp_path: Path):
    file = tmp_path / "lock"
    with held_elsewhere(file) as process:
        for _ in range(2):
            assert locks.hold(file, locks.TRAININGS) is None
            assert locks.holder(file) == "pid 7 on there"
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert locks.holder(file) is None
        with locks.hold(file, locks.TRAININGS) as held:
            # Who held it last is still said, until the new holder says who it is.
            held.seek(0)
            assert held.read() == "pid 7 on there"


def test_those_who_look_at_a_lock_do_not_disturb_each_other_and_leave_it_as_it_was(tmp_path: Path):
    file = tmp_path / "lock"
    file.write_text("pid 7", encoding="utf-8")
    with file.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert locks.holder(file) is None
    assert locks.holder(file) is None
    assert file.read_text() == "pid 7"
    locks.hold(file, locks.TRAININGS).close()


def test_a_lock_whose_holder_has_not_said_who_it_is_is_held_all_the_same(tmp_path: Path):
    with locks.hold(tmp_path / "lock", locks.TRAININGS):
        assert locks.holder(tmp_path / "lock") == "unknown"


def test_a_lock_that_may_not_be_read_is_perhaps_held_and_what_is_no_file_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").touch()
    assert locks.holder(tmp_path) is None
    assert locks.holder(tmp_path / "file" / "below") is None

    def deny(*_, **__) -> None:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(Path, "open", deny)
    assert locks.holder(tmp_path / "file") == "perhaps: its lock cannot be looked at here"


def test_a_mark_is_seen_as_long_as_its_file_is_open_and_takes_no_lock_from_its_holder(tmp_path: Path):
    file = tmp_path / "lock"
    with file.open("a+", encoding="utf-8") as marked:
        locks.mark(marked)
        assert locks.hold(file, locks.DEVICES) is None
    with held_elsewhere(file), file.open("a+", encoding="utf-8") as second:
        locks.mark(second)
        assert locks.holder(file) == "pid 7 on there"


def test_a_mark_needs_no_locks(no_locks, tmp_path: Path):
    with (tmp_path / "lock").open("a+") as file:
        locks.mark(file)


def test_to_ask_for_locks_leaves_nothing_where_there_are_some(tmp_path: Path):
    locks.require(tmp_path / "a" / "b", locks.TRAININGS)
    locks.require(tmp_path / "a" / "b", locks.TRAININGS)
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_to_ask_for_locks_is_an_error_that_leaves_nothing_where_there_are_none(no_locks, tmp_path: Path):
    with pytest.raises(UserError, match=rf"{tmp_path}/a/\.lock\.\w+ {ADVICE}"):
        locks.require(tmp_path / "a", locks.TRAININGS)
    assert list((tmp_path / "a").iterdir()) == []


def test_a_look_at_a_lock_is_no_second_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "state.lock"
    looking = file.open("a+", encoding="utf-8")
    fcntl.flock(looking, fcntl.LOCK_SH)
    seen = locks.holder

    def look(path: Path) -> str | None:
        looking.close()
        return seen(path)

    monkeypatch.setattr(locks, "holder", look)
    with exclusive(tmp_path / "state"):
        assert seen(file) == f"pid {os.getpid()} on {os.uname().nodename}"


def test_a_training_is_refused_with_what_to_do(no_locks, tmp_path: Path):
    with pytest.raises(UserError, match=ADVICE), exclusive(tmp_path / "state"):
        pytest.fail("two trainings could go on here")


def run_of(world: World, target: str) -> Run:
    """A run of one cell, whose encoder is there."""
    (world.folder / "toy").mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (world.folder / "toy" / name).write_text("{}", encoding="utf-8")
    cells = {"encoders": ["toy"], "targets": [target]}
    raw = {"store": str(world.store), "encoders": {"toy": {"path": "toy"}}, "grid": cells}
    return Run(raw, [world.file()])


def test_a_run_with_trainings_is_refused_before_its_first_job_and_leaves_nothing(no_locks, world: World):
    run = run_of(world, "xnli")
    with pytest.raises(SystemExit, match=ADVICE):
        run.begin()
    assert {place.name for place in world.store.iterdir()} == {".cache", "configs", "models"}
    assert list((world.store / "models").iterdir()) == []
    # A plan has left it before.
    assert [str(file) for file in (world.store / "configs").iterdir()] == [run.config_file]


def test_a_run_without_trainings_needs_no_locks(no_locks, world: World):
    run_of(world, "tatoeba").begin()


def test_devices_are_refused_with_what_to_do(no_locks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with pytest.raises(UserError, match=r"without file locks .* share the GPUs .* compute on a machine that has locks"):
        devices.taken(locks=tmp_path).__enter__()


def test_a_look_says_what_it_cannot_know_and_nothing_is_taken_away(no_locks, world: World):
    grid = world.grid()
    training = of_step(grid, "train_stage")[0]
    world.finish(of_step(grid, "read_task", "encode_task"))
    lock = lock_file(world.store, training)
    scratch(world.store, training, "training").mkdir(parents=True)
    lock.write_text("pid 7 on there", encoding="utf-8")
    state = State(grid.config, grid)
    assert [one.holder for one in state.running.values()] == ["perhaps: its lock cannot be looked at here"]
    assert RUNNING in {state.of(cell) for cell in grid.cells}
    assert (
        leftovers(world.store, {path: one for path, one in grid.entries.items() if one is not training}, ["mine"]) == []
    )
    world.finish([training])
    remove(world.store, grid)
    assert lock.is_file()


def test_what_was_refused_for_want_of_locks_has_failed_and_is_told(no_locks, world: World):
    grid = world.grid()
    training = of_step(grid, "train_stage")[0]
    lock = lock_file(world.store, training)
    lock.parent.mkdir(parents=True)
    lock.touch()
    log = Path("logs") / f"{training.path}.log"
    log.parent.mkdir(parents=True)
    log.write_text("error: no locks here\n", encoding="utf-8")
    state = State(grid.config, grid)
    assert FAILED in {state.of(cell) for cell in grid.cells}
    assert re.search(r"no locks here", summary(state, 0))


def test_an_error_of_the_disk_is_no_want_of_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.raises(OSError, match="input/output"):
        locks.hold(tmp_path / "lock", locks.TRAININGS)
    with (tmp_path / "lock").open("a+") as file, pytest.raises(OSError, match="input/output"):
        locks.mark(file)
    with pytest.raises(OSError, match="input/output"):
        locks.holder(tmp_path / "lock")
