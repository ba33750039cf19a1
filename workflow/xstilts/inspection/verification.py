"""Whether files are what is known of them: every byte is read again, whatever sizes and dates say."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xstilts.fingerprints import spec
from xstilts.grid import Grid
from xstilts.steps.entry import Entry
from xstilts.store.entries import altered, damaged


@dataclass(frozen=True)
class Verified:
    """What has been read.

    Args:
        what: an input file, or an entry of the store.
        problems: files that are not as they should be, and what is wrong with them.
    """

    what: Path | Entry
    problems: dict[Path, str]


def inputs(grids: list[Grid]) -> Iterator[Verified]:
    """The files from which grids of one store are made, those of encoders included.

    What is remembered of a file that differs is forgotten, so that the next plan sees its content.
    """
    known = {path: sha256 for grid in grids for path, sha256 in grid.identity.hashes.answers.items()}
    hashes = grids[0].identity.hashes
    for path, sha256 in known.items():
        if problem := _problem(path, sha256):
            hashes.forget(path)
            hashes.save()
        yield Verified(path, {path: problem} if problem else {})


def _problem(path: Path, sha256: str) -> str:
    try:
        return "" if spec.sha256(path) == sha256 else "has another content than was known, and the same size and dates"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def entries(store: Path, named: Iterable[Entry]) -> Iterator[Verified]:
    """Those of some entries that are finished, or were."""
    for entry in named:
        if os.path.lexists(store / entry.manifest):
            yield Verified(entry, _problems(store, entry))


def _problems(store: Path, entry: Entry) -> dict[Path, str]:
    try:
        found = {file: "is not as it was written" if file.is_file() else "is gone" for file in altered(store, entry)}
    except OSError as error:
        return {Path(error.filename or store / entry.path): f"cannot be read ({error.strerror})"}
    if not found and damaged(store, entry):
        return {store / entry.manifest: "was cut off"}
    return found
