"""What jobs that were killed have left behind, beside entries that are finished by now."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from xstilts.grid import Grid
from xstilts.steps.entry import Entry
from xstilts.store import drafts, entries
from xstilts.store.drafts import lock_file
from xstilts.store.locks import holder


def remove(folder: Path, grid: Grid) -> None:
    """Remove drafts, training states and half-written manifests that nobody goes on from.

    Args:
        folder: the store. What a job still holds there, though its entry is finished, is left to it.
    """
    for entry in grid.entries.values():
        if entries.finished(folder, entry) and not holder(lock_file(folder, entry)):
            for place in _left(folder, entry):
                shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)


def _left(folder: Path, entry: Entry) -> Iterator[Path]:
    manifest = folder / entry.manifest
    yield from drafts.left_behind(folder, entry, drafts.TRAINING)
    yield from drafts.left_behind(folder, entry, drafts.DRAFT)
    yield from manifest.parent.glob(f".{manifest.name}.*")
    yield from manifest.parent.glob(f"{manifest.name}.damaged")
