"""What every job begins with: its configuration, its store and the entry that it has to make."""

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from xstilts import experiments
from xstilts.config import Config
from xstilts.grid import Grid
from xstilts.names import split_and_language
from xstilts.sources.checkpoints import Checkpoint
from xstilts.sources.columns import file_name
from xstilts.steps.entry import Entry
from xstilts.store import entries


@dataclass(frozen=True)
class Job:
    """A job: make `entry` of `grid`."""

    config: Config
    grid: Grid
    entry: Entry

    @property
    def store(self) -> Path:
        """The folder of the store."""
        return self.config.store

    def input(self, role: str) -> Path:
        """The folder of an input."""
        return self.store / self.entry.inputs[role].path

    def data(self, split: str | None = None) -> dict[str, Path]:
        """The examples by split and language, or by the languages of a split: what was read, and nothing beside it."""
        folder = self.input("data")
        names = sorted(self.entry.inputs["data"].spec["files"])
        parts = {name: split_and_language(name) for name in names}
        if split is None:
            return {name: folder / file_name(*part) for name, part in parts.items()}
        return {lang: folder / file_name(own, lang) for own, lang in parts.values() if own == split}

    def encoder(self) -> Checkpoint:
        """The pretrained encoder at the root of the entry's path."""
        return self._origin("encoder")

    def tokenizer(self) -> Checkpoint:
        """Where the tokenizer of that encoder lies."""
        return self._origin("tokenizer")

    def _origin(self, part: str) -> Checkpoint:
        """What was made here, or the encoder of the configuration."""
        if part in self.entry.inputs:
            return Checkpoint(str(self.input(part)))
        encoder = self.config.encoders[self.entry.about.encoder]
        return Checkpoint(str(encoder.path or encoder.repository), encoder.revision)


def of(arguments: Namespace) -> Job:
    """The job that the command line asks for.

    Raises:
        UserError: the entry is not, or not any more, part of the experiment, or a file that it is made from is damaged.
    """
    config = experiments.read_whole(arguments.config)
    grid = experiments.open_grid(config)
    entry = entries.planned(grid, arguments.entry)
    entries.require_intact(config.store, entry)
    return Job(config, grid, entry)
