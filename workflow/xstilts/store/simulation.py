"""Simulation of additional records of sameness: which results they recover, and which they would lose."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xstilts.config import Config
from xstilts.errors import UserError
from xstilts.experiments import open_grid
from xstilts.fingerprints.sameness import Record
from xstilts.grid import Grid
from xstilts.steps import RESULTS
from xstilts.steps.entry import Entry
from xstilts.store import weights
from xstilts.store.drafts import TRAINING, lock_file, scratch
from xstilts.store.entries import finished, pending
from xstilts.store.locks import holder
from xstilts.store.matches import made_with

FINISHED, TRAINED, INTERRUPTED = "finished", "in training", "interrupted while it was trained"
"""The states of an entry that would be lost by renaming it."""


@dataclass(frozen=True)
class Loss:
    """A result or training that its experiment would no longer find.

    Args:
        experiment: the experiment that uses it.
        entry: the entry under its present name.
        state: `FINISHED`, `TRAINED` or `INTERRUPTED`.
    """

    experiment: str
    entry: Entry
    state: str


@dataclass(frozen=True)
class Refusal:
    """Records that are refused.

    Args:
        records: the records.
        losses: the results and trainings that would be lost with them.
    """

    records: tuple[Record, ...]
    losses: tuple[Loss, ...]


@dataclass(frozen=True)
class Outcome:
    """The state of an experiment with additional records.

    Args:
        records: the records that recover results and lose none.
        pairs: every entry under its present name and under its name with the records.
        found: the pairs that are pending now and finished with the records.
        left: the entries that remain pending, under their present names.
        refused: the records that would lose results.
    """

    records: tuple[Record, ...]
    pairs: list[tuple[Entry, Entry]]
    found: list[tuple[Entry, Entry]]
    left: list[Entry]
    refused: list[Refusal]


class Simulation:
    """Opens the experiments of a store with additional records.

    Args:
        config: the experiment that adopts results.
        grid: its present grid.
    """

    def __init__(self, config: Config, grid: Grid):
        self.config, self.grid, self.store = config, grid, config.store
        self.pending = pending(self.store, grid)
        self._opened: dict[tuple, Grid] = {}

    def settled(self, records: tuple[Record, ...]) -> Outcome:
        """The state of the experiment with those of some records that recover results and lose none.

        Raises:
            UserError: another experiment of the store cannot be opened, or something has changed in the meantime.
        """
        refused: list[Refusal] = []
        while True:
            outcome = self._outcome(records, refused)
            needed = {name for now, _ in outcome.found for name in made_with(now)}
            useful = tuple(record for record in records if record.of in needed)
            refusal = self._refusal(records) if useful == records else None
            if refusal:
                refused.append(refusal)
                useful = tuple(record for record in records if record not in refusal.records)
            if useful == records:
                return outcome
            records = useful

    def everywhere(self, records: tuple[Record, ...]) -> list[tuple[Entry, Entry]]:
        """The entries of all experiments of the store, each under its present name and its name with some records."""
        experiments = self._experiments if records else []
        pairs = (pair for config, now in experiments for pair in _pairs(now, self._then(config, records)))
        return list({now.path: (now, then) for now, then in pairs}.values())

    def _outcome(self, records: tuple[Record, ...], refused: list[Refusal]) -> Outcome:
        then = self._then(self.config, records)
        waiting, pairs = pending(self.store, then), _pairs(self.grid, then)
        here = [(now, one) for now, one in pairs if now.path in self.pending]
        found = [(now, one) for now, one in here if one.path not in waiting and finished(self.store, one)]
        return Outcome(records, pairs, found, [now for now, one in pairs if one.path in waiting], refused)

    def _refusal(self, records: tuple[Record, ...]) -> Refusal | None:
        """The records that would lose results; None if there are none."""
        experiments = self._experiments if records else []
        losses: dict[str, Loss] = {}
        for config, now in experiments:
            for loss in _losses(config, now, self._then(config, records)):
                losses.setdefault(loss.entry.path, loss)
        if not losses:
            return None
        guilty = {name for loss in losses.values() for name in made_with(loss.entry)} & {one.of for one in records}
        if not guilty:
            raise UserError("the code, the data or the store have changed in the meantime; run adopt again.")
        return Refusal(tuple(record for record in records if record.of in guilty), tuple(losses.values()))

    def _then(self, config: Config, records: tuple[Record, ...]) -> Grid:
        """The grid of an experiment with some records."""
        key = (config.experiment, records)
        if key not in self._opened:
            self._opened[key] = open_grid(config, records, creates_store=False)
        return self._opened[key]

    @cached_property
    def _experiments(self) -> list[tuple[Config, Grid]]:
        return [(self.config, self.grid), *weights.others(self.config)]


def _pairs(now: Grid, then: Grid) -> list[tuple[Entry, Entry]]:
    """The entries of a grid under two sets of records, which change their names but not their order."""
    return list(zip(now.entries.values(), then.entries.values(), strict=True))


def _losses(config: Config, now: Grid, then: Grid) -> Iterator[Loss]:
    """The results and trainings of an experiment that additional records would lose."""
    waiting = pending(config.store, then)
    for one, other in _pairs(now, then):
        gone = other.path in waiting or not finished(config.store, other)
        renamed = one.path != other.path and one.step in RESULTS
        if renamed and (state := _state(config.store, one, gone)):
            yield Loss(config.experiment, one, state)


def _state(store: Path, entry: Entry, gone: bool) -> str | None:
    """The state that would be lost if an entry were renamed; None if nothing would be lost.

    Args:
        gone: whether there is no result under the new name.
    """
    if finished(store, entry):
        return FINISHED if gone else None
    if entry.step != "train_stage":
        return None
    if holder(lock_file(store, entry)):
        return TRAINED
    return INTERRUPTED if gone and any(scratch(store, entry, TRAINING).glob("*")) else None
