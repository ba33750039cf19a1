"""The state of entries in the store: finished, damaged or pending.

An entry is finished if its manifest exists and every file listed in it has the listed size. The manifest is written
last and atomically.
"""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from xstilts.errors import UserError, shorten
from xstilts.fingerprints import spec
from xstilts.fingerprints.atomic import clear
from xstilts.grid import Grid
from xstilts.paths import MANIFEST, SPEC
from xstilts.steps.entry import Entry
from xstilts.store import verified
from xstilts.store.jsonfiles import read_json

WEIGHTS = "model.safetensors"
ENTRY = "entry"
"""The key in spec.json with the metadata and inputs of an entry, which are not part of the fingerprint."""
REMOVED = "removed"
MEASURED = "measured"
JOBS_ON_GPU = "jobs_on_gpu"
PRECISION = "precision"
"""The key in the manifest of a model or of predictions with the precision in which they were computed."""
MODULES = "modules"
"""The key in a manifest with the modules of the entry's code and their fingerprints, by role."""


def finished(store: Path, entry: Entry) -> bool:
    """Whether an entry is complete: every file listed in its manifest exists and has the listed size."""
    sizes = manifest_of(store, entry).get("sizes", {})
    return bool(sizes) and all(size_of(store / entry.path / name) == size for name, size in sizes.items())


def whole(store: Path, entry: Entry) -> bool:
    """Whether an entry can be used as an input: it is finished, and its weights have not been removed."""
    return finished(store, entry) and not (entry.step == "train_stage" and REMOVED in manifest_of(store, entry))


def noted(store: Path, path: str, name: str, *keys: str) -> dict:
    """A note in the manifest of a finished entry.

    Args:
        path: the path of the entry.
        name: the key of the note in the manifest.
        keys: the keys that the note must have.

    Raises:
        UserError: the manifest has no such note.
    """
    manifest = store / path / MANIFEST
    note = read_json(manifest).get(name)
    if isinstance(note, dict) and all(key in note for key in keys):
        return note
    what = f" with {' and '.join(map(repr, keys))}" if keys else ""
    raise UserError(
        f"{manifest}: found {shorten(note)}; expected a note on {name!r}{what}. Delete it and start snakemake again "
        "to recompute the entry."
    )


def manifest_of(store: Path, entry: Entry) -> dict:
    """The manifest of an entry; empty if it is missing or invalid."""
    manifest = read_json(store / entry.manifest)
    sizes, files = manifest.get("sizes"), manifest.get("files")
    fits = isinstance(sizes, dict) and isinstance(files, dict) and SPEC in sizes and sizes.keys() == files.keys()
    return manifest if fits else {}


def size_of(file: Path) -> int | None:
    """The size of a regular file in bytes; None if there is none.

    Raises:
        UserError: the user may not access the file.
    """
    try:
        status = file.stat()
    except PermissionError:
        raise UserError(f"{file} is not accessible: permission denied. Ask its owner for access.") from None
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def damaged(store: Path, entry: Entry) -> bool:
    """Whether an entry was finished and no longer is."""
    return os.path.lexists(store / entry.manifest) and not finished(store, entry)


def set_aside(store: Path, entry: Entry) -> None:
    """Rename the manifest of a damaged entry, so that Snakemake does not take it for finished."""
    aside = store / f"{entry.manifest}.damaged"
    clear(aside)
    (store / entry.manifest).rename(aside)


def require_intact(store: Path, entry: Entry) -> None:
    """Verify that the inputs of an entry are unchanged since they were written.

    A file that was verified on this machine since it booted is not read again (`xstilts.store.verified`).

    Raises:
        UserError: the first file that was changed or removed.
    """
    for source in entry.inputs.values():
        if finished(store, source) and not whole(store, source):
            raise UserError(
                f"the weights of {store / source.path} were removed since the run was planned (keep_models: false). "
                "Start snakemake again to retrain the model."
            )
        for file in altered(store, source, verified.is_unchanged):
            raise UserError(
                f"{file} has changed since it was written: its sha256 is not the one in {MANIFEST} beside it. "
                f"Delete {store / source.manifest} and start snakemake again to recompute it."
            )


def _has(file: Path, sha256: str) -> bool:
    return spec.sha256(file) == sha256


def altered(store: Path, entry: Entry, has: Callable[[Path, str], bool] = _has) -> Iterator[Path]:
    """The files of an entry that are missing or whose SHA-256 differs from the one in its manifest.

    Args:
        has: whether a file has a SHA-256; by default, every byte is read.
    """
    for name, sha256 in manifest_of(store, entry).get("files", {}).items():
        file = store / entry.path / name
        if not file.is_file() or not has(file, sha256):
            yield file


def pending(store: Path, grid: Grid) -> dict[str, Entry]:
    """The entries that are still to be computed, by path: all unfinished entries that the reports depend on.

    A model whose weights were removed is pending if another pending entry needs it.
    """
    waiting: list[Entry] = list(grid.reports)
    found: dict[str, Entry] = {}
    while waiting:
        entry = waiting.pop()
        if entry.path not in found and not whole(store, entry):
            found[entry.path] = entry
            waiting.extend(entry.inputs.values())
    return found


def files_below(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def planned(grid: Grid, path: str) -> Entry:
    """The entry of a job.

    Raises:
        UserError: the entry is not part of the grid, because the code, the configuration or the data have changed since
            the run was planned.
    """
    try:
        return grid.entries[path]
    except KeyError:
        raise UserError(
            f"{path} is no longer part of this experiment: the code, the configuration or the data have changed "
            "since the run was planned. Nothing is lost; start snakemake again."
        ) from None
