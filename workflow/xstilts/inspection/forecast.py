"""A forecast of a run: its jobs, the steps of its trainings, and the time and disk space that it takes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from xstilts.config import Config
from xstilts.grid import Grid
from xstilts.inspection import weights, workload
from xstilts.inspection.chains import Chains
from xstilts.inspection.jobs import Jobs, missing_files
from xstilts.inspection.workload import Work
from xstilts.steps.entry import Entry
from xstilts.store.contents import Contents
from xstilts.store.entries import pending

_WORK = {"train_stage": workload.of_training, "predict": workload.of_prediction, "probe": workload.of_probe}
"""The functions that return the work of a job, by the steps that use a GPU."""


@dataclass(frozen=True)
class Trainings:
    """The pending trainings of one stage on one encoder.

    Args:
        count: the number of trainings.
        work: the work of each; None if it is unknown until the data have been read.
    """

    encoder: str
    stage: str
    count: int
    work: Work | None


@dataclass(frozen=True)
class Disk:
    """The disk space of the weights of models.

    Args:
        models: the number of models.
        bytes: the total size of those whose encoder has a known size.
        unknown: the encoders of unknown size.
    """

    models: int
    bytes: int
    unknown: tuple[str, ...]


class Plan:
    """The forecast of a run that starts now."""

    def __init__(self, config: Config, grid: Grid):
        self.config = config
        self.pending = pending(config.store, grid)
        self.results = Contents(config.store)
        self._chains = Chains(self.pending)
        self._jobs = Jobs(grid, self.pending)

    @cached_property
    def jobs(self) -> dict[str, int]:
        """The number of jobs per rule, in the order of the workflow."""
        last_first = sorted(self.pending.values(), key=lambda entry: -len(self._chains.of(entry)))
        steps = {job.path: job.step for job in map(self._jobs.making, last_first)}
        counts = Counter(steps.values())
        return {step: counts[step] for step in reversed(counts)}

    @cached_property
    def trainings(self) -> list[Trainings]:
        """The trainings, by encoder and stage."""
        groups: dict[tuple[str, str], list[Entry]] = {}
        for entry in self._of("train_stage"):
            groups.setdefault((entry.about.encoder, entry.about.name), []).append(entry)
        return [
            Trainings(encoder, stage, len(found), workload.of_training(self.config.store, found[0]))
            for (encoder, stage), found in sorted(groups.items())
        ]

    @cached_property
    def work(self) -> list[tuple[Entry, Work | None]]:
        """The jobs on a GPU with their work; None where it is unknown until the data have been read."""
        return [(entry, self._work(entry)) for step in _WORK for entry in self._of(step)]

    @cached_property
    def in_float32(self) -> list[str]:
        """The stages whose objective requires float32, although their precision is another."""
        return sorted(
            {
                entry.about.name
                for entry in self._of("train_stage")
                if workload.requires_float32(entry) and entry.spec["stage"].get("precision") == "mixed"
            }
        )

    @property
    def models(self) -> Disk:
        """The weights of all models."""
        return self._disk(list(self._of("train_stage")))

    @property
    def states(self) -> int | None:
        """The disk space of the largest training while it runs; None if it is unknown for all."""
        found = [
            weights.state(self.config, encoder) for encoder in {one.about.encoder for one in self._of("train_stage")}
        ]
        return max((size for size in found if size is not None), default=None)

    @property
    def unused(self) -> Disk:
        """The weights of the models that are only used for predictions, not as a parent of other models."""
        last = self._inputs("model") - self._inputs("parent")
        return self._disk([entry for entry in self._of("train_stage") if entry.path in last])

    def missing(self) -> Iterator[tuple[str, list[str], int]]:
        """Tasks with missing files, each with the affected splits and the number of jobs that cannot run."""
        for entry in self._of("read_task"):
            if lacking := missing_files(entry):
                jobs = sum(entry.path in self._chains.of(other) for other in self.pending.values())
                yield entry.about.task, lacking, jobs

    def _of(self, step: str) -> Iterator[Entry]:
        return (entry for entry in self.pending.values() if entry.step == step)

    def _inputs(self, role: str) -> set[str]:
        return {entry.inputs[role].path for entry in self.pending.values() if role in entry.inputs}

    def _work(self, entry: Entry) -> Work | None:
        work = _WORK[entry.step](self.config.store, entry)
        return work and replace(work, starts=self._jobs.is_first(entry))

    def _disk(self, models: list[Entry]) -> Disk:
        counts = Counter(entry.about.encoder for entry in models)
        sizes = {encoder: weights.size(self.config, self.results, encoder) for encoder in counts}
        known = sum(counts[encoder] * size for encoder, size in sizes.items() if size is not None)
        return Disk(len(models), known, tuple(encoder for encoder, size in sizes.items() if size is None))
