"""File locks, and disks that have none."""

import errno
import fcntl
import os
import re
from pathlib import Path

import pytest
from fabricated import World, of_step

from xstilts import devices, locks
from xstilts.errors import UserError
from xstilts.inspection.failures import summary
from xstilts.inspection.progress import lock_file
from xstilts.inspection.pruning import leftovers
from xstilts.inspection.state import FAILED, RUNNING, State
from xstilts.leftovers import remove
from xstilts.run import Run
from xstilts.store import scratch
from xstilts.training.resume import exclusive

ADVICE = r"lies on a disk without file locks \(.+\), which keep two trainings of one model apart.*`flock`.*`store:`"


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
    assert {place.name for place in world.store.iterdir()} == {".cache", "models"}
    assert list((world.store / "models").iterdir()) == []


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
