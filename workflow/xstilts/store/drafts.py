"""How an entry appears: its files are made beside it, and its manifest is written last."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from xstilts.fingerprints import spec
from xstilts.fingerprints.atomic import clear
from xstilts.paths import SPEC
from xstilts.steps.entry import Entry
from xstilts.store import links, locks
from xstilts.store.entries import ENTRY, MODULES, files_below, size_of
from xstilts.store.jsonfiles import write_json

DRAFT, TRAINING = "files", "training"
"""Why a job has a scratch place: for the files of its entry until they are complete, for the state of a training."""


@dataclass(frozen=True)
class Draft:
    """An entry while it is made: the folder of its files, and what its manifest says beside their hashes."""

    folder: Path
    notes: dict = field(default_factory=dict)


@contextmanager
def publishing(store: Path, entry: Entry) -> Iterator[Draft]:
    """A draft that becomes the entry when the block ends well; the manifest comes last.

    The folder of an experiment leads to each of its reports from then on, whatever becomes of the run.
    """
    draft = Draft(scratch(store, entry, f"{DRAFT}.{os.getpid()}"))
    shutil.rmtree(draft.folder, ignore_errors=True)
    draft.folder.mkdir(parents=True)
    try:
        yield draft
        write_json(draft.folder / SPEC, {**entry.spec, ENTRY: _stands_for(entry)})
        written = {str(file.relative_to(draft.folder)): file for file in files_below(draft.folder)}
        # Some libraries let nobody but the owner read what they write, whatever the umask says.
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


def _stands_for(entry: Entry) -> dict:
    """What an entry stands for and what it is made from, by role."""
    about = {name: value for name, value in asdict(entry.about).items() if value is not None}
    return {"about": about, "inputs": {role: one.path for role, one in entry.inputs.items()}}


def scratch(store: Path, entry: Entry, purpose: str) -> Path:
    """The place where a job keeps what is not part of its entry.

    It lies in the folder of the entry, and so on the same disk, wherever links lead from the store: from there a file
    can be renamed.
    """
    return store / entry.path / f".{purpose}"


def left_behind(store: Path, entry: Entry, purpose: str) -> list[Path]:
    """What jobs keep, or have left, in the scratch places of an entry for a purpose, locks included."""
    return sorted(scratch(store, entry, purpose).parent.glob(f".{purpose}*"))


def lock_file(store: Path, entry: Entry) -> Path:
    """The file that the trainer of an entry holds."""
    return locks.beside(scratch(store, entry, TRAINING))
