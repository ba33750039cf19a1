"""The state of an experiment: cells that are done, running, failed or to do, and the reasons why."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from xstilts.config import Config
from xstilts.grid import Cell, Grid
from xstilts.inspection import progress
from xstilts.inspection.chains import Chains
from xstilts.inspection.jobs import Jobs
from xstilts.runtime import termination
from xstilts.steps.entry import Entry
from xstilts.store.contents import Contents
from xstilts.store.differences import Differences, Reason, sentence
from xstilts.store.entries import pending
from xstilts.store.locks import UNKNOWN

DONE, RUNNING, FAILED, TO_DO = "done", "running", "failed", "to do"
NEVER = "never run"


@dataclass(frozen=True)
class Group:
    """Cells that are to do for the same reason.

    Args:
        text: the reason.
        cells: the number of cells.
        entry: the path of the first entry that the reason affects; None if there is none.
        instead: the path of the most similar result; None if there is none.
    """

    text: str
    cells: int
    entry: str | None = None
    instead: str | None = None


class State:
    """The present state of an experiment in its store.

    Args:
        config: the configuration of the experiment.
        grid: its grid for the present files and code.
    """

    def __init__(self, config: Config, grid: Grid):
        self.config, self.grid = config, grid
        self.pending = pending(config.store, grid)
        self.jobs = Jobs(grid, self.pending)
        tried = [*self.pending.values(), *self.jobs.of_bundles.values()]
        failed = {one.entry.path: one for one in self.jobs.last(progress.failures(tried))}
        running = {one.entry.path: one for one in progress.running(config, self.pending.values())}
        # If a training may be running or not, its log shows whether it has failed.
        self.running = {path: one for path, one in running.items() if one.holder != UNKNOWN or path not in failed}
        saved = {one.entry.path: one for one in progress.interrupted(config, self.pending.values())}
        stopped = {path for path, one in failed.items() if path in saved and termination.is_by_signal(one.cause)}
        self.failed = {path: one for path, one in failed.items() if path not in self.running and path not in stopped}
        self.interrupted = {
            path: one for path, one in saved.items() if path not in self.running and path not in self.failed
        }
        self._chains = Chains(self.pending, self.jobs.bundle_of)

    @cached_property
    def differences(self) -> Differences:
        """The differences between the pending entries and the results in the store."""
        return Differences(self.pending, Contents(self.config.store), self.grid.identity.sameness)

    def of(self, cell: Cell) -> str:
        """The state of a cell: `DONE`, `RUNNING`, `FAILED` or `TO_DO`. It has failed if a dependency has."""
        chain = self._chains.of(cell.scores)
        if not chain:
            return DONE
        if chain & self.failed.keys():
            return FAILED
        return RUNNING if chain & self.running.keys() else TO_DO

    def reasons(self, cell: Cell) -> frozenset[Reason]:
        """The changes that invalidated a cell; empty if it was never run."""
        return self.differences.reasons(cell.scores)

    def cells_behind(self, *paths: str) -> int:
        """The number of cells that depend on any of some pending entries."""
        return sum(self._depends(cell.scores, paths) for cell in self.grid.cells)

    def cells_beside(self, *paths: str) -> int:
        """The number of unfinished cells that do not depend on any of some pending entries, but whose predictions share
        a bundle with predictions that do.
        """
        beside = {
            prediction.path
            for bundle in self.jobs.bundles.values()
            if any(self._depends(prediction, paths) for prediction in bundle.predictions)
            for prediction in bundle.predictions
        }
        left = [cell for cell in self.grid.cells if cell.predictions.path in beside and self._chains.of(cell.scores)]
        return sum(not self._depends(cell.scores, paths) for cell in left)

    def _depends(self, entry: Entry, paths: Iterable[str]) -> bool:
        return not self._chains.of(entry).isdisjoint(paths)

    def groups(self) -> list[Group]:
        """The reasons why cells are to do, in descending order of their numbers of cells."""
        reasons: dict[tuple[str, str], set[Reason]] = {}
        cells: dict[tuple[str, str], set[str]] = {}
        never = 0
        for number, cell in enumerate(self.grid.cells):
            if self.of(cell) != TO_DO:
                continue
            found = self.reasons(cell)
            never += not found
            for reason in found:
                key = (reason.change, reason.kind)
                reasons.setdefault(key, set()).add(reason)
                cells.setdefault(key, set()).add(str(number))
        groups = [_group(reasons[key], len(cells[key])) for key in reasons]
        groups += [Group(NEVER, never)] if never else []
        return sorted(groups, key=lambda group: (-group.cells, group.text))


def _group(reasons: Iterable[Reason], cells: int) -> Group:
    reasons = sorted(reasons, key=lambda reason: reason.entry)
    return Group(sentence(reasons), cells, reasons[0].entry, reasons[0].instead)
