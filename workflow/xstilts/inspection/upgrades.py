"""Notes on results that a run would repeat although only code, libraries or a default have changed."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from xstilts import tasks
from xstilts.config import Config, Retrieval, Training
from xstilts.fingerprints.sameness import LIBRARY, named
from xstilts.grid import Grid
from xstilts.paths import without_fingerprints
from xstilts.steps.entry import Entry
from xstilts.store.contents import Contents
from xstilts.store.entries import finished
from xstilts.store.matches import Matches, made_with
from xstilts.store.obstacles import Scope

_Settings = TypeVar("_Settings", Retrieval, Training)

_CONTINUED = {
    "train_stage": ("trainings", "`training`"),
    "predict": ("predictions of retrieval targets", "`retrieval` of each encoder"),
}
"""The steps with a precision, each in words, with the block of the configuration that keeps its results."""


def notes(store: Path, grid: Grid, pending: dict[str, Entry]) -> list[str]:
    """Notes on the trainings of an experiment that the store has under other names, and on predictions in float32.

    Args:
        store: the folder of the store.
        grid: the grid of the experiment.
        pending: its pending entries, by path.
    """
    lines = [*_in_float32(store, grid, pending), *_trained(store, grid, pending)]
    return [f"note: {line}" for line in lines]


def _trained(store: Path, grid: Grid, pending: dict[str, Entry]) -> Iterator[str]:
    """Notes on the trainings with other code or libraries."""
    trainings = [entry for entry in pending.values() if entry.step == "train_stage"]
    if not trainings:
        return
    names = {name for entry in grid.entries.values() for name in named(entry.spec)}
    libraries = frozenset(name.removeprefix(LIBRARY) for name in names if name.startswith(LIBRARY))
    matches = Matches(Contents(store), Scope(libraries=libraries), grid.identity.sameness)
    again = {entry.path: found[0] for entry in trainings if (found := matches.of(entry))}
    older = [entry for entry in trainings if any(one.is_too_old for one in matches.results.like(entry.path))]
    of_all = f"of {len(trainings)} trainings of {grid.config.experiment!r} are in {store}"
    if again:
        differing = {
            name
            for match in again.values()
            for name, value in made_with(match.entry).items()
            if match.made_with[name] != value
        }
        yield (
            f"{len(again)} {of_all} under other names, which differ only in {', '.join(sorted(differing))}. If that "
            "does not affect results, adopt them instead of training again (docs/commands.md); `xstilts status` lists "
            "the modules."
        )
    if older:
        yield (
            f"{len(older)} {of_all}, but were made by a version of xstilts without records of sameness "
            "(docs/store.md), and are repeated. Use that version to continue with them."
        )


def _in_float32(store: Path, grid: Grid, pending: dict[str, Entry]) -> Iterator[str]:
    """A note on the results that would be finished if the default of `precision` were float32, and are pending now."""
    waiting = {without_fingerprints(path): entry for path, entry in pending.items() if _has_precision(entry)}
    if not waiting:
        return
    found = {
        without_fingerprints(path)
        for config in _former(grid.config)
        for path, entry in Grid(config, grid.identity).entries.items()
        if path not in grid.entries and _has_precision(entry) and finished(store, entry)
    }
    kept = Counter(entry.step for path, entry in waiting.items() if path in found)
    if not kept:
        return
    every = Counter(entry.step for entry in waiting.values())
    counts = [f"{kept[step]} of {every[step]} {what}" for step, (what, _) in _CONTINUED.items() if kept[step]]
    settings = [setting for step, (_, setting) in _CONTINUED.items() if kept[step]]
    yield (
        f"{' and '.join(counts)} of {grid.config.experiment!r} are in {store} with `precision: fp32`, which was the "
        "default of earlier versions; it is `mixed` now, bfloat16 on GPUs that compute in it. To continue with them, "
        f"set `precision: fp32` under {' and under '.join(settings)} (docs/config.md)."
    )


def _former(config: Config) -> Iterator[Config]:
    """The configuration with float32 in place of `mixed`: for sentence vectors, and for trainings too."""
    encoders = {
        name: encoder.model_copy(update={"retrieval": _float32(encoder.retrieval)})
        for name, encoder in config.encoders.items()
    }
    vectors = config.model_copy(update={"encoders": encoders})
    yield vectors
    yield vectors.model_copy(update={"training": _float32(config.training)})


def _float32(settings: _Settings) -> _Settings:
    return settings.model_copy(update={"precision": "fp32"}) if settings.precision == "mixed" else settings


def _has_precision(entry: Entry) -> bool:
    """Whether the entry is a training, or predictions from sentence vectors."""
    return entry.step == "train_stage" or (entry.step == "predict" and tasks.load(entry.about.task).kind == "retrieval")
