"""Runs the jobs of an experiment one by one in this process."""

import importlib
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import yaml

from xstilts.config import Config, parse
from xstilts.experiments import open_grid
from xstilts.steps.entry import Entry


@dataclass(frozen=True)
class Experiment:
    """A configuration in a folder, with its store and its data below it."""

    folder: Path
    settings: dict

    @property
    def config(self) -> Config:
        """The configuration."""
        places = {"store": str(self.folder / "results"), "data": str(self.folder / "data")}
        return parse({**places, **self.settings})

    def entry(self, step: str, name: str) -> Entry:
        """The one entry of a step with this name, such as `ccg.train` or `mnli`, in its path."""
        entries = open_grid(self.config).entries.values()
        (found,) = (entry for entry in entries if entry.step == step and f"/{name}~" in entry.path)
        return found

    def run(self, step: str, name: str) -> Path:
        """Make this entry; its place on disk."""
        entry, file = self.entry(step, name), self.folder / "config.yaml"
        file.write_text(yaml.safe_dump(self.config.model_dump(mode="json", exclude_unset=True)), encoding="utf-8")
        importlib.import_module(f"xstilts.jobs.{step}").run(Namespace(config=file, entry=entry.path, gpus=1))
        return self.config.store / entry.path
