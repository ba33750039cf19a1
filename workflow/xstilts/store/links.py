"""The folder of an experiment, which leads to the reports of its last configuration."""

import shutil
from pathlib import Path

from xstilts.fingerprints.atomic import replacing
from xstilts.grid import Grid
from xstilts.paths import MANIFEST, SPEC
from xstilts.steps.entry import Entry
from xstilts.store.entries import finished


def show(store: Path, grid: Grid) -> None:
    """Let the folder of the experiment lead to the finished reports of this configuration, and to no others."""
    folder = (store / grid.tables.path).parent
    wanted = {place: target for entry in grid.entries.values() for place, target in _links(store, entry).items()}
    for place in folder.glob("[!.]*"):
        if place.is_symlink() and place not in wanted:
            place.unlink(missing_ok=True)
    for place, target in wanted.items():
        _link(place, target)


def show_report(store: Path, entry: Entry) -> None:
    """Let the folder of the experiment lead to a report that is finished; any other entry has no such folder."""
    for place, target in _links(store, entry).items():
        _link(place, target)


def _links(store: Path, entry: Entry) -> dict[Path, Path]:
    """The links to the files of a report, by place; none to one that is not finished."""
    if not entry.about.experiment or not finished(store, entry):
        return {}
    folder = store / entry.path
    shown = (file.name for file in folder.iterdir() if file.name not in (SPEC, MANIFEST) and file.name[0] != ".")
    return {folder.parent / name: Path(folder.name, name) for name in shown}


def _link(place: Path, target: Path) -> None:
    """A symbolic link in the place of an earlier one, or of what a copy of the store has made of it."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    with replacing(place) as link:
        link.symlink_to(target)
