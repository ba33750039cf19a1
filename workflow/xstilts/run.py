"""The interface of the rules: pending entries, their inputs, and their paths."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from itertools import dropwhile, takewhile
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from xstilts import config as configuration
from xstilts import experiments, recipes
from xstilts.config import Config
from xstilts.errors import UserError
from xstilts.fingerprints import sourcecode, spec
from xstilts.grid import Grid
from xstilts.inspection import failures, upgrades
from xstilts.inspection.jobs import Jobs
from xstilts.inspection.state import State
from xstilts.paths import without_fingerprints
from xstilts.patterns import alternatives
from xstilts.runtime import bundle, cpu, devices, forkserver, sharing, streams
from xstilts.steps.entry import Entry
from xstilts.store import entries, jsonfiles, leftovers, links, locks, warned, weights

if TYPE_CHECKING:
    from snakemake.workflow import Workflow

SNAKEMAKE = (9, 27), (10,)
"""The supported versions of Snakemake, on whose internals the rules rely: the oldest, and the first unsupported one."""


FORKED = ("read_task", "perturb_task", "encode_task", "train_stage", "predict", "score", "probe", "statistics")
"""The steps of which a run has many jobs, which start as forks if `fork_server` is set."""

_SEVERAL = 4
"""The number of such jobs from which a server saves time."""


class Wildcards(Protocol):
    """The wildcards of a job, all of which have `{entry}`."""

    entry: str


def require_snakemake(version: str) -> None:
    """Check the version of Snakemake.

    Raises:
        SystemExit: the version is not within `SNAKEMAKE`.
    """
    oldest, first_other = SNAKEMAKE
    if not oldest <= tuple(map(int, re.findall(r"\d+", version)[:2])) < first_other:
        wanted = f">={'.'.join(map(str, oldest))},<{'.'.join(map(str, first_other))}"
        raise SystemExit(f"error: found Snakemake {version}, expected {wanted}. Run: pip install 'snakemake{wanted}'")


class Run:
    """One invocation of the workflow.

    Args:
        raw: the merged configuration, as parsed from YAML.
        files: the configuration files in the order of Snakemake: those of the command line, then that of the workflow.
            Empty if the configuration is not from files.
        command_line: the values of `--config`, which `raw` contains already.
        on_node: whether Snakemake runs jobs that a scheduler has started, to which it has given GPUs.

    Raises:
        SystemExit: the configuration is invalid.
    """

    def __init__(
        self,
        raw: Mapping,
        files: Iterable[Path | str],
        command_line: Mapping = MappingProxyType({}),
        on_node: bool = False,
    ):
        streams.make_safe()
        files = list(files)
        self.on_node = on_node
        try:
            given = configuration.parse(raw, [*files[-1:], *files[:-1]], command_line)
            self.config: Config = experiments.declared(given)
            self.grid: Grid = experiments.open_grid(self.config)
            if self.config.reproducible_cpu:
                cpu.pin()
        except UserError as error:
            raise SystemExit(f"error: {error}") from None
        self.begun = 0.0
        self._prepared = False
        # Planning works on a read-only store too.
        with suppress(OSError, UserError):
            self._write_config()
        # Jobs and their libraries open files as UTF-8 in any locale.
        os.environ["PYTHONUTF8"] = "1"
        # Jobs find this package and interpreter in any folder, even if no environment is activated.
        if _is_source_tree(sourcecode.ROOT):
            _put_first("PYTHONPATH", sourcecode.ROOT)
        _put_first("PATH", Path(sys.executable).parent)

    @cached_property
    def config_file(self) -> str:
        """The configuration file of the jobs, named after the hash of its content."""
        return self.path(f"configs/{self.config.experiment}-{spec.fingerprint(self._content)}.json")

    @property
    def last_config_file(self) -> str:
        """The file with the configuration of the last run, for commands and other experiments."""
        return self.path(f"experiments/{self.config.experiment}/config.json")

    @cached_property
    def _content(self) -> dict:
        return self.config.model_dump(mode="json", exclude_unset=True)

    @property
    def targets(self) -> list[str]:
        """The manifests of the final reports."""
        return [self.path(entry.manifest) for entry in self.grid.reports]

    @cached_property
    def pending(self) -> dict[str, Entry]:
        """The entries that are not finished, by path."""
        return entries.pending(self.config.store, self.grid)

    @cached_property
    def jobs(self) -> Jobs:
        """The jobs of the pending entries. Predictions of one model share a job, which is called a bundle."""
        return Jobs(self.grid, self.pending, self.on_node)

    def require_no_prefix(self, moved: Callable[[str], str]) -> None:
        """Check that Snakemake does not change the paths of a module, since jobs would write to the original ones.

        Args:
            moved: the function by which Snakemake changes a path.

        Raises:
            SystemExit: `prefix:` or `replace_prefix:` of the module changes the paths of the store or the logs.
        """
        for path in (self.path("data"), "logs/data"):
            if moved(path) != path:
                problem = f"`prefix:` or `replace_prefix:` of the module turns {path} into {moved(path)}"
                raise SystemExit(f"error: {problem}. Remove it, and set `store:` in the configuration of the module.")

    def prepare(self, workflow: "Workflow") -> None:
        """Begin the run, and schedule damaged entries to be recomputed. Only the first call has an effect.

        Input functions call this method, because Snakemake ignores `onstart:` of a module. When they are evaluated,
        Snakemake knows whether it will execute the plan.

        Args:
            workflow: the workflow object of Snakemake.

        Raises:
            SystemExit: the run cannot succeed.
        """
        if self._prepared:
            return
        self._prepared = True
        # Snakemake considers a damaged entry finished, and may have checked its files already.
        workflow.dag.forcefiles.update([*self.damaged(), *self._old_markers()])
        if workflow.executor_plugin is None or workflow.remote_exec or workflow.subprocess_exec:
            return
        # In a dry run, the executor is local also for a cluster, where the number of jobs is set.
        if self.devices and workflow.local_exec and not (workflow.dryrun and workflow.nodes):
            self._use_machine(workflow)
        if not workflow.dryrun:
            self.begin()
            forked = sum(job.step in FORKED for job in self.jobs.all)
            if workflow.local_exec and self.config.fork_server and forkserver.IS_SUPPORTED and forked >= _SEVERAL:
                forkserver.start(FORKED)

    def _use_machine(self, workflow: "Workflow") -> None:
        """Check that the GPUs of this machine hold the jobs, and keep concurrent jobs within its main memory."""
        try:
            self.shared.require_all(self.config, self.pending.values())
        except UserError as error:
            raise SystemExit(f"error: {error}") from None
        if "mem_mb" not in workflow.global_resources:
            workflow.register_resource("mem_mb", sharing.main_memory_mb())

    def damaged(self) -> list[str]:
        """The manifests of damaged entries, which were finished once."""
        found = [entry for entry in self.pending.values() if entries.damaged(self.config.store, entry)]
        what = "is damaged: a file is missing or truncated. It will be recomputed."
        for entry in found:
            print(f"{self.path(entry.path)} {what}", file=sys.stderr)
        return [self.path(entry.manifest) for entry in found]

    def _old_markers(self) -> list[str]:
        """The markers of earlier jobs that have made predictions of a bundle, of which some are pending again."""
        markers = (Path(self.path(job.manifest)) for job in self.jobs.all if job.path in self.jobs.bundles)
        return [str(marker) for marker in markers if marker.exists()]

    @cached_property
    def gpus(self) -> int:
        """The resource `gpu` of a job on one GPU: one place, or 0 on a machine without GPUs."""
        return min(1, len(self.devices))

    def processes(self, wildcards: Wildcards) -> int:
        """The number of processes that train a stage."""
        return recipes.recipe(self.config, self.grid.entries[wildcards.entry].about.stages[-1]).gpus

    def gpus_together(self, wildcards: Wildcards) -> int:
        """The resource `gpu` of a training: one place, all places of several GPUs, or 0 on a machine without GPUs."""
        count = self.processes(wildcards)
        return self.gpus if count == 1 or not self.gpus else self.shared.total(count)

    def mem_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """The main memory of a training in MB; more in every attempt, for jobs that a cluster has ended."""
        name = self.grid.entries[wildcards.entry].about.encoder
        made = self.config.encoders[name].pretraining is not None
        return self.processes(wildcards) * attempt * sharing.training_mb(self.shared.shapes[name], made)

    def options(self, wildcards: Wildcards) -> list[str]:
        """The options of a prediction: the GPUs that it may use, if the machine has any, and those of a bundle."""
        places = self._places(wildcards, training=False, whole=False)
        made = [entry.path for entry in self.jobs.predictions(wildcards.entry)]
        return [*places, "--predictions", *made] if made else places

    def options_together(self, wildcards: Wildcards) -> list[str]:
        """The options of a training: the number of its GPUs, and those that it may use."""
        count = self.processes(wildcards)
        return [f"--gpus={count}", *self._places(wildcards, training=True, whole=count > 1)]

    def _places(self, wildcards: Wildcards, training: bool, whole: bool) -> list[str]:
        places = self.shared.holding(self._job(wildcards).about.encoder, training, whole)
        return [f"--places={','.join(f'{name}:{number}' for name, number in places.items())}"] if places else []

    @cached_property
    def shared(self) -> sharing.Sharing:
        """The GPUs that the run may use, and the jobs that share them."""
        return sharing.of_machine(self.config, self.on_node)

    @cached_property
    def devices(self) -> list[str]:
        """The GPUs of this machine that the run may use."""
        return devices.visible()

    def path(self, entry: str) -> str:
        """The path of an entry or one of its files, with the store."""
        return str(self.config.store / entry)

    def has_made(self, arguments: Iterable[str]) -> bool:
        """Whether all entries of the jobs in a call of Snakemake on a cluster node are finished.

        A cluster may restart a finished job, because it lost its state or ended it during shutdown. If it was ended
        before it had written the marker of its bundle, the marker is written.

        Args:
            arguments: the command line, with `--target-jobs <rule>:entry=<entry>` for each job.
        """
        after = list(dropwhile(lambda argument: argument != "--target-jobs", arguments))[1:]
        jobs = takewhile(lambda argument: not argument.startswith("--"), after)
        paths = [job.partition(":entry=")[2] for job in jobs]
        if not paths or not all(map(self._is_made, paths)):
            return False
        for path in self.jobs.bundles.keys() & paths:
            bundle.mark(self.config.store, path)
        return True

    def _is_made(self, path: str) -> bool:
        if path in self.jobs.bundles:
            return all(map(self._is_finished, self.jobs.due(path)))
        return path in self.grid.entries and self._is_finished(self.grid.entries[path])

    def _is_finished(self, entry: Entry) -> bool:
        return entries.finished(self.config.store, entry)

    def waiting_for(self, step: str) -> str:
        """A regular expression that matches the pending entries of a step, and bundles with any. Finished entries are
        plain files.

        If paths without fingerprints are unique for the step, fingerprints are wildcards, which makes the pattern
        shorter for several encoders.
        """
        jobs = [*self.grid.entries.values(), *self.jobs.of_bundles.values()]
        everything = [job.path for job in jobs if job.step == step]
        pending = [path for path in everything if path in self.pending or self.jobs.predictions(path)]
        if not pending:
            return "nothing is pending"
        if len(set(map(without_fingerprints, everything))) < len(everything):
            return alternatives(pending)
        return alternatives(map(without_fingerprints, pending)).replace(r"\~", r"\~\w+")

    def inputs(self, wildcards: Wildcards, role: str) -> list[str]:
        """The manifests of the inputs of an entry with a role, and the weights of models that are not trained yet.

        Pending predictions of a bundle are represented by its marker.

        Args:
            role: the role up to the first `.` or `/`: `features` includes `features.mnli`, and `cells` all paths below.
        """
        inputs = self._job(wildcards).inputs
        found = [entry for name, entry in inputs.items() if re.split("[./]", name)[0] == role]
        manifests = dict.fromkeys(self.jobs.making(entry).manifest for entry in found)
        models = [entry for entry in found if entry.step == "train_stage" and entry.path in self.pending]
        weights = dict.fromkeys(f"{entry.path}/{entries.WEIGHTS}" for entry in models)
        return [self.path(file) for file in (*manifests, *weights)]

    def _job(self, wildcards: Wildcards) -> Entry:
        return self.jobs.of_bundles.get(wildcards.entry) or entries.planned(self.grid, wildcards.entry)

    def begin(self) -> None:
        """Check that the run can succeed, write its configuration, and remove links to outdated reports.

        Raises:
            SystemExit: the run cannot succeed.
        """
        try:
            experiments.require_encoders(self.config)
            warned.require(self.config, self.grid)
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
        # By the clock of the file system, which also dates the logs.
        self.begun = Path(self.last_config_file).stat().st_mtime

    def _notes(self) -> list[str]:
        """Notes on trainings that will be repeated. A store that cannot be searched for them does not stop the run."""
        try:
            return upgrades.notes(self.config.store, self.grid, self.pending)
        except (OSError, UserError) as error:
            return [f"note: cannot check whether trainings of this run exist under other names: {error}"]

    def tidy(self) -> None:
        """Remove leftovers of killed jobs, and markers that no job waits for."""
        leftovers.remove(self.config.store, self.grid)
        # Snakemake ends on a node before the marker of its job is seen where the run was started.
        if not self.on_node:
            leftovers.remove_markers(self.config.store, self.grid)

    def discard(self) -> None:
        """Delete weights that are no longer needed, if `keep_models` is false."""
        weights.delete_unneeded_weights(self.config, self.grid, self.grid.entries.values())

    def failures(self) -> str:
        """A summary of the failures since the beginning of the run."""
        return failures.summary(State(self.config, self.grid), self.begun)

    def show(self) -> None:
        """Write the configuration to the folder of the experiment, and link its finished reports there."""
        jsonfiles.write_json(Path(self.last_config_file), self._content)
        links.show(self.config.store, self.grid)

    def show_if_finished(self) -> None:
        """Update the folder of the experiment if no job is pending, for example after an edit was undone.

        Raises:
            SystemExit: the configuration is strict, and rejects the results.
        """
        if not self.pending:
            self._require_no_warning()
            # The store may be read-only.
            with suppress(OSError):
                self.show()
                self.tidy()

    def _require_no_warning(self) -> None:
        """Check the results of a finished experiment, which has no job that would do so."""
        # A node may run jobs of another workflow.
        if self.on_node:
            return
        try:
            warned.require(self.config, self.grid)
        except UserError as error:
            raise SystemExit(f"error: {error}") from None

    def _write_config(self) -> None:
        """Write the configuration for the jobs, unless the file exists, since jobs of other plans may be reading it."""
        file = Path(self.config_file)
        if jsonfiles.read_json(file) != self._content:
            jsonfiles.write_json(file, self._content)


def _is_source_tree(folder: Path) -> bool:
    """Whether a folder contains only this package, unlike `site-packages`."""
    return not any(folder.glob(f"{sourcecode.PACKAGE}-*.dist-info"))


def _put_first(variable: str, folder: Path) -> None:
    """Prepend a folder to a search path in the environment."""
    others = os.environ.get(variable, "").split(os.pathsep) if os.environ.get(variable) else []
    os.environ[variable] = os.pathsep.join([str(folder), *(other for other in others if other != str(folder))])
