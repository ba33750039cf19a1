"""What the rules ask: which entries are still to be made, from what, and where everything lies."""

import os
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from xstilts import config as configuration
from xstilts import store
from xstilts.config import Config
from xstilts.errors import UserError
from xstilts.grid import Entry, Grid


class Run:
    """One invocation of the workflow.

    Args:
        raw: the merged configuration, as YAML gives it.
        files: where it came from as Snakemake lists it: those of the command line, then the workflow's own.

    Raises:
        SystemExit: the configuration is not one; the message says why, and no job has been started.
    """

    def __init__(self, raw: Mapping, files: Iterable[Path | str]):
        *given, own = files
        try:
            self.config: Config = configuration.parse(raw, [own, *given])
            self.grid: Grid = store.open_grid(self.config)
        except UserError as error:
            raise SystemExit(f"error: {error}") from None
        # Jobs find this package and this interpreter wherever they start, with or without an activated environment.
        os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    @property
    def config_file(self) -> str:
        """The file in which the jobs find the configuration."""
        return self.path(f"experiments/{self.config.experiment}/config.json")

    @property
    def target(self) -> str:
        """The file that is there when all is done."""
        return self.path(self.grid.tables.manifest)

    @cached_property
    def pending(self) -> dict[str, Entry]:
        """The entries that are still to be made, by path."""
        return store.pending(self.config.store, self.grid)

    @cached_property
    def gpus(self) -> int:
        """The GPUs that a job on a GPU asks for: one, or none on a machine without."""
        return min(1, len(list(Path("/dev").glob("nvidia[0-9]*"))))

    def path(self, entry: str) -> str:
        """The place of an entry on disk."""
        return str(self.config.store / entry)

    def waiting_for(self, step: str) -> str:
        """A pattern of the entries that a step may still make: a finished entry is a file like any other."""
        paths = sorted((path for path, entry in self.pending.items() if entry.step == step), reverse=True)
        return "|".join(map(re.escape, paths)) or "nothing is pending"

    def inputs(self, wildcards) -> list[str]:
        """The manifests of the entries that an entry is made from."""
        return [self.path(entry.manifest) for entry in self.pending[wildcards.entry].inputs.values()]

    def begin(self) -> None:
        """Leave the configuration where the jobs read it.

        Raises:
            SystemExit: the run cannot succeed.
        """
        try:
            store.require_encoders(self.config)
            store.require_counts(self.config, self.grid)
        except UserError as error:
            raise SystemExit(f"error: {error}") from None
        store.write_json(Path(self.config_file), self.config.model_dump(mode="json", exclude_unset=True))
