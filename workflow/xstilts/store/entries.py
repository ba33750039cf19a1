"""The store on disk: which entries are finished, how one appears, and what files and code stand for in a spec.

An entry is finished when its manifest is there and every file that it lists has its size. The manifest is written last,
by renaming, and never changed.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from xstilts.errors import UserError, shorten
from xstilts.fingerprints import spec
from xstilts.fingerprints.atomic import clear
from xstilts.grid import Grid
from xstilts.paths import MANIFEST, SPEC
from xstilts.steps.entry import Entry
from xstilts.store.jsonfiles import read_json

WEIGHTS = "model.safetensors"
ENTRY = "entry"
"""What the spec.json of an entry says of it besides its spec, which no fingerprint covers."""
REMOVED = "removed"
MEASURED = "measured"
MODULES = "modules"
"""What a manifest says of the code of its entry: by role, each module with its fingerprint."""


def finished(store: Path, entry: Entry) -> bool:
    """Whether an entry is complete: nothing that was written with its manifest is missing, cut off or swollen."""
    sizes = manifest_of(store, entry).get("sizes", {})
    return bool(sizes) and all(size_of(store / entry.path / name) == size for name, size in sizes.items())


def whole(store: Path, entry: Entry) -> bool:
    """Whether something new can be made from an entry: it is finished, and none of its files was removed since."""
    return finished(store, entry) and not (entry.step == "train_stage" and REMOVED in manifest_of(store, entry))


def noted(store: Path, path: str, name: str, *keys: str) -> dict:
    """What the manifest of a finished entry says under a name.

    Args:
        path: that of the entry.
        keys: what it has to say at least.

    Raises:
        UserError: it says nothing of the kind.
    """
    manifest = store / path / MANIFEST
    note = read_json(manifest).get(name)
    if isinstance(note, dict) and all(key in note for key in keys):
        return note
    what = f" with {' and '.join(map(repr, keys))}" if keys else ""
    raise UserError(
        f"{manifest}: found {shorten(note)}; expected a note on {name!r}{what}. Delete it and start snakemake again, "
        "and it is made anew."
    )


def manifest_of(store: Path, entry: Entry) -> dict:
    """The manifest of an entry; nothing where there is none, or one that no job has written."""
    manifest = read_json(store / entry.manifest)
    sizes, files = manifest.get("sizes"), manifest.get("files")
    fits = isinstance(sizes, dict) and isinstance(files, dict) and SPEC in sizes and sizes.keys() == files.keys()
    return manifest if fits else {}


def size_of(file: Path) -> int | None:
    """The bytes of a file; None where there is none, whatever else may be there."""
    try:
        status = file.stat()
    except PermissionError:
        raise UserError(f"{file} may not be looked at by you; ask its owner for the right to.") from None
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def damaged(store: Path, entry: Entry) -> bool:
    """Whether an entry was finished and is not any more."""
    return os.path.lexists(store / entry.manifest) and not finished(store, entry)


def set_aside(store: Path, entry: Entry) -> None:
    """Rename the manifest of a damaged entry, by which Snakemake would go."""
    aside = store / f"{entry.manifest}.damaged"
    clear(aside)
    (store / entry.manifest).rename(aside)


def require_intact(store: Path, entry: Entry) -> None:
    """Refuse to make an entry from others whose files are not as their jobs wrote them.

    Raises:
        UserError: the first such file.
    """
    for source in entry.inputs.values():
        if finished(store, source) and not whole(store, source):
            raise UserError(
                f"the weights of {store / source.path} were removed since the run was planned (keep_models: false). "
                "Start snakemake again, and they are trained anew."
            )
        for file in altered(store, source):
            raise UserError(
                f"{file} is not as it was written: its sha256 is not the one in {MANIFEST} beside it. "
                f"Delete {store / source.manifest} and start snakemake again, and it is made anew."
            )


def altered(store: Path, entry: Entry) -> Iterator[Path]:
    """The files of an entry whose sha256 is not the one in its manifest, one after the other."""
    for name, sha256 in manifest_of(store, entry).get("files", {}).items():
        file = store / entry.path / name
        if not file.is_file() or spec.sha256(file) != sha256:
            yield file


def pending(store: Path, grid: Grid) -> dict[str, Entry]:
    """What is still to be made, by path: everything that the tables need and that no finished entry stands for.

    A model without its weights is made again where something is to be made from it.
    """
    waiting, found = list(grid.reports), {}
    while waiting:
        entry = waiting.pop()
        if entry.path not in found and not whole(store, entry):
            found[entry.path] = entry
            waiting.extend(entry.inputs.values())
    return found


def files_below(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def planned(grid: Grid, path: str) -> Entry:
    """The entry that a job was started for.

    Raises:
        UserError: the code, the configuration or the data have changed since the run was planned, so that the job would
            put a result under a name that no longer stands for it.
    """
    try:
        return grid.entries[path]
    except KeyError:
        raise UserError(
            f"{path} is not part of this experiment any more: the code, the configuration or the data have changed "
            "since the run was planned. Nothing is lost; start snakemake again."
        ) from None
