"""The context of a job: its configuration, its store and the entry that it creates."""

from argparse import Namespace
from collections.abc import Iterable
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
    """A job that creates `entry` of `grid`."""

    config: Config
    grid: Grid
    entry: Entry

    def __setstate__(self, state: dict) -> None:
        # A process that is given a job has not read its configuration.
        self.__dict__.update(state)
        experiments.declared(self.config)

    @property
    def store(self) -> Path:
        """The folder of the store."""
        return self.config.store

    def input(self, role: str) -> Path:
        """The folder of an input."""
        return self.store / self.entry.inputs[role].path

    def data(self, split: str | None = None) -> dict[str, Path]:
        """The files with the examples, by `<split>.<lang>`; with `split`, those of the split by language."""
        folder = self.input("data")
        names = sorted(self.entry.inputs["data"].splits)
        parts = {name: split_and_language(name) for name in names}
        if split is None:
            return {name: folder / file_name(*part) for name, part in parts.items()}
        return {lang: folder / file_name(own, lang) for own, lang in parts.values() if own == split}

    def encoder(self) -> Checkpoint:
        """The pretrained encoder of the entry."""
        return self._origin("encoder")

    def tokenizer(self) -> Checkpoint:
        """The tokenizer of the entry's encoder."""
        return self._origin("tokenizer")

    def _origin(self, part: str) -> Checkpoint:
        """An input of the entry if the experiment pretrains the encoder, otherwise the encoder of the configuration."""
        if part in self.entry.inputs:
            return Checkpoint(str(self.input(part)))
        encoder = self.config.encoders[self.entry.about.encoder]
        return Checkpoint(str(encoder.path or encoder.repository), encoder.revision)


def of(arguments: Namespace) -> Job:
    """The job that the command line describes.

    Raises:
        UserError: the entry is not, or no longer, part of the experiment, or a file of one of its inputs is damaged.
    """
    (this,) = planned(arguments.config, [arguments.entry])
    entries.require_intact(this.store, this.entry)
    return this


def planned(file: Path, paths: Iterable[str]) -> list[Job]:
    """The jobs that create some entries, whose inputs are not verified.

    Args:
        file: the configuration.
        paths: the paths of the entries.

    Raises:
        UserError: an entry is not, or no longer, part of the experiment.
    """
    config = experiments.read_whole(file)
    grid = experiments.open_grid(config)
    return [Job(config, grid, entries.planned(grid, path)) for path in paths]
