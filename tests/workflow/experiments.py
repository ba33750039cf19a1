"""Experiments on the toy world, run as a user runs them: by the `snakemake` command in a folder of their own."""

import csv
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml
from generate import configuration
from snakemake.utils import update_config

from xstilts import store
from xstilts.config import Config, parse
from xstilts.grid import Cell, Entry, Grid

ROOT = Path(__file__).parents[2]
EXAMPLES = 8
MINIATURE = "tatoeba"


@dataclass(frozen=True)
class Experiment:
    """A configuration in a folder, and what becomes of it there."""

    folder: Path
    name: str

    @property
    def file(self) -> Path:
        """The configuration as the user wrote it."""
        return self.folder / f"{self.name}.yaml"

    @property
    def results(self) -> Path:
        """The store."""
        return self.folder / "results"

    @property
    def reports(self) -> Path:
        """The experiment's own folder."""
        return self.results / "experiments" / self.name

    @cached_property
    def config(self) -> Config:
        """The configuration over the one that is shipped, with a store that is found from everywhere."""
        raw = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
        update_config(raw, yaml.safe_load(self.file.read_text(encoding="utf-8")))
        return parse({**raw, "store": str(self.results)})

    def grid(self) -> Grid:
        """All that has to be there when it is done, for the data as they are now."""
        return store.open_grid(self.config)

    def snakemake(self, *options: str) -> subprocess.CompletedProcess:
        """Run the workflow; all that it prints is in `stdout`."""
        places = ["--snakefile", ROOT / "Snakefile", "--directory", self.folder, "--configfile", self.file]
        command = [Path(sys.executable).parent / "snakemake", *places, "--cores", "2", *options]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Time of change and content of every file of every entry, finished or not, by its path below the store."""
        places = (folder for folder in ("data", "features", "models", "cells") for folder in [self.results / folder])
        found = (path for place in places for path in place.rglob("*") if path.is_file())
        return {str(path.relative_to(self.results)): (path.stat().st_mtime_ns, path.read_bytes()) for path in found}

    def predictions(self, cell: Cell) -> Path:
        """The folder of the prediction files of a cell."""
        return self.results / cell.predictions.path / "predictions" / cell.target

    def scores(self) -> dict[tuple[str, ...], float]:
        """The collected scores by intermediate, target, language and metric."""
        with (self.reports / "scores.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        keys = ("intermediate", "target", "language", "metric")
        return {tuple(row[key] for key in keys): float(row["value"]) for row in rows}


@dataclass(frozen=True)
class Attempt:
    """A run, and what was there when it ended.

    Args:
        printed: all that snakemake said.
        entries: the entries that the experiment had at that time.
        finished: the paths of those that were finished.
    """

    experiment: Experiment
    status: int
    printed: str
    entries: dict[str, Entry]
    finished: set[str]
    files: dict[str, tuple[int, bytes]]


def attempt(experiment: Experiment) -> Attempt:
    """Run an experiment, whatever comes of it."""
    run, entries = experiment.snakemake(), experiment.grid().entries
    finished = {path for path, entry in entries.items() if store.finished(experiment.results, entry)}
    return Attempt(experiment, run.returncode, run.stdout, entries, finished, experiment.files())


def experiment(folder: Path, name: str, intermediates: list[str], targets: list[str]) -> Experiment:
    """An experiment on the toy world that lies in a folder: two languages and the first few examples.

    Its `MINIATURE` target is read from what the workflow itself writes.
    """
    config = configuration(folder)
    limit = {"train": 4 * EXAMPLES, "dev": EXAMPLES, "test": EXAMPLES}
    config |= {"experiment": name, "languages": ["en", "de"], "limit": limit}
    config["miniature"] = dict.fromkeys(("train", "dev", "test", "pairs"), 2 * EXAMPLES)
    config["tasks"][MINIATURE] = {"source": "miniature"}
    config["grid"] |= {"intermediates": intermediates, "targets": targets}
    made = Experiment(folder, name)
    made.file.write_text(yaml.safe_dump(config), encoding="utf-8")
    return made
