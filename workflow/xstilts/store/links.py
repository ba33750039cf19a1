"""Links in the folder of an experiment to the reports of its latest configuration."""

import shutil
from pathlib import Path

from xstilts.fingerprints.atomic import replacing
from xstilts.grid import Grid
from xstilts.paths import MANIFEST, SPEC
from xstilts.steps.entry import Entry
from xstilts.store.entries import finished


def show(store: Path, grid: Grid) -> None:
    """Link the folder of the experiment to the finished reports of this configuration, and remove all other links."""
    folder = (store / grid.tables.path).parent
    wanted = {place: target for entry in grid.entries.values() for place, target in _links(store, entry).items()}
    for place in folder.glob("[!.]*"):
        if place.is_symlink() and place not in wanted:
            place.unlink(missing_ok=True)
    for place, target in wanted.items():
        _link(place, target)


def show_report(store: Path, entry: Entry) -> None:
    """Link the folder of the experiment to a finished report; does nothing for other entries."""
    for place, target in _links(store, entry).items():
        _link(place, target)


def _links(store: Path, entry: Entry) -> dict[Path, Path]:
    """The links to the files of a report, as targets by place; empty for unfinished reports and other entries.

    The files of a single target have the same names as those of others, and are not linked.
    """
    if not entry.about.experiment or entry.about.task or not finished(store, entry):
        return {}
    folder = store / entry.path
    shown = (file.name for file in folder.iterdir() if file.name not in (SPEC, MANIFEST) and file.name[0] != ".")
    return {folder.parent / name: Path(folder.name, name) for name in shown}


def _link(place: Path, target: Path) -> None:
    """Create a symbolic link, replacing an earlier one or the folder that a copy of the store has made of it."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    with replacing(place) as link:
        link.symlink_to(target)
