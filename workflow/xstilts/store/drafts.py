"""Atomic creation of entries: files are written to a scratch folder, and the manifest is written last."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from xstilts.fingerprints import spec
from xstilts.fingerprints.atomic import clear
from xstilts.paths import SPEC
from xstilts.steps.entry import Entry
from xstilts.store import links, locks
from xstilts.store.entries import ENTRY, MODULES, files_below, size_of
from xstilts.store.jsonfiles import write_json
from xstilts.store.metadata import metadata

DRAFT, TRAINING = "files", "training"
"""Purposes of scratch folders: the files of an entry until they are complete, and the state of a training."""


@dataclass(frozen=True)
class Draft:
    """An entry that is being created.

    Args:
        folder: the folder for its files.
        notes: further content of its manifest.
    """

    folder: Path
    notes: dict = field(default_factory=dict)


@contextmanager
def publishing(store: Path, entry: Entry) -> Iterator[Draft]:
    """Create an entry: on success of the block, the files of the draft become the entry. The manifest comes last.

    The folder of an experiment then links to each of its reports, whether or not the run succeeds.
    """
    draft = Draft(scratch(store, entry, f"{DRAFT}.{os.getpid()}"))
    shutil.rmtree(draft.folder, ignore_errors=True)
    draft.folder.mkdir(parents=True)
    try:
        yield draft
        write_json(draft.folder / SPEC, {**entry.spec, ENTRY: metadata(entry)})
        written = {str(file.relative_to(draft.folder)): file for file in files_below(draft.folder)}
        # Some libraries write files that only their owner can read, whatever the umask.
        for file in written.values():
            file.chmod((draft.folder / SPEC).stat().st_mode)
        hashes = {name: spec.sha256(file) for name, file in written.items()}
        sizes = {name: size_of(file) for name, file in written.items()}
        for name in hashes:
            final = store / entry.path / name
            final.parent.mkdir(parents=True, exist_ok=True)
            if final.is_dir():
                clear(final)
            (draft.folder / name).replace(final)
        write_json(store / entry.manifest, {**draft.notes, "files": hashes, "sizes": sizes, MODULES: entry.modules})
        links.show_report(store, entry)
    finally:
        shutil.rmtree(draft.folder, ignore_errors=True)


def scratch(store: Path, entry: Entry, purpose: str) -> Path:
    """The folder for files of a job that are not part of its entry.

    It is in the folder of the entry and therefore on the same disk, even if the store contains links to other disks, so
    that files can be moved by renaming.
    """
    return store / entry.path / f".{purpose}"


def left_behind(store: Path, entry: Entry, purpose: str) -> list[Path]:
    """The scratch folders and lock files of an entry for a purpose, whether in use or left behind."""
    return sorted(scratch(store, entry, purpose).parent.glob(f".{purpose}*"))


def lock_file(store: Path, entry: Entry) -> Path:
    """The file that a training locks."""
    return locks.beside(scratch(store, entry, TRAINING))
