"""Notes on trainings that a run would repeat although only code, libraries or a default have changed."""

from pathlib import Path

from xstilts.fingerprints.sameness import LIBRARY, named
from xstilts.grid import Grid
from xstilts.steps.entry import Entry
from xstilts.store.contents import Contents
from xstilts.store.entries import finished
from xstilts.store.matches import Matches, made_with
from xstilts.store.obstacles import Scope


def notes(store: Path, grid: Grid, pending: dict[str, Entry]) -> list[str]:
    """Notes on the trainings of a run that the store has under other names.

    Args:
        store: the folder of the store.
        grid: the grid of the experiment.
        pending: the pending entries of the run, by path.
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
    if in_float32 := _in_float32(store, grid):
        lines.append(
            f"{in_float32} of {len(trainings)} trainings of this run are in {store} with `precision: fp32`, which was "
            "the default of earlier versions; it is `mixed` now, bfloat16 on GPUs that compute in it. To continue with "
            "them, set `precision: fp32` under `training`, and under `retrieval` of each encoder for the predictions "
            "of retrieval targets (docs/config.md)."
        )
    if again:
        differing = {
            name
            for match in again.values()
            for name, value in made_with(match.entry).items()
            if match.made_with[name] != value
        }
        lines.append(
            f"{len(again)} of {len(trainings)} trainings of this run are in {store} under other names, which differ "
            f"only in {', '.join(sorted(differing))}. If that does not affect results, adopt them instead of training "
            "again (docs/commands.md); `xstilts status` lists the modules."
        )
    if older:
        lines.append(
            f"{len(older)} of {len(trainings)} trainings of this run are in {store}, but were made by a version of "
            "xstilts without records of sameness (docs/store.md), and are repeated. Use that version to continue with "
            "them."
        )
    return [f"note: {line}" for line in lines]


def _in_float32(store: Path, grid: Grid) -> int:
    """The number of trainings that would be finished if the default of `precision` were float32, and are not now."""
    config = grid.config
    if config.training.precision != "mixed":
        return 0
    before = config.training.model_copy(update={"precision": "fp32"})
    entries = Grid(config.model_copy(update={"training": before}), grid.identity).entries
    return sum(
        entry.step == "train_stage" and entry.path not in grid.entries and finished(store, entry)
        for entry in entries.values()
    )
