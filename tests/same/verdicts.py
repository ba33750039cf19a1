"""Verdicts on whether roles gave the same results in both runs, and their records."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from changes import BASE, NEW, Comparison, Need
from evidence import Evidence
from runs import Run

from xstilts import tasks
from xstilts.fingerprints.sameness import SHIPPED, Record, Sameness
from xstilts.fingerprints.sourcecode import SourceCode
from xstilts.grid import predictor
from xstilts.steps import REPORTS, RESULTS


@dataclass(frozen=True)
class Verdict:
    """The result of the comparison of a role.

    Args:
        role: the role.
        old: its fingerprint in the base version; None if the base version does not have the role.
        new: its fingerprint in the new version; None if the new version does not have the role.
        problem: why it gets no record; empty if it gets one or needs none.
        shown: the evidence of the runs.
        differs: whether the runs gave different results.
    """

    role: str
    old: str | None
    new: str | None
    problem: str = ""
    shown: str = ""
    differs: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it got no record but a person may explain it."""
        return bool(self.problem and self.old and self.new) and self.old != self.new and not self.differs

    @property
    def is_same(self) -> bool:
        """Whether it needs no record."""
        return self.old == self.new and not self.problem

    def record(self, why: str, by: str) -> Record:
        """The record for its new code.

        Args:
            why: why the change does not affect results.
            by: the evidence for that.
        """
        return Record(self.role, self.new, self.old, why, by)


OBJECTIVES = ("fgm", "pgd", "freelb", "smart", "rdrop", "noise")
PERTURBATIONS = ("typos", "word_order", "mixed_language")


def roles(names: Iterable[str] = tasks.names()) -> set[str]:
    """All roles that a grid of some tasks can use."""
    every = list(map(tasks.load, names))
    return {
        *(f"job.{step}" for step in (*RESULTS, *REPORTS)),
        *(f"task.{task.name}" for task in every),
        *(f"kind.{task.kind}" for task in every),
        *(f"metric.{task.metric}" for task in every if task.metric),
        *(f"predictor.{predictor(task)}" for task in every if task.metric),
        *(f"objective.{method}" for method in OBJECTIVES),
        *(f"perturbation.{form}" for form in PERTURBATIONS),
        "benchmark.xtreme",
    }


def fingerprints() -> dict[str, str]:
    """The fingerprints of all roles for the present code."""
    with TemporaryDirectory() as folder:
        code = SourceCode(Path(folder, "code.json"), Sameness([SHIPPED]))
        return {role: code.fingerprint(role) for role in sorted(roles())}


def as_before(base: Run, now: dict[str, str]) -> list[Record]:
    """The records that give the present code the fingerprints of the base run."""
    pairs = [(role, now[role], base.fingerprint(role)) for role in now]
    return [Record(role, new, old, "for a comparison", "not") for role, new, old in pairs if old not in (None, new)]


def verdicts(base: Run, new: Run, fingerprints: dict[str, str]) -> list[Verdict]:
    """Compare two runs role by role.

    Args:
        base: the run of the base version.
        new: the run of the new version, with the fingerprints of the base version.
        fingerprints: the fingerprints of the new version, by role.
    """
    comparison = None
    found = []
    for role in sorted({*fingerprints, *(role for entry in base.entries for role in entry.code)}):
        old, now = base.fingerprint(role), fingerprints.get(role)
        if old == now or not new.of(role):
            found.append(Verdict(role, old, now, "" if new.of(role) else "no entry of the grid has it"))
            continue
        problem, shown = _compared_files(base.of(role), new.of(role)), ""
        differs = bool(problem)
        if not differs:
            comparison = comparison or Comparison(base.package, new.package)
            modules = {BASE: base.modules(role), NEW: new.modules(role)}
            problem, count = unshown(comparison, modules, {BASE: base.evidence(role), NEW: new.evidence(role)})
            files = sum(len(entry.files) for entry in new.of(role).values())
            shown = f"{files} files of {len(new.of(role))} entries equal; {count} changed statements executed"
        found.append(Verdict(role, old, now, problem, shown, differs))
    return found


def _compared_files(base: dict, new: dict) -> str:
    """A message about the first file in which the entries of two runs differ; empty if there is none."""
    for there, other, lacking in ((base, new, "new"), (new, base, "base")):
        if missing := sorted(there.keys() - other.keys()):
            return f"the {lacking} run has no {missing[0]}"
    for place in sorted(base):
        files = base[place].files, new[place].files
        if differing := sorted(name for name, _ in files[0].items() ^ files[1].items()):
            return f"{new[place].path}/{differing[0]} differs"
    return ""


def unshown(comparison: Comparison, modules: dict[str, set[str]], evidence: dict[str, Evidence]) -> tuple[str, int]:
    """Find out why two runs do not show that code is equivalent.

    Args:
        comparison: the two versions.
        modules: the modules of the code, by version.
        evidence: the executed code, by version.

    Returns:
        The first reason, empty if there is none, and the number of statements that differ.
    """
    files = {version: set() for version in modules}
    for version, names in modules.items():
        for name in names:
            files[version] |= comparison.packages[version].modules[name].files
    if differing := sorted(name for name, _ in files[BASE] ^ files[NEW]):
        return f"{differing[0]}, beside modules, differs", 0
    changes = [change for change in comparison.changes if change.matters(modules)]
    for change in changes:
        if change.problem:
            return f"{_place(change.new.home.file, change.new.nodes[0].lineno)}: {change.problem}", 0
    needs: Iterable[Need] = {need for change in changes for need in change.needs}
    needs = [need for need in needs if not need.where_reached or need.statement.module in modules[need.version]]
    for need in sorted([*needs, *comparison.newly_reached(modules)], key=_order):
        if problem := evidence[need.version].lacking(need):
            file = comparison.packages[need.version].modules[need.statement.module].file
            return f"{_place(file, need.statement.lines.start)} ({need.version}) {problem}", 0
    return "", sum(change.statements for change in changes)


def _order(need: Need) -> tuple:
    return need.last, need.version != NEW, need.statement.module, need.statement.lines.start, need.problem


def _place(file: Path, line: int) -> str:
    parts = file.parts
    return f"{'/'.join(parts[parts.index('workflow') :] if 'workflow' in parts else parts[-2:])}:{line}"
