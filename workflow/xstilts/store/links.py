"""The folder of an experiment, which leads to the reports of its last configuration."""

import shutil
from pathlib import Path

from xstilts.fingerprints.atomic import replacing
from xstilts.grid import Grid
from xstilts.paths import MANIFEST, SPEC
from xstilts.store.entries import finished


def show(store: Path, grid: Grid) -> None:
    """Let the folder of the experiment lead to the reports of this configuration, of all that were made in it."""
    for entry in grid.entries.values():
        if entry.about.experiment and finished(store, entry):
            folder = store / entry.path
            for file in folder.iterdir():
                if file.name not in (SPEC, MANIFEST) and not file.name.startswith("."):
                    _link(folder.parent / file.name, Path(folder.name, file.name))


def hide(store: Path, grid: Grid) -> None:
    """Let the folder of the experiment show no report until one of this configuration is there to be shown."""
    for place in (store / grid.tables.path).parent.glob("*"):
        if place.is_symlink():
            place.unlink()


def _link(place: Path, target: Path) -> None:
    """A symbolic link in the place of an earlier one, or of what a copy of the store has made of it."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    with replacing(place) as link:
        link.symlink_to(target)
