"""File locks, which the kernel releases when their holder ends, so that no stale lock can remain.

Not every disk supports them: Lustre requires the mount option `flock`, NFS its lock service. On other disks, work that
requires a lock is refused, since a plain marker file would outlive a holder that was killed.
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
"""The holder of a lock file on a disk without file locks, or of an unreadable one."""

_UNSUPPORTED = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}


@dataclass(frozen=True)
class Purpose:
    """The purpose of a lock, as parts of an error message.

    Args:
        why: what the lock is required for.
        advice: what to do on a disk without file locks.
    """

    why: str
    advice: str


TRAININGS = Purpose("keep two trainings of one model apart", "set `store:` to a folder on another disk")
DEVICES = Purpose("share the GPUs of a machine among jobs", "compute on a machine that has locks there")


def beside(folder: Path) -> Path:
    """The lock file of a folder."""
    return folder.with_suffix(".lock")


def hold(path: Path, purpose: Purpose, shared: bool = False) -> TextIO | None:
    """Lock a file for this process and its children.

    Args:
        path: the file, which is created if it does not exist.
        purpose: what the lock is required for.
        shared: whether others may hold shared locks at the same time.

    Returns:
        The open file, which holds the lock until it is closed; None if another process holds or checks the lock.

    Raises:
        UserError: the disk does not support file locks.
    """
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError as error:
        file.close()
        if error.errno not in _UNSUPPORTED:
            raise
        raise UserError(
            f"{path} is on a disk without file locks ({error.strerror}), which {purpose.why}. Mount the disk with "
            f"locks (Lustre: the option `flock`, not `localflock`; NFS: with its lock service), or {purpose.advice}."
        ) from None
    return file


def mark(file: TextIO) -> None:
    """Lock an open file if possible, so that `holder` finds this process and its children at work."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if not isinstance(error, BlockingIOError) and error.errno not in _UNSUPPORTED:
            raise


def holder(path: Path) -> str | None:
    """The holder of a lock file, without taking the lock.

    Returns:
        The text that the holder has written into the file; None if nobody holds the lock; `UNKNOWN` if the disk does
        not support file locks or the file is not readable.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().strip() or "unknown"
            except OSError as error:
                if error.errno not in _UNSUPPORTED:
                    raise
                return UNKNOWN
    except PermissionError:
        return UNKNOWN
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    return None


def require(folder: Path, purpose: Purpose) -> None:
    """Check that the disk of a folder supports file locks. Creates the folder.

    Raises:
        UserError: the disk does not support file locks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".lock.", dir=folder)
    os.close(handle)
    try:
        if lock := hold(Path(name), purpose):
            lock.close()
    finally:
        Path(name).unlink()
