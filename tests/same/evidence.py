"""Coverage of the jobs of a run: the statements that were executed, and the outcomes of conditions."""

import ast
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from calls import Calls
from changes import Need
from coverage import CoverageData, CoverageException
from definitions import Package
from statements import WITHS, Statement

Arcs = dict[str, set[tuple[int, int]]]
"""Executed pairs (from line, to line) by module; negative numbers are entries and exits of functions."""


@dataclass(frozen=True)
class Evidence:
    """The code that some jobs have executed.

    Args:
        package: the version that they ran.
        calls: the possible calls of its statements.
        arcs: the executed arcs.
    """

    package: Package
    calls: Calls
    arcs: Arcs

    def lacking(self, need: Need) -> str:
        """The part of a need that was not observed; empty if all was."""
        if need.problem:
            return need.problem
        one = need.statement
        if any(self._statements_on[one.module][line] > 1 for line in one.lines):
            return "shares a line with another statement"
        if not self._goes_on(one):
            return "was not executed" if not self._ways_out(one) else "was not executed to its end"
        if need.outcomes and not all(self._outcomes(one)):
            return "was only seen with one outcome"
        return ""

    @cached_property
    def _statements_on(self) -> dict[str, Counter]:
        """The number of statements on each line, by module."""
        modules = self.package.modules.items()
        return {name: Counter(line for one in module.statements for line in one.lines) for name, module in modules}

    def _ways_out(self, one: Statement) -> set[int]:
        """The lines to which execution went from a statement, except lines of its own."""
        own = {*one.lines, *(-line for line in one.lines)}
        return {after for before, after in self.arcs.get(one.module, ()) if before in one.lines} - own

    def _ways_on(self, one: Statement) -> set[int]:
        """The lines to which execution went from a statement without an exception."""
        left = self.calls.owners(one) & self._left_by_errors
        ways = {"body": ("handlers", "finalbody"), "orelse": ("finalbody",), "handlers": ("finalbody",)}
        starts = (start for outer, block in one.around for way in ways.get(block, ()) for start in outer.starts(way))
        caught = {line for start in starts for line in start.lines}
        # Coverage does not distinguish leaving a function by an exception from a return.
        return {way for way in self._ways_out(one) - caught if way > 0 or not left}

    @cached_property
    def _left_by_errors(self) -> set[Hashable]:
        """The functions that may have been left by an exception which a caller caught."""
        found = []
        for name, module in self.package.modules.items():
            inside: dict[int, set[int]] = {}
            for one in module.statements:
                if isinstance(one.node, ast.ExceptHandler) or one.suppresses:
                    whole = one.around[-1][0] if isinstance(one.node, ast.ExceptHandler) else one
                    span = set(range(whole.lines.stop, whole.node.end_lineno + 1))
                    inside.update(dict.fromkeys(one.lines, span - set(one.lines)))
            raised = (before for before, after in self.arcs.get(name, ()) if before in inside.get(after, ()))
            found += [(name, line) for line in raised]
        return self.calls.reached(found)

    def _goes_on(self, one: Statement) -> bool:
        """Whether execution continued after a statement without an exception."""
        ways = self._ways_on(one)
        if isinstance(one.node, WITHS):
            ways = {way for way in ways if not one.lines.start <= way <= one.node.end_lineno}
        for outer in (outer for outer, _ in one.around if isinstance(outer.node, WITHS)):
            # The line of a `with` statement is executed again at its end, with or without an exception.
            if outer.suppresses or not self._goes_on(outer):
                ways -= set(outer.lines)
        return bool(ways)

    def _outcomes(self, one: Statement) -> tuple[bool, bool]:
        """Whether a condition was true, and whether it was false."""
        ways, inside = self._ways_on(one), {line for first in one.starts("body") for line in first.lines}
        return bool(ways & inside), bool(ways - inside)


def measured(folder: Path, package: Package) -> dict[str, Arcs]:
    """The executed arcs of each entry's job, by the name of its coverage data (`measuring/sitecustomize.py`)."""
    found: dict[str, Arcs] = {}
    for file in folder.iterdir():
        data = CoverageData(str(file))
        try:
            data.read()
        except CoverageException:
            # Data of a process that was killed while it saved them; they count as not executed.
            continue
        for entry in file.name.partition(".")[0].split("+"):
            arcs = found.setdefault(entry, {})
            for name, module in package.modules.items():
                arcs.setdefault(name, set()).update(data.arcs(str(module.file)) or ())
    return found


def together(every: Iterable[Arcs]) -> Arcs:
    """The union of the arcs of several jobs."""
    found: Arcs = {}
    for arcs in every:
        for name, lines in arcs.items():
            found.setdefault(name, set()).update(lines)
    return found
