"""What a run is about to train again although nothing but code or libraries has changed."""

from pathlib import Path

from xstilts.fingerprints.sameness import LIBRARY, named
from xstilts.grid import Grid
from xstilts.steps.entry import Entry
from xstilts.store.contents import Contents
from xstilts.store.matches import Matches, made_with
from xstilts.store.obstacles import Scope


def notes(store: Path, grid: Grid, pending: dict[str, Entry]) -> list[str]:
    """Lines on trainings of a run that the store has under other names.

    Args:
        pending: the entries that the run will make, by path.
    """
    trainings = [entry for entry in pending.values() if entry.step == "train_stage"]
    if not trainings:
        return []
    names = {name for entry in grid.entries.values() for name in named(entry.spec)}
    libraries = frozenset(name.removeprefix(LIBRARY) for name in names if name.startswith(LIBRARY))
    matches = Matches(Contents(store), Scope(libraries=libraries), grid.identity.sameness)
    again = {entry.path: found[0] for entry in trainings if (found := matches.of(entry))}
    older = [entry for entry in trainings if any(one.is_too_old for one in matches.results.like(entry.path))]
    lines = []
    if again:
        differing = {
            name
            for match in again.values()
            for name, value in made_with(match.entry).items()
            if match.made_with[name] != value
        }
        lines.append(
            f"{len(again)} of {len(trainings)} trainings of this run are in {store} under other names, which differ in "
            f"nothing but {', '.join(sorted(differing))}. Where that cannot matter, do not let it train: adopt them "
            "(docs/commands.md); `xstilts status` names the modules."
        )
    if older:
        lines.append(
            f"{len(older)} of {len(trainings)} trainings of this run are in {store}, made by a version of xstilts from "
            "before records of sameness (docs/store.md), and are made again. Use that version to go on with them."
        )
    return [f"note: {line}" for line in lines]
