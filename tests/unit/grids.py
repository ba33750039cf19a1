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
    """An identity without files: everything stands for itself, and `edited` is what has another content."""

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

    def _content(self, name: str) -> str:
        return f"{name}, edited" if name in self.edited else name


def without_fingerprints(text: str) -> str:
    """A path, or a text that holds paths, without the fingerprints in them."""
    return re.sub("~[0-9a-f]{12}", "", text)


def label(entry: Entry) -> str:
    """What an entry is: its step, and the encoder and the stage, target or data set that it is of."""
    parts, encoder = without_fingerprints(entry.path).split("/"), (entry.about.encoder or "")
    match entry.step:
        case "read_task":
            return f"read_task {parts[-1]}"
        case "encode_task":
            return f"encode_task {encoder} {parts[-1]}"
        case "train_stage":
            return f"train_stage {parts[1]} {parts[-2]}"
        case "predict" | "score":
            return f"{entry.step} {parts[1]} {entry.about.task}"
    return f"{entry.step} {encoder}".strip()


def place(entry: Entry) -> tuple[str, str]:
    """What stays the same of an entry when its fingerprints change: of a report, not the name of its experiment."""
    if entry.step in REPORTS:
        return entry.step, ""
    return without_fingerprints(entry.path), (entry.about.encoder or "")


def fingerprints(entry: Entry) -> list[str]:
    """Those on the path of an entry."""
    return re.findall("~[0-9a-f]{12}", entry.path)


def own(entry: Entry) -> tuple[str, str]:
    """What an entry depends on by itself, and not through what it is made from: its spec, and an encoder's files."""
    inputs = {"encoder", "tokenizer", "parent", "model", "predictions"} & entry.inputs.keys()
    of_an_encoder = entry.step in ("encode_task", "train_stage", "predict")
    root = fingerprints(entry)[0] if of_an_encoder and not inputs else ""
    return without_fingerprints(canonical(entry.spec)), root


def by_place(grid: Grid) -> dict[tuple[str, str], Entry]:
    """The entries of a grid."""
    found = {place(entry): entry for entry in grid.entries.values()}
    assert len(found) == len(grid.entries)
    return found


def changed(before: Grid, after: Grid, of: Callable[[Entry], object] = own) -> set[str]:
    """The labels of entries of both grids of which something is another; by default, what each says of itself."""
    one, other = by_place(before), by_place(after)
    return {label(one[key]) for key in one.keys() & other.keys() if of(one[key]) != of(other[key])}


def matching(labels: set[str], *patterns: str) -> set[str]:
    """The labels that one of the patterns stands for; every pattern has to stand for one."""
    found = {pattern: {one for one in labels if fnmatchcase(one, pattern)} for pattern in patterns}
    assert all(found.values()), found
    return set().union(*found.values())


def labels(grid: Grid) -> set[str]:
    """The labels of all entries."""
    return set(map(label, grid.entries.values()))


def assert_names_follow(before: Grid, after: Grid) -> None:
    """An entry has another name where it says something else itself, or is made from what has, and nowhere else."""
    one, other = by_place(before), by_place(after)
    common = one.keys() & other.keys()
    renamed = {key for key in common if fingerprints(one[key]) != fingerprints(other[key])}
    for key in common:
        mine, theirs = one[key], other[key]
        made_from = {role: place(entry) for role, entry in theirs.inputs.items()}
        anew = own(mine) != own(theirs) or made_from != {role: place(entry) for role, entry in mine.inputs.items()}
        anew = anew or any(place(entry) in renamed for entry in theirs.inputs.values())
        assert (key in renamed) == anew, f"{theirs.path} is {'another' if key in renamed else 'the same'} name"
