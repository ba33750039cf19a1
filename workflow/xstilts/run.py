"""What the rules ask: which entries are still to be made, from what, and where everything lies."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from itertools import dropwhile, takewhile
from pathlib import Path
from types import MappingProxyType

from xstilts import config as configuration
from xstilts import experiments
from xstilts.config import Config
from xstilts.errors import UserError
from xstilts.fingerprints import sourcecode, spec
from xstilts.grid import Grid
from xstilts.inspection import failures, upgrades
from xstilts.inspection.state import State
from xstilts.runtime import devices, streams
from xstilts.steps.entry import Entry
from xstilts.store import entries, jsonfiles, leftovers, links, locks, warned, weights

SNAKEMAKE = (9, 27), (10,)
"""The oldest version of Snakemake whose internals are those that the rules use, and the first that may have others."""


def require_snakemake(version: str) -> None:
    """Refuse a version of Snakemake whose internals may be others than those that the rules use.

    Raises:
        SystemExit: it is none of `SNAKEMAKE`.
    """
    oldest, first_other = SNAKEMAKE
    if not oldest <= tuple(map(int, re.findall(r"\d+", version)[:2])) < first_other:
        wanted = f">={'.'.join(map(str, oldest))},<{'.'.join(map(str, first_other))}"
        raise SystemExit(f"error: found Snakemake {version}, expected {wanted}. Run: pip install 'snakemake{wanted}'")


class Run:
    """One invocation of the workflow.

    Args:
        raw: the merged configuration, as YAML gives it.
        files: where it came from as Snakemake lists it: those of the command line, then the workflow's own. None where
            no file holds it.
        command_line: what `--config` has laid over the files; part of `raw` already.

    Raises:
        SystemExit: the configuration is not one; the message says why, and no job has been started.
    """

    def __init__(self, raw: Mapping, files: Iterable[Path | str], command_line: Mapping = MappingProxyType({})):
        streams.make_safe()
        files = list(files)
        try:
            self.config: Config = configuration.parse(raw, [*files[-1:], *files[:-1]], command_line)
            self.grid: Grid = experiments.open_grid(self.config)
        except UserError as error:
            raise SystemExit(f"error: {error}") from None
        self.begun = 0.0
        self._prepared = False
        # A plan can be made of a store in which nothing can be written.
        with suppress(OSError, UserError):
            self._write_config()
        # Jobs open their files, and those of their libraries, in UTF-8 under any locale.
        os.environ["PYTHONUTF8"] = "1"
        # Jobs find this package and this interpreter wherever they start, with or without an activated environment.
        if _is_source_tree(sourcecode.ROOT):
            _put_first("PYTHONPATH", sourcecode.ROOT)
        _put_first("PATH", Path(sys.executable).parent)

    @cached_property
    def config_file(self) -> str:
        """The file in which the jobs find the configuration; it has another name for another configuration."""
        return self.path(f"configs/{self.config.experiment}-{spec.fingerprint(self._content)}.json")

    @property
    def last_config_file(self) -> str:
        """The file with the configuration of the last run, which commands take and other experiments read."""
        return self.path(f"experiments/{self.config.experiment}/config.json")

    @cached_property
    def _content(self) -> dict:
        return self.config.model_dump(mode="json", exclude_unset=True)

    @property
    def targets(self) -> list[str]:
        """The files that are there when all is done."""
        return [self.path(entry.manifest) for entry in self.grid.reports]

    @cached_property
    def pending(self) -> dict[str, Entry]:
        """The entries that are still to be made, by path."""
        return entries.pending(self.config.store, self.grid)

    def require_no_prefix(self, moved: Callable[[str], str]) -> None:
        """Refuse a module whose files Snakemake would expect elsewhere than the jobs write them.

        Args:
            moved: what Snakemake makes of a path.

        Raises:
            SystemExit: `prefix:` or `replace_prefix:` of the module moves the store or the logs.
        """
        for path in (self.path("data"), "logs/data"):
            if moved(path) != path:
                problem = f"`prefix:` or `replace_prefix:` of the module turns {path} into {moved(path)}"
                raise SystemExit(f"error: {problem}. Remove it, and set `store:` in the configuration of the module.")

    def prepare(self, workflow) -> None:
        """Begin the run when Snakemake asks for the inputs of the first job, and have it rebuild what is damaged.

        Snakemake calls no `onstart:` of a module. When it asks for inputs, it knows whether the plan will be run.

        Args:
            workflow: Snakemake's own object.

        Raises:
            SystemExit: the run cannot succeed.
        """
        if self._prepared:
            return
        self._prepared = True
        # Snakemake takes a damaged entry for finished, and may have looked at its files already.
        workflow.dag.forcefiles.update(self.damaged())
        runs = workflow.executor_plugin is not None and not workflow.dryrun
        if runs and not (workflow.remote_exec or workflow.subprocess_exec):
            self.begin()

    def damaged(self) -> list[str]:
        """The manifests of the entries that were finished and are not any more."""
        found = [entry for entry in self.pending.values() if entries.damaged(self.config.store, entry)]
        what = "has lost a file or a part of one since it was finished; it is made again."
        for entry in found:
            print(f"{self.path(entry.path)} {what}", file=sys.stderr)
        return [self.path(entry.manifest) for entry in found]

    @cached_property
    def gpus(self) -> int:
        """The GPUs that a job on a GPU asks for: one, or none on a machine without."""
        return min(1, len(self.devices))

    def processes(self, wildcards) -> int:
        """The processes that train a stage together."""
        stage = wildcards.entry.split("/")[-2].partition("~")[0]
        return self.config.stage(stage).gpus

    def gpus_together(self, wildcards) -> int:
        """The GPUs that a training asks for: one for each of its processes, or none on a machine without."""
        return self.processes(wildcards) * self.gpus

    @cached_property
    def devices(self) -> list[str]:
        """The GPUs of this machine that a run may use at once."""
        return devices.visible()

    def path(self, entry: str) -> str:
        """The place of an entry on disk."""
        return str(self.config.store / entry)

    def has_made(self, arguments: Iterable[str]) -> bool:
        """Whether the jobs for which Snakemake was called on a node are finished entries, all of them.

        A cluster may start a job again that had done its work: because it lost sight of it, or ended it while it was
        leaving.

        Args:
            arguments: the command line, with `--target-jobs <rule>:entry=<entry>` for each job.
        """
        after = list(dropwhile(lambda argument: argument != "--target-jobs", arguments))[1:]
        jobs = takewhile(lambda argument: not argument.startswith("--"), after)
        found = [self.grid.entries.get(job.partition(":entry=")[2]) for job in jobs]
        return bool(found) and all(entry and entries.finished(self.config.store, entry) for entry in found)

    def waiting_for(self, step: str) -> str:
        """A pattern of the entries that a step may still make: a finished entry is a file like any other.

        Fingerprints are left open where the names tell all entries of the step apart, so that encoders look alike.
        """
        paths = [path for path, entry in self.pending.items() if entry.step == step]
        everything = [path for path, entry in self.grid.entries.items() if entry.step == step]
        if not paths:
            return "nothing is pending"
        if len(set(map(_without_fingerprints, everything))) < len(everything):
            return alternatives(paths)
        return alternatives(map(_without_fingerprints, paths)).replace(r"\~", r"\~\w+")

    def inputs(self, wildcards, role: str) -> list[str]:
        """The manifests of the inputs of an entry that have a role, and the weights that are still to be trained.

        Args:
            role: `features` stands for `features.mnli` too, and `cells` for all below that folder.
        """
        inputs = entries.planned(self.grid, wildcards.entry).inputs
        found = [entry for name, entry in inputs.items() if re.split("[./]", name)[0] == role]
        models = [entry for entry in found if entry.step == "train_stage" and entry.path in self.pending]
        weights = [f"{entry.path}/{entries.WEIGHTS}" for entry in models]
        return [self.path(file) for file in (*(entry.manifest for entry in found), *weights)]

    def begin(self) -> None:
        """Leave the configuration of the run to commands and other experiments, and show no report of an earlier one.

        Raises:
            SystemExit: the run cannot succeed.
        """
        try:
            experiments.require_encoders(self.config)
            warned.require_counts(self.config, self.grid)
            if any(entry.step == "train_stage" for entry in self.pending.values()):
                locks.require(self.config.store / "models", locks.TRAININGS)
            self._write_config()
        except UserError as error:
            raise SystemExit(f"error: {error}") from None
        except OSError as error:
            problem = f"{error.filename or self.config.store} cannot be used: {error.strerror}"
            raise SystemExit(f"error: {problem}. Is it a folder, and is its disk mounted?") from None
        for note in self._notes():
            print(note, file=sys.stderr)
        for entry in self.pending.values():
            if entries.damaged(self.config.store, entry):
                entries.set_aside(self.config.store, entry)
        self.show()
        # By the clock of the disk on which the logs are dated too.
        self.begun = Path(self.last_config_file).stat().st_mtime

    def _notes(self) -> list[str]:
        """What to say of trainings that are made again; a store that cannot be searched for them stops no run."""
        try:
            return upgrades.notes(self.config.store, self.grid, self.pending)
        except (OSError, UserError) as error:
            return [f"note: whether trainings of this run are there under other names cannot be seen: {error}"]

    def tidy(self) -> None:
        """Remove what killed jobs have left behind."""
        leftovers.remove(self.config.store, self.grid)

    def discard(self) -> None:
        """Delete the weights of models that have served, if the configuration does not keep them."""
        weights.delete_unneeded_weights(self.config, self.grid, self.grid.entries.values())

    def failures(self) -> str:
        """What failed since the run began and why, in one screen."""
        return failures.summary(State(self.config, self.grid), self.begun)

    def show(self) -> None:
        """Let the folder of the experiment show this configuration and its finished reports."""
        jsonfiles.write_json(Path(self.last_config_file), self._content)
        links.show(self.config.store, self.grid)

    def show_if_finished(self) -> None:
        """Do what a run does in its end where there is nothing to run, as after the undoing of an edit."""
        if not self.pending:
            # A store in which nothing can be written may be looked at.
            with suppress(OSError):
                self.show()
                self.tidy()

    def _write_config(self) -> None:
        """Leave the configuration to the jobs; jobs of other plans may read the same file, so it is not touched."""
        file = Path(self.config_file)
        if jsonfiles.read_json(file) != self._content:
            jsonfiles.write_json(file, self._content)


def _is_source_tree(folder: Path) -> bool:
    """Whether nothing but this package is found by a folder: others may be installed beside an installed one."""
    return not any(folder.glob(f"{sourcecode.PACKAGE}-*.dist-info"))


def _put_first(variable: str, folder: Path) -> None:
    """Let a search path of the environment begin with a folder."""
    others = os.environ.get(variable, "").split(os.pathsep) if os.environ.get(variable) else []
    os.environ[variable] = os.pathsep.join([str(folder), *(other for other in others if other != str(folder))])


def _without_fingerprints(path: str) -> str:
    return re.sub("~[0-9a-f]+", "~", path)


def alternatives(paths: Iterable[str]) -> str:
    """A regular expression of some paths.

    Folders in which the same lies stand there together, once: Snakemake goes through the pattern for every file of
    every job, so that with a list of all paths the time would grow with the square of the grid.
    """
    below: dict[str, list[str]] = {}
    for path in paths:
        name, _, rest = path.partition("/")
        below.setdefault(name, []).append(rest)
    alike: dict[str, list[str]] = {}
    for name, rests in sorted(below.items()):
        alike.setdefault(f"/{alternatives(rests)}" if any(rests) else "", []).append(re.escape(name))
    return _any(f"{_any(names)}{rest}" for rest, names in alike.items())


def _any(patterns: Iterable[str]) -> str:
    patterns = list(patterns)
    return patterns[0] if len(patterns) == 1 else f"(?:{'|'.join(patterns)})"
