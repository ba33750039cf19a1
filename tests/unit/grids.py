"""Grids without files, and the specs of their entries after changes of settings, files or code."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from xstilts.config import Config, Encoder
from xstilts.fingerprints.spec import canonical, minor_version
from xstilts.grid import Grid
from xstilts.steps import REPORTS
from xstilts.steps.entry import Entry
from xstilts.task import Task


@dataclass(frozen=True)
class Words:
    """An identity without files: names serve as contents, except that those in `edited` have another content."""

    edited: frozenset[str] = frozenset()

    def code(self, role: str) -> str:
        return self._content(role)

    def modules(self, role: str) -> dict[str, str]:
        return {role: self._content(role)}

    def library(self, name: str) -> str:
        return minor_version(name)

    def split(self, task: Task, split: str, lang: str, config: Config) -> dict:
        return {"content": self._content(f"{task.name} {split} {lang}")}

    def encoder(self, name: str, encoder: Encoder) -> dict:
        return {"content": self._content(name)}

    def tokenizer(self, name: str, encoder: Encoder) -> dict:
        return {"content": self._content("tokenizer")}

    def longest(self, encoder: Encoder) -> int | None:
        return None

    def dropout(self, encoder: Encoder) -> float | None:
        return None

    def _content(self, name: str) -> str:
        return f"{name}, edited" if name in self.edited else name


def without_fingerprints(text: str) -> str:
    """A text without the fingerprints of the paths in it."""
    return re.sub("~[0-9a-f]{12}", "", text)


def label(entry: Entry) -> str:
    """A label of an entry: its step, encoder, and stage, target or data set."""
    parts, encoder = without_fingerprints(entry.path).split("/"), (entry.about.encoder or "")
    match entry.step:
        case "read_task" | "perturb_task":
            return f"{entry.step} {parts[-1]}"
        case "encode_task":
            return f"encode_task {encoder} {parts[-1]}"
        case "train_stage":
            return f"train_stage {parts[1]} {parts[-2]}"
        case "predict" | "score":
            return f"{entry.step} {parts[1]} {entry.about.task}"
        case "probe":
            return f"probe {parts[1]} {entry.about.name or 'none'}"
        case "statistics":
            return f"statistics {entry.about.task}"
    return f"{entry.step} {encoder}".strip()


def place(entry: Entry) -> tuple[str, str]:
    """The part of an entry's identity that does not depend on fingerprints or on the name of the experiment."""
    if entry.step in REPORTS:
        return entry.step, entry.about.task
    return without_fingerprints(entry.path), (entry.about.encoder or "")


def fingerprints(entry: Entry) -> list[str]:
    """The fingerprints in the path of an entry."""
    return re.findall("~[0-9a-f]{12}", entry.path)


def own(entry: Entry) -> tuple[str, str]:
    """The direct dependencies of an entry, without those of its inputs: its spec, and the files of an encoder."""
    inputs = {"encoder", "tokenizer", "parent", "model", "predictions"} & entry.inputs.keys()
    of_an_encoder = entry.step in ("encode_task", "train_stage", "predict", "probe")
    root = fingerprints(entry)[0] if of_an_encoder and not inputs else ""
    return without_fingerprints(canonical(entry.spec)), root


def by_place(grid: Grid) -> dict[tuple[str, str], Entry]:
    """The entries of a grid."""
    found = {place(entry): entry for entry in grid.entries.values()}
    assert len(found) == len(grid.entries)
    return found


def changed(before: Grid, after: Grid, of: Callable[[Entry], object] = own) -> set[str]:
    """The labels of entries that differ between two grids, by default in their direct dependencies."""
    one, other = by_place(before), by_place(after)
    return {label(one[key]) for key in one.keys() & other.keys() if of(one[key]) != of(other[key])}


def matching(labels: set[str], *patterns: str) -> set[str]:
    """The labels that match one of the patterns; each pattern must match at least one."""
    found = {pattern: {one for one in labels if fnmatchcase(one, pattern)} for pattern in patterns}
    assert all(found.values()), found
    return set().union(*found.values())


def labels(grid: Grid) -> set[str]:
    """The labels of all entries."""
    return set(map(label, grid.entries.values()))


def assert_names_follow(before: Grid, after: Grid) -> None:
    """An entry is renamed if and only if its direct dependencies differ or one of its inputs is renamed."""
    one, other = by_place(before), by_place(after)
    common = one.keys() & other.keys()
    renamed = {key for key in common if fingerprints(one[key]) != fingerprints(other[key])}
    for key in common:
        mine, theirs = one[key], other[key]
        made_from = {role: place(entry) for role, entry in theirs.inputs.items()}
        anew = own(mine) != own(theirs) or made_from != {role: place(entry) for role, entry in mine.inputs.items()}
        anew = anew or any(place(entry) in renamed for entry in theirs.inputs.values())
        assert (key in renamed) == anew, f"{theirs.path} is {'another' if key in renamed else 'the same'} name"
