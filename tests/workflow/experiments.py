"""Experiments on the miniature world, run as a user runs them: by the `snakemake` command in a folder of their own."""

import csv
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml
from snakemake.utils import update_config

from xstilts import experiments, tasks
from xstilts.config import Config, Miniature, parse
from xstilts.grid import Cell, Grid
from xstilts.steps.entry import Entry
from xstilts.store import entries as entries_module

ROOT = Path(__file__).parents[2]
EXAMPLES = 8
WRITTEN = "tatoeba"
"""The task that is read from what the workflow itself writes; the others lie in the folder as released files."""
SIZES = Miniature(train=4 * EXAMPLES, dev=2 * EXAMPLES, test=2 * EXAMPLES, pairs=2 * EXAMPLES)
PRETRAINING = {
    "sentences": 200,
    "hidden_size": 32,
    "layers": 2,
    "heads": 2,
    "max_length": 128,
    "batches": 4,
    "steps": 4,
}
INTERMEDIATES = "anli_plus mnli qqp squad_v1 squad_v2 hellaswag ccg cosmosqa commonsenseqa".split()
PLAIN_TEXT = ("mlm", "tlm")
TRAINED = ("mnli", "squad_v1", "pawsx", "udpos", "panx", "tydiqa")
"""The tasks whose recipe in the shipped configuration is longer than a test should be."""


@dataclass(frozen=True)
class Experiment:
    """A configuration in a folder, and what becomes of it there.

    Args:
        layers: its configuration files in the order of `--configfile`; without them, `file` alone.
    """

    folder: Path
    name: str
    layers: tuple[Path, ...] = ()

    @property
    def file(self) -> Path:
        """The configuration as the user wrote it."""
        return self.folder / f"{self.name}.yaml"

    @property
    def configfiles(self) -> tuple[Path, ...]:
        """All configuration files over the one that is shipped, each over those before it."""
        return self.layers or (self.file,)

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
        for file in self.configfiles:
            update_config(raw, yaml.safe_load(file.read_text(encoding="utf-8")))
        return parse({**raw, "store": str(self.results)})

    def grid(self) -> Grid:
        """All that has to be there when it is done, for the data as they are now."""
        return experiments.open_grid(self.config)

    @property
    def command(self) -> list[str | Path]:
        """The workflow, as it is run on the command line."""
        places = ["--snakefile", ROOT / "Snakefile", "--directory", self.folder, "--configfile", *self.configfiles]
        return [Path(sys.executable).parent / "snakemake", *places, "--cores", "2"]

    def snakemake(self, *options: str) -> subprocess.CompletedProcess:
        """Run the workflow; all that it prints is in `stdout`."""
        command = [*self.command, *options]
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
    finished = {path for path, entry in entries.items() if entries_module.finished(experiment.results, entry)}
    return Attempt(experiment, run.returncode, run.stdout, entries, finished, experiment.files())


def counts(printed: str) -> dict[str, int]:
    """The table of job counts that Snakemake prints."""
    table = re.search(r"^job +count\n[- ]+\n(.*?)^total", printed, re.MULTILINE | re.DOTALL)
    return {name: int(count) for name, count in map(str.split, table[1].splitlines())} if table else {}


def experiment(folder: Path, name: str, intermediates: list[str], targets: list[str]) -> Experiment:
    """An experiment on the miniature world whose files lie in a folder: two languages and the first few examples.

    Its encoder is made by the workflow, and is as good as random.
    """
    config = {
        "experiment": name,
        "source": "release",
        "data": str(folder / "data"),
        "miniature": SIZES.model_dump(),
        "grid": {"encoders": ["tiny"], "intermediates": intermediates, "targets": targets, "seeds": [1]},
        "languages": ["en", "de"],
        "limit": {"train": 4 * EXAMPLES, "dev": EXAMPLES, "test": EXAMPLES},
        "training": {"learning_rate": 0.001, "epochs": 2, "batch_size": 16, "evaluate_every": 4, "dev_examples": 16},
        "encoders": {
            "tiny": {"pretraining": PRETRAINING, "max_length": 128, "retrieval": {"layer": 2, "max_length": 64}}
        },
        "stages": {
            "multitask": {"tasks": ["mnli", "squad_v1"], "epochs": 1},
            "every_task": {"tasks": [*INTERMEDIATES, "mlm", "tlm@de-en"], "epochs": 1},
            **{name: {"epochs": 2, "batch_size": 16} for name in TRAINED},
        },
        "tasks": {
            **{name: {"max_length": 96, "doc_stride": 32, "max_query_length": 24} for name in tasks.names()},
            WRITTEN: {"source": "miniature"},
            **{name: {"source": "miniature", "max_length": 96} for name in PLAIN_TEXT},
        },
    }
    made = Experiment(folder, name)
    made.file.write_text(yaml.safe_dump(config), encoding="utf-8")
    return made
