"""What a result depends on, as canonical JSON, and the fingerprint of it that becomes part of its name.

A spec holds settings, the identity of the data and the code, and the minor versions of the libraries that decide
results. It holds nothing that may change without changing the result: devices, threads, logging, paths, dates.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from xstilts.fingerprints.atomic import replacing


def canonical(value: object) -> str:
    """JSON with sorted keys and no whitespace: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(value: object) -> str:
    """Twelve hexadecimal digits that stand for a spec."""
    # A text of code may hold half of a surrogate pair, which is no UTF-8.
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def leaves(spec: dict, key: tuple[str, ...] = ()) -> dict[tuple[str, ...], object]:
    """The values of a spec by the names above them; a list is a value."""
    found: dict[tuple[str, ...], object] = {}
    for name, value in spec.items():
        found |= leaves(value, (*key, name)) if isinstance(value, dict) and value else {(*key, name): value}
    return found


@cache
def minor_version(library: str) -> str:
    """The installed minor version of a library, `absent` where there is none."""
    try:
        return ".".join(version(library).split(".")[:2])
    except PackageNotFoundError:
        return "absent"


def sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Memory:
    """What was worked out before, so that a second look costs nothing.

    Args:
        file: the JSON file that remembers; it may be deleted at any time, and a broken one is as good as none.
    """

    def __init__(self, file: Path):
        self.file = file
        self.known: dict[str, list] = _recalled(file, self.fits)
        self.changed = False

    @staticmethod
    def fits(value: object) -> bool:
        """Whether something that was read can be what is remembered of a key."""
        return isinstance(value, list)

    def learn(self, key: str, value: list) -> list:
        """Remember the value of a key."""
        self.known[key] = value
        self.changed = True
        return value

    def save(self) -> None:
        """Write down what was learnt, whole or not at all; where that cannot be, it is worked out again next time."""
        if self.changed:
            # A store may be someone else's to write to, and a disk full: to look at results needs neither.
            with suppress(OSError), replacing(self.file) as scratch:
                scratch.write_text(json.dumps(self.known), encoding="utf-8")
            self.changed = False


def _recalled(file: Path, fits: Callable[[object], bool]) -> dict[str, list]:
    """What a memory has that can be used; nothing where it is not there, cut off, or something else."""
    try:
        known = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return {key: value for key, value in known.items() if fits(value)} if isinstance(known, dict) else {}


class FileHashes(Memory):
    """sha256 of files, remembered by path, size, inode and the times of change.

    A file that was changed just before it was hashed may change again without another time of change, as clocks of file
    systems go in steps, and is not remembered.
    """

    def __init__(self, file: Path):
        super().__init__(file)
        self.answers: dict[Path, str] = {}
        """What was said of each file since this look began."""
        self._young: dict[str, list] = {}

    @staticmethod
    def fits(value: object) -> bool:
        """Whether a value is the state of a file and its sha256."""
        return isinstance(value, list) and len(value) == 2 and isinstance(value[1], str) and len(value[1]) == 64

    def of(self, path: Path) -> str:
        """The sha256 of a file."""
        key, status = str(path.resolve()), path.stat()
        state = _state(status)
        remembered = [one for one in (self.known.get(key), self._young.get(key)) if one and one[0] == state]
        self.answers[path] = (remembered[0] if remembered else self._hashed(path, key, status))[1]
        return self.answers[path]

    def forget(self, path: Path) -> None:
        """Hash a file anew at the next look."""
        self.known.pop(str(path.resolve()), None)
        self.changed = True

    def _hashed(self, path: Path, key: str, status: os.stat_result) -> list:
        begun = time.time()
        found = [_state(status), sha256(path)]
        if _is_settled(status, begun) and _state(path.stat()) == found[0]:
            return self.learn(key, found)
        self._young[key] = found
        return found


SETTLED = 60.0
"""Seconds after which a file counts as no longer being changed: more than the step of any clock of a file system (two
seconds), and than clocks of a machine and its file servers differ."""


def _state(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _is_settled(status: os.stat_result, now: float) -> bool:
    """Whether a file was last changed long before a time; one whose date a program has set far ahead may be, too."""
    return now - status.st_ctime > SETTLED and abs(now - status.st_mtime) > SETTLED
