"""File locks: the kernel frees them when their holder dies, of whatever, so that nothing can be left locked.

Not every disk has them: Lustre needs the mount option `flock`, NFS its lock service. What needs a lock is refused
there, since a file that merely says "taken" would outlive a holder that was killed.
"""

import errno
import fcntl
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from xstilts.errors import UserError

UNKNOWN = "perhaps: its lock cannot be looked at here"
"""The holder of a lock on a disk without locks, or of one that may not be read."""

_WITHOUT = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}


@dataclass(frozen=True)
class Purpose:
    """What locks are for, and what to do where there are none, as parts of a message."""

    why: str
    advice: str


TRAININGS = Purpose("keep two trainings of one model apart", "set `store:` to a folder on another disk")
DEVICES = Purpose("share the GPUs of a machine among jobs", "compute on a machine that has locks there")


def beside(folder: Path) -> Path:
    """The lock file of a folder."""
    return folder.with_suffix(".lock")


def hold(path: Path, purpose: Purpose) -> TextIO | None:
    """A lock file, open and held by this process and its children.

    Returns:
        None if somebody else holds it, or is just looking whether anybody does.

    Raises:
        UserError: the disk has no locks.
    """
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError as error:
        file.close()
        if error.errno not in _WITHOUT:
            raise
        raise UserError(
            f"{path} lies on a disk without file locks ({error.strerror}), which {purpose.why}. Mount the disk with "
            f"locks (Lustre: the option `flock`, not `localflock`; NFS: with its lock service), or {purpose.advice}."
        ) from None
    return file


def mark(file: TextIO) -> None:
    """Let `holder` see that this process and its children are at work, where the disk has locks and nobody else is."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if not isinstance(error, BlockingIOError) and error.errno not in _WITHOUT:
            raise


def holder(path: Path) -> str | None:
    """What the holder of a lock has written into its file; looking takes no more than a moment and changes nothing.

    Returns:
        None if nobody holds it, `UNKNOWN` where that cannot be known.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().strip() or "unknown"
            except OSError as error:
                if error.errno not in _WITHOUT:
                    raise
                return UNKNOWN
    except PermissionError:
        return UNKNOWN
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    return None


def require(folder: Path, purpose: Purpose) -> None:
    """Find out whether there are file locks in a folder, which is made.

    Raises:
        UserError: there are none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".lock.", dir=folder)
    os.close(handle)
    try:
        hold(Path(name), purpose).close()
    finally:
        Path(name).unlink()
