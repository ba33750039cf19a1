"""How many jobs share each GPU of this machine, by its memory and the needs of the encoders, before any job runs."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from xstilts.config import Config, ConfigError
from xstilts.errors import UserError
from xstilts.names import reference
from xstilts.runtime import devices, memory
from xstilts.sources import shapes
from xstilts.sources.shapes import Shape
from xstilts.steps.entry import Entry

_GB, _MB = 10**9, 10**6
_PROCESS_MB = 4_000
"""The main memory of a process that trains, with torch, CUDA and the rows that it reads ahead."""

_LEAST_MB = 8_000
_UNKNOWN_MB = 32_000
_STATE_BYTES = 12
"""The bytes of the copy of a parameter and of AdamW's moments, from which a training state is saved."""

_TRAINING = "train_stage"
_PREDICTIONS = ("predict", "probe")
_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Sharing:
    """The GPUs of this machine and the jobs that share them.

    Args:
        jobs: the setting `jobs_per_gpu`.
        names: the names of the GPUs.
        memory: their total memory in bytes; those of unknown memory are missing.
        shapes: the shape of each encoder of the grid; None if it is unknown.
        cores: the number of cores of the machine.
    """

    jobs: int | Literal["auto"]
    names: tuple[str, ...]
    memory: Mapping[str, int]
    shapes: Mapping[str, Shape | None]
    cores: int

    @cached_property
    def places(self) -> dict[str, int]:
        """The number of jobs that share each GPU, without GPUs that are too small for any job."""
        usable = [name for name in self.names if any(self._most(name, encoder, False) for encoder in self.shapes)]
        return {name: self._number(name) for name in usable}

    def _number(self, name: str) -> int:
        """The setting, or as many trainings of the largest encoder as a GPU holds; 1 if a size is unknown."""
        if self.jobs != "auto":
            return self.jobs
        known = [shape for shape in self.shapes.values() if shape]
        if name not in self.memory or not known or len(known) < len(self.shapes):
            return 1
        total = self.memory[name]
        return min(memory.places(total, shape, word, self.cores) for shape in known for word in memory.PRECISIONS)

    def total(self, count: int) -> int:
        """The number of places of the `count` GPUs with the most places; of a GPU that is missing, one."""
        places = sorted(self.places.values(), reverse=True)[:count]
        return sum(places) + count - len(places)

    def holding(self, encoder: str, training: bool, whole: bool = False) -> dict[str, int]:
        """The GPUs whose memory holds a job, with their numbers of places.

        Args:
            encoder: the encoder of the job.
            training: whether it is a training instead of a prediction.
            whole: whether it takes all places of a GPU.
        """
        return {
            name: number
            for name, number in self.places.items()
            if self._most(name, encoder, training) >= (1 if whole else number)
        }

    def _most(self, name: str, encoder: str, training: bool) -> int:
        """How many jobs a GPU holds at most; as many as share it if a size is unknown."""
        shape = self.shapes[encoder]
        if name not in self.memory or shape is None:
            return self._number(name)
        return self.memory[name] // memory.least_bytes(shape, training)

    def require_all(self, config: Config, entries: Iterable[Entry]) -> None:
        """Check that the GPUs hold the trainings and predictions among some entries.

        Raises:
            ConfigError: the setting `jobs_per_gpu` demands more than the memory of a GPU, or `gpus` of a stage more
                GPUs than hold its training.
            UserError: no GPU holds a job, even if it has the GPU to itself.
        """
        on_gpu = (entry for entry in entries if entry.step in (_TRAINING, *_PREDICTIONS))
        jobs = [(entry.about, entry.step == _TRAINING) for entry in on_gpu]
        self.require((about.encoder, training) for about, training in jobs)
        for stage, encoder in sorted({(about.stages[-1], about.encoder) for about, training in jobs if training}):
            self._require_together(config, stage, encoder)

    def _require_together(self, config: Config, stage: str, encoder: str) -> None:
        block = reference(stage).name
        count, usable = config.stage(block).gpus, self.holding(encoder, training=True, whole=True)
        if not self.names or count <= len(usable):
            return
        own = block in config.stages and "gpus" in config.stages[block].model_fields_set
        found = f"this machine has {len(self.names)} ({', '.join(self.names)})"
        if len(usable) < len(self.names):
            found += f", of which {len(usable)} can hold the training of encoder {encoder!r}"
        problem = f"stage {stage!r} requires {count} GPUs, but {found}"
        raise ConfigError(f"stages.{block}.gpus" if own else "training.gpus", count, problem, [_up_to(len(usable))])

    def require(self, jobs: Iterable[tuple[str, bool]]) -> None:
        """Check that the GPUs hold some jobs.

        Args:
            jobs: the encoder of each job, and whether it is a training.

        Raises:
            ConfigError: the setting `jobs_per_gpu` demands more than the memory of a GPU.
            UserError: no GPU holds a job, even if it has the GPU to itself.
        """
        demanded = []
        for encoder, training in sorted(set(jobs)):
            most = {name: self._most(name, encoder, training) for name in self.names}
            if most and not any(most.values()):
                raise UserError(self._too_large(encoder, training))
            demanded += [(number, name, encoder, training) for name, number in most.items() if number]
        number, name, encoder, training = min(demanded, default=(0, "", "", False))
        if self.jobs != "auto" and number < self.jobs and demanded:
            holds = f"GPU {name} with {_gigabytes(self.memory[name])} holds at most {number} of"
            problem = f"{holds} {self._jobs(encoder, training)}"
            raise ConfigError("jobs_per_gpu", self.jobs, problem, ["auto", _up_to(number)])

    def _too_large(self, encoder: str, training: bool) -> str:
        cards = ", ".join(f"GPU {name} has {_gigabytes(self.memory[name])}" for name in self.names)
        return (
            f"no GPU of this machine holds {self._jobs(encoder, training)}: {cards}. Remove the encoder from "
            "'grid.encoders', or use a machine with a larger GPU."
        )

    def _jobs(self, encoder: str, training: bool) -> str:
        shape = self.shapes[encoder]
        assert shape is not None
        what = "trainings" if training else "predictions"
        return (
            f"the {what} of encoder {encoder!r}, which need {_gigabytes(memory.least_bytes(shape, training))} or more"
        )


def of_machine(config: Config, on_node: bool = False) -> Sharing:
    """The GPUs that jobs of an experiment may use on this machine.

    Args:
        on_node: whether a scheduler has started the jobs and chosen their GPUs.
    """
    jobs, names, cores = config.jobs_per_gpu, tuple(devices.visible()), len(os.sched_getaffinity(0))
    if on_node and jobs == "auto":
        return Sharing(1, names, {}, _shapes(config), cores)
    return Sharing(jobs, names, devices.memory(names), _shapes(config), cores)


def _shapes(config: Config) -> dict[str, Shape | None]:
    """The shapes of the encoders, as far as they are known. The jobs say what is wrong with a `config.json`."""
    found: dict[str, Shape | None] = dict.fromkeys(config.grid.encoders)
    for name in found:
        with suppress(UserError):
            found[name] = shapes.of_encoder(config.encoders[name])
    return found


def training_mb(shape: Shape | None, made: bool = False) -> int:
    """The main memory of a process that trains, in MB.

    Args:
        shape: the shape of the encoder; None if it is unknown.
        made: whether it is pretrained here, so that it is small.
    """
    if shape is None:
        return _LEAST_MB if made else _UNKNOWN_MB
    return max(_LEAST_MB, _PROCESS_MB + _STATE_BYTES * shape.parameters // _MB)


def main_memory_mb() -> int:
    """The main memory of this machine, or of the container that this process is in, in MB."""
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = _LIMIT.read_text(encoding="utf-8").strip()
    except OSError:
        limit = "max"
    return min(size, int(limit) if limit.isdecimal() else size) // _MB


def _up_to(count: int) -> str:
    return f"a number up to {count}"


def _gigabytes(size: int) -> str:
    return f"{size / _GB:.1f} GB"
