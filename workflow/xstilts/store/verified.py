"""Verification of files, each of which is read once on a machine between two boots.

Many jobs have the same inputs, such as an encoder of several gigabytes. A file whose content was verified is remembered
by its device, inode, size and modification times, and the boot of the machine. A change of the file changes one of
these. They are read after the file was opened, when network file systems have checked them with the server.
"""

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

from xstilts.fingerprints.spec import canonical, is_settled

BOOT = Path("/proc/sys/kernel/random/boot_id")


def is_unchanged(file: Path, sha256: str) -> bool:
    """Whether a file has a SHA-256; it is computed unless that was done since the machine booted."""
    memory = _memory()
    with file.open("rb") as opened:
        before, begun = os.fstat(opened.fileno()), time.time()
        key = hashlib.sha256(canonical([_state(before), sha256]).encode()).hexdigest()
        if memory is not None and key in _known(memory):
            return True
        found = hashlib.file_digest(opened, "sha256").hexdigest()
        after = os.fstat(opened.fileno())
    if memory is not None and found == sha256 and _state(after) == _state(before) and is_settled(before, begun):
        _remember(memory, key)
    return found == sha256


def _state(status: os.stat_result) -> list[int]:
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _memory() -> Path | None:
    """The file of this boot of this machine in the user's cache folder, which may be deleted at any time."""
    try:
        boot = BOOT.read_text(encoding="ascii").strip()
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except (OSError, RuntimeError):
        return None
    return cache / "xstilts" / "verified" / boot


def _known(memory: Path) -> list[str]:
    """The keys in a file, one a line; empty if it is missing or corrupt."""
    try:
        return memory.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _remember(memory: Path, key: str) -> None:
    """Append a key. A short line is appended as a whole, whatever other jobs append at the same time."""
    # Without the memory, the file is verified again.
    with suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        with memory.open("a", encoding="ascii") as appended:
            appended.write(f"{key}\n")
