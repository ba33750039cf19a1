"""What of an experiment is done, what runs, what failed, and why the rest is still to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from xstilts.config import Config
from xstilts.grid import Cell, Grid
from xstilts.inspection import progress
from xstilts.inspection.chains import Chains
from xstilts.store.contents import Contents
from xstilts.store.differences import Differences, Reason, sentence
from xstilts.store.entries import pending
from xstilts.store.locks import UNKNOWN

DONE, RUNNING, FAILED, TO_DO = "done", "running", "failed", "to do"
NEVER = "never run"


@dataclass(frozen=True)
class Group:
    """Cells that are not done for one reason.

    Args:
        text: the reason in words.
        cells: how many.
        entry: the path of the first entry that it gives another name, where there is one.
        instead: the path of the nearest result.
    """

    text: str
    cells: int
    entry: str | None = None
    instead: str | None = None


class State:
    """An experiment and its store at this moment.

    Args:
        grid: its grid over the files and the code that are here now.
    """

    def __init__(self, config: Config, grid: Grid):
        self.config, self.grid = config, grid
        self.pending = pending(config.store, grid)
        failed = {one.entry.path: one for one in progress.failures(self.pending.values())}
        running = {one.entry.path: one for one in progress.running(config, self.pending.values())}
        # Where nobody knows whether a training goes on, its log knows whether it has failed.
        self.running = {path: one for path, one in running.items() if one.holder != UNKNOWN or path not in failed}
        self.failed = {path: one for path, one in failed.items() if path not in self.running}
        self._chains = Chains(self.pending)

    @cached_property
    def differences(self) -> Differences:
        """Compares what is pending with what the store holds."""
        return Differences(self.pending, Contents(self.config.store), self.grid.identity.sameness)

    def of(self, cell: Cell) -> str:
        """Whether a cell is done, running, failed or to do; it failed if anything that it needs has."""
        chain = self._chains.of(cell.scores)
        if not chain:
            return DONE
        if chain & self.failed.keys():
            return FAILED
        return RUNNING if chain & self.running.keys() else TO_DO

    def reasons(self, cell: Cell) -> frozenset[Reason]:
        """The changes because of which a cell is not done; none if it was never run."""
        return self.differences.reasons(cell.scores)

    def cells_behind(self, *paths: str) -> int:
        """The number of cells that need one of some pending entries."""
        return sum(not self._chains.of(cell.scores).isdisjoint(paths) for cell in self.grid.cells)

    def groups(self) -> list[Group]:
        """The reasons for which cells are to do, with the number of cells that each holds up, the most first."""
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
