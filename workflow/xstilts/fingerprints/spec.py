"""Specs as canonical JSON, and their fingerprints, which are part of the names of results.

The spec of a result contains all that the result depends on: settings, the identity of data and code, and the minor
versions of the libraries that determine it. It contains nothing that may change without changing the result, such as
devices, threads, logging, paths of this machine and dates.
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
    """JSON with sorted keys and without whitespace, so that equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(value: object) -> str:
    """The first twelve hexadecimal digits of the SHA-256 of a value's canonical JSON."""
    # Strings in code may contain half of a surrogate pair, which strict UTF-8 rejects.
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def leaves(spec: dict, key: tuple[str, ...] = ()) -> dict[tuple[str, ...], object]:
    """The leaf values of a nested spec, by the keys that lead to them; a list is a leaf."""
    found: dict[tuple[str, ...], object] = {}
    for name, value in spec.items():
        found |= leaves(value, (*key, name)) if isinstance(value, dict) and value else {(*key, name): value}
    return found


@cache
def minor_version(library: str) -> str:
    """The installed minor version of a library; `absent` if it is not installed."""
    try:
        return ".".join(version(library).split(".")[:2])
    except PackageNotFoundError:
        return "absent"


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Memory:
    """A persistent cache of derived values.

    Args:
        file: the JSON file of the cache. It may be deleted at any time; a corrupt file counts as empty.
    """

    def __init__(self, file: Path):
        self.file = file
        self.known: dict[str, list] = _recalled(file, self.fits)
        self.changed = False

    @staticmethod
    def fits(value: object) -> bool:
        """Whether a value that was read from the file is valid."""
        return isinstance(value, list)

    def learn(self, key: str, value: list) -> list:
        """Store the value of a key, and return it."""
        self.known[key] = value
        self.changed = True
        return value

    def save(self) -> None:
        """Write the cache atomically. Errors are ignored: values that were not saved are recomputed next time."""
        if self.changed:
            # Inspecting results must also work on read-only stores and full disks.
            with suppress(OSError), replacing(self.file) as scratch:
                scratch.write_text(json.dumps(self.known), encoding="utf-8")
            self.changed = False


def _recalled(file: Path, fits: Callable[[object], bool]) -> dict[str, list]:
    """The valid values in a cache file; empty if the file is missing or corrupt."""
    try:
        known = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return {key: value for key, value in known.items() if fits(value)} if isinstance(known, dict) else {}


class FileHashes(Memory):
    """SHA-256 of files, cached by path, size, inode and modification times.

    File systems have coarse clocks, so a file that was modified just before it was hashed could be modified again with
    the same modification time. The hashes of such files are not saved.
    """

    def __init__(self, file: Path):
        super().__init__(file)
        self.answers: dict[Path, str] = {}
        """The hashes that this object has returned, by file."""
        self._young: dict[str, list] = {}

    @staticmethod
    def fits(value: object) -> bool:
        """Whether a cached value is the state of a file and its SHA-256."""
        return isinstance(value, list) and len(value) == 2 and isinstance(value[1], str) and len(value[1]) == 64

    def of(self, path: Path) -> str:
        """The SHA-256 of a file."""
        key, status = str(path.resolve()), path.stat()
        state = _state(status)
        remembered = [one for one in (self.known.get(key), self._young.get(key)) if one and one[0] == state]
        self.answers[path] = (remembered[0] if remembered else self._hashed(path, key, status))[1]
        return self.answers[path]

    def forget(self, path: Path) -> None:
        """Remove a file from the cache."""
        self.known.pop(str(path.resolve()), None)
        self.changed = True

    def _hashed(self, path: Path, key: str, status: os.stat_result) -> list:
        begun = time.time()
        found = [_state(status), sha256(path)]
        if is_settled(status, begun) and _state(path.stat()) == found[0]:
            return self.learn(key, found)
        self._young[key] = found
        return found


SETTLED = 60.0
"""Seconds after its last modification from which the hash of a file is cached: more than the resolution of any file
system's clock (two seconds) and the difference between the clocks of a machine and its file servers."""


def _state(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def is_settled(status: os.stat_result, now: float) -> bool:
    """Whether a file was last modified long before `now`, or has a modification time far in the future."""
    return now - status.st_ctime > SETTLED and abs(now - status.st_mtime) > SETTLED
