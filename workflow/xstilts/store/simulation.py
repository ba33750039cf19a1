"""What records of sameness would do to a store: which results they find again, and which would lose their names."""

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
"""What can be lost of an entry whose name is another."""


@dataclass(frozen=True)
class Loss:
    """A result, or a training, that would lose its name.

    Args:
        experiment: the experiment that names it.
        entry: what it is now.
        state: what it is: `FINISHED`, `TRAINED` or `INTERRUPTED`.
    """

    experiment: str
    entry: Entry
    state: str


@dataclass(frozen=True)
class Refusal:
    """Records that are not added.

    Args:
        losses: what would be lost by them.
    """

    records: tuple[Record, ...]
    losses: tuple[Loss, ...]


@dataclass(frozen=True)
class Outcome:
    """What an experiment is with some records.

    Args:
        records: those that find something again, and cost nothing.
        pairs: every entry as it is named now, and as it is named with them.
        found: those that are pending now and finished then.
        left: the entries that are still to be made, as they are named now.
        refused: records that would cost a name.
    """

    records: tuple[Record, ...]
    pairs: list[tuple[Entry, Entry]]
    found: list[tuple[Entry, Entry]]
    left: list[Entry]
    refused: list[Refusal]


class Simulation:
    """Opens the experiments of a store with records that it does not have yet.

    Args:
        grid: the experiment that is looked at, as it is now.
    """

    def __init__(self, config: Config, grid: Grid):
        self.config, self.grid, self.store = config, grid, config.store
        self.pending = pending(self.store, grid)
        self._opened: dict[tuple, Grid] = {}

    def settled(self, records: tuple[Record, ...]) -> Outcome:
        """What becomes of the experiment with those of some records that find something again and cost no name.

        Raises:
            UserError: another experiment of the store cannot be opened; something has changed meanwhile.
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
        """The entries of all experiments of the store, each beside what it is with some records."""
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
        """Those records that would cost a name, where there are any."""
        experiments = self._experiments if records else []
        losses: dict[str, Loss] = {}
        for config, now in experiments:
            for loss in _losses(config, now, self._then(config, records)):
                losses.setdefault(loss.entry.path, loss)
        if not losses:
            return None
        guilty = {name for loss in losses.values() for name in made_with(loss.entry)} & {one.of for one in records}
        if not guilty:
            raise UserError("the code, the data or the store have changed meanwhile; run adopt again.")
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
    """The entries of a grid, each beside what it is with more records: these change names, but not their order."""
    return list(zip(now.entries.values(), then.entries.values(), strict=True))


def _losses(config: Config, now: Grid, then: Grid) -> Iterator[Loss]:
    """What an experiment has now and would not have with more records."""
    waiting = pending(config.store, then)
    for one, other in _pairs(now, then):
        gone = other.path in waiting or not finished(config.store, other)
        renamed = one.path != other.path and one.step in RESULTS
        if renamed and (state := _state(config.store, one, gone)):
            yield Loss(config.experiment, one, state)


def _state(store: Path, entry: Entry, gone: bool) -> str | None:
    """What would be lost of an entry that gets another name; None if nothing would.

    Args:
        gone: whether there is no result under the other name.
    """
    if finished(store, entry):
        return FINISHED if gone else None
    if entry.step != "train_stage":
        return None
    if holder(lock_file(store, entry)):
        return TRAINED
    return INTERRUPTED if gone and any(scratch(store, entry, TRAINING).glob("*")) else None
