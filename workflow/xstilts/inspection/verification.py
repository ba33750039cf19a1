"""Verification of files against their recorded hashes: every byte is read, regardless of sizes and dates."""

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
    """The result of a verification.

    Args:
        what: an input file, or an entry of the store.
        problems: the problems found, by file.
    """

    what: Path | Entry
    problems: dict[Path, str]


def inputs(grids: list[Grid]) -> Iterator[Verified]:
    """Verify the input files of grids of one store, including those of encoders.

    The cached hash of a file that differs is removed, so that the next plan uses its present content.
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
        return "" if spec.sha256(path) == sha256 else "has different content, although its size and dates are unchanged"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def entries(store: Path, named: Iterable[Entry]) -> Iterator[Verified]:
    """Verify entries that are, or were, finished."""
    for entry in named:
        if os.path.lexists(store / entry.manifest):
            yield Verified(entry, _problems(store, entry))


def _problems(store: Path, entry: Entry) -> dict[Path, str]:
    try:
        found = {file: "was changed" if file.is_file() else "is missing" for file in altered(store, entry)}
    except OSError as error:
        return {Path(error.filename or store / entry.path): f"cannot be read ({error.strerror})"}
    if not found and damaged(store, entry):
        return {store / entry.manifest: "is truncated"}
    return found
