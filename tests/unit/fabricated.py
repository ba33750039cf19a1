"""A store without jobs: entries of a grid with invented files, in the format that jobs write."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from xstilts import experiments
from xstilts.config import Config
from xstilts.fingerprints.sameness import FILE, SHIPPED, Sameness
from xstilts.fingerprints.sourcecode import starts
from xstilts.grid import Cell, Grid
from xstilts.sources.identity import FileIdentity
from xstilts.steps.entry import Entry
from xstilts.store.drafts import publishing
from xstilts.task import Task

WORKFLOW = Path(__file__).parents[2] / "workflow"
REPORTS = ("collect", "statistics", "tables", "figures", "page")
"""The steps whose entries belong to one experiment."""

ROWS = 320
WEIGHTS = 1000
SETTINGS = {
    "experiment": "mine",
    "source": "release",
    "languages": ["en", "de"],
    "grid": {
        "encoders": ["toy"],
        "intermediates": ["none", "mnli", "squad_v1/mnli"],
        "targets": ["xnli", "pawsx", "tatoeba"],
        "seeds": [1],
    },
    "encoders": {"toy": {"path": "toy"}},
}
"""Nine cells. The models are mnli, pawsx, mnli/mnli, mnli/pawsx, squad_v1, squad_v1/mnli and its two children."""


class Edited(FileIdentity):
    """The present files and code, except that those in `edited` have another content."""

    def __init__(self, memory: Path, store: Path, edited: frozenset[str]):
        super().__init__(memory, Sameness([SHIPPED, store / FILE]))
        self.edited = edited

    def code(self, role: str) -> str:
        return super().code(role) + self._mark(role)

    def modules(self, role: str) -> dict[str, str]:
        modules = super().modules(role)
        *_, own = starts(role)
        return {**modules, own: modules[own] + self._mark(role)}

    def split(self, task: Task, split: str, lang: str, config: Config) -> dict:
        return {**super().split(task, split, lang, config), "mark": self._mark(f"{task.name} {split} {lang}")}

    def encoder(self, name, encoder) -> dict:
        return {**super().encoder(name, encoder), "mark": self._mark(name)}

    def tokenizer(self, name, encoder) -> dict:
        return {**super().tokenizer(name, encoder), "mark": self._mark("tokenizer")}

    def _mark(self, *names: str) -> str:
        return "".join(sorted(self.edited & set(names)))


class Older(FileIdentity):
    """The present files with older code and libraries.

    Args:
        roles: the roles whose fingerprint, and own module, were different.
        libraries: the older versions of libraries that have changed.
        day: a text that identifies the older code of the roles.
    """

    def __init__(self, memory: Path, store: Path, roles: frozenset[str], libraries: dict[str, str], day: str):
        super().__init__(memory, Sameness([SHIPPED, store / FILE]))
        self.roles, self.libraries, self.day = roles, libraries, day

    def code(self, role: str) -> str:
        return super().code(role) + (self.day if role in self.roles else "")

    def modules(self, role: str) -> dict[str, str]:
        modules = super().modules(role)
        *_, own = starts(role)
        return {**modules, own: modules[own] + self.day} if role in self.roles else modules

    def library(self, name: str) -> str:
        return self.libraries.get(name) or super().library(name)


@dataclass(frozen=True)
class World:
    """The working folder of a user."""

    folder: Path

    @property
    def store(self) -> Path:
        """The store."""
        return self.folder / "results"

    def file(self, name: str = "mine", **changes) -> Path:
        """A configuration as a user writes it."""
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump({**SETTINGS, **changes, "store": str(self.store)}), encoding="utf-8")
        return path

    def config(self, **changes) -> Config:
        """The configuration over the one that is shipped."""
        return experiments.read(self.file(**changes))

    def grid(self, *edited: str, **changes) -> Grid:
        """The grid, while roles of code, splits, encoders or the tokenizer have other contents."""
        return Grid(self.config(**changes), Edited(self.folder / "no memory", self.store, frozenset(edited)))

    def real(self, **changes) -> Grid:
        """The grid that a command sees."""
        records = Sameness([SHIPPED, self.store / FILE])
        return Grid(self.config(**changes), FileIdentity(self.folder / "no memory", records))

    def older(self, *roles: str, libraries: dict[str, str] | None = None, day: str = "old", **changes) -> Grid:
        """The grid that a command saw when some roles of code, or libraries, were others."""
        here = Older(self.folder / "no memory", self.store, frozenset(roles), libraries or {}, day)
        return Grid(self.config(**changes), here)

    def finish(self, entries: Iterable[Entry], text: str = "", **notes) -> None:
        """Let entries be finished."""
        for entry in entries:
            with publishing(self.store, entry) as draft:
                (draft.folder / "content.txt").write_text(f"{entry.step} {text}")
                if entry.step == "train_stage":
                    (draft.folder / "model.safetensors").write_text("w" * WEIGHTS)
                draft.notes.update({name: {"rows": ROWS} for name in _splits(entry)} | notes)

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess:
        """A command, as a user types it in this folder, in which Snakemake is started too.

        The line on standard error that names the store is left out.
        """
        done = self.python("-m", "xstilts", *arguments, "--directory", ".")
        done.stderr = re.sub(f"^store: {re.escape(str(self.store))}.*\n", "", done.stderr)
        return done

    def python(self, *arguments: str | Path) -> subprocess.CompletedProcess:
        """Python in this folder."""
        environment = {**os.environ, "PYTHONPATH": str(WORKFLOW)}
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True, check=False)


def ready_to_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A working folder with an encoder, in which runs may be opened."""
    # A run puts its package and its interpreter in front of others.
    for variable in ("PATH", "PYTHONPATH"):
        monkeypatch.setenv(variable, os.environ.get(variable, ""))
    monkeypatch.chdir(folder)
    (folder / "toy").mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / "toy" / name).write_text("{}", encoding="utf-8")
    return World(folder)


def _splits(entry: Entry) -> list[str]:
    data = {"read_task": entry, "perturb_task": entry, "encode_task": entry.inputs.get("data")}.get(entry.step)
    return data.splits if data else []


def cell(grid: Grid, intermediate: str, target: str) -> Cell:
    """A cell of the first seed."""
    return next(one for one in grid.cells if (one.intermediate, one.target) == (intermediate, target))


def of_step(grid: Grid, *steps: str) -> list[Entry]:
    """The entries of some steps."""
    return [entry for entry in grid.entries.values() if entry.step in steps]
