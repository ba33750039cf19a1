"""Removal of scratch files that killed jobs have left behind in finished entries."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from xstilts import bundles
from xstilts.grid import Grid
from xstilts.steps.entry import Entry
from xstilts.store import drafts, entries
from xstilts.store.drafts import lock_file
from xstilts.store.locks import holder


def remove(folder: Path, grid: Grid) -> None:
    """Remove drafts, training states and partial manifests of finished entries, unless a job still locks them.

    Args:
        folder: the folder of the store.
    """
    for entry in grid.entries.values():
        if entries.finished(folder, entry) and not holder(lock_file(folder, entry)):
            for place in _left(folder, entry):
                shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)


def remove_markers(folder: Path, grid: Grid) -> None:
    """Remove the markers of finished bundles."""
    for bundle in bundles.of_grid(grid).values():
        place = folder / bundle.path
        if place.exists() and all(entries.finished(folder, one) for one in bundle.predictions):
            shutil.rmtree(place)
            with suppress(OSError):
                os.removedirs(place.parent)


def _left(folder: Path, entry: Entry) -> Iterator[Path]:
    manifest = folder / entry.manifest
    yield from drafts.left_behind(folder, entry, drafts.TRAINING)
    yield from drafts.left_behind(folder, entry, drafts.DRAFT)
    yield from manifest.parent.glob(f".{manifest.name}.*")
    yield from manifest.parent.glob(f"{manifest.name}.damaged")
