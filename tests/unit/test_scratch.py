"""A scratch folder has one trainer at a time, whatever happens to the folder and its lock file."""

import os
import re
import shutil
import socket
from pathlib import Path
from typing import TextIO

import pytest

from xstilts.errors import UserError
from xstilts.store import locks
from xstilts.training import resume
from xstilts.training.resume import exclusive


@pytest.fixture
def scratch(tmp_path) -> Path:
    return tmp_path / "store" / "0123.training"


def refused(scratch: Path, holder: str = ".*") -> None:
    """A second trainer is kept out."""
    who = pytest.raises(UserError, match=rf"^another process \({holder}\) is training in {scratch},")
    with who, exclusive(scratch):
        pytest.fail("a second trainer was let in")


def test_a_second_trainer_is_kept_out_and_told_who_is_there(scratch):
    scratch.parent.mkdir()
    scratch.with_suffix(".lock").write_text("pid 123456789 on a machine that was switched off")
    with exclusive(scratch):
        refused(scratch, rf"pid {os.getpid()} on {re.escape(socket.gethostname())}")


def test_a_folder_that_is_removed_and_made_again_is_still_held(scratch):
    with exclusive(scratch):
        shutil.rmtree(scratch)
        scratch.mkdir()
        refused(scratch)


def test_a_folder_is_held_until_it_is_gone(scratch, monkeypatch):
    def removing(folder: Path) -> None:
        refused(scratch)
        remove(folder)

    remove = shutil.rmtree
    monkeypatch.setattr(resume.shutil, "rmtree", removing)
    with exclusive(scratch):
        (scratch / "state").touch()
    assert list(scratch.parent.iterdir()) == []


def test_a_lock_whose_file_its_last_holder_has_removed_keeps_nobody_out_and_is_taken_for_none(scratch, monkeypatch):
    """A trainer opens the lock file; the one before it ends and removes it; a third one comes first to a new file."""
    path, hold = scratch.with_suffix(".lock"), locks.hold
    third = []

    def late(file: Path, purpose: locks.Purpose) -> TextIO | None:
        held = hold(file, purpose)
        if not third:
            path.unlink()
            third.append(hold(path, purpose))
        return held

    monkeypatch.setattr(locks, "hold", late)
    refused(scratch)
    third[0].close()
    with exclusive(scratch):
        refused(scratch)


def test_a_lock_whose_file_is_gone_is_taken_again(scratch, monkeypatch):
    path, hold, found = scratch.with_suffix(".lock"), locks.hold, []

    def late(file: Path, purpose: locks.Purpose) -> TextIO | None:
        found.append(hold(file, purpose))
        if len(found) == 1:
            path.unlink()
        return found[-1]

    monkeypatch.setattr(locks, "hold", late)
    with exclusive(scratch):
        refused(scratch)
    assert list(scratch.parent.iterdir()) == []


def fail(file: Path) -> None:
    """Leave a file and fail."""
    file.touch()
    raise ZeroDivisionError


def test_a_block_that_fails_leaves_its_folder_to_the_next(scratch):
    with pytest.raises(ZeroDivisionError), exclusive(scratch):
        fail(scratch / "state")
    with exclusive(scratch):
        assert [file.name for file in scratch.iterdir()] == ["state"]
    assert list(scratch.parent.iterdir()) == []
