"""What a result depends on, as canonical JSON, and the fingerprint of it that becomes part of its name.

A spec holds settings, the identity of the data and the code, and the minor versions of the libraries that decide
results. It holds nothing that may change without changing the result: devices, threads, logging, paths, dates.
"""

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def canonical(value: object) -> str:
    """JSON with sorted keys and no whitespace: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(value: object) -> str:
    """Twelve hexadecimal digits that stand for a spec."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:12]


def libraries(*names: str) -> dict[str, str]:
    """The installed minor version of each library, `absent` where there is none."""
    return {name: _minor_version(name) for name in names}


@cache
def _minor_version(name: str) -> str:
    try:
        return ".".join(version(name).split(".")[:2])
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
            scratch = self.file.with_suffix(f".{os.getpid()}")
            # A store may be someone else's to write to, and a disk full: to look at results needs neither.
            with suppress(OSError):
                self.file.parent.mkdir(parents=True, exist_ok=True)
                scratch.write_text(json.dumps(self.known), encoding="utf-8")
                scratch.replace(self.file)
            with suppress(OSError):
                scratch.unlink(missing_ok=True)
            self.changed = False


def _recalled(file: Path, fits: Callable[[object], bool]) -> dict[str, list]:
    """What a memory has that can be used; nothing where it is not there, cut off, or something else."""
    try:
        known = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return {key: value for key, value in known.items() if fits(value)} if isinstance(known, dict) else {}


class FileHashes(Memory):
    """sha256 of files, remembered by path, size and time of change."""

    @staticmethod
    def fits(value: object) -> bool:
        """Whether a value is the state of a file and its sha256."""
        return isinstance(value, list) and len(value) == 2 and isinstance(value[1], str) and len(value[1]) == 64

    def of(self, path: Path) -> str:
        """The sha256 of a file."""
        status = path.stat()
        state = [status.st_size, status.st_mtime_ns]
        key = str(path.resolve())
        known = self.known.get(key)
        return (known if known and known[0] == state else self.learn(key, [state, sha256(path)]))[1]
