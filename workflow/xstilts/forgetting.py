"""Plans what is measured of forgetting: on which models, with which heads and probes, and on which examples.

The models are those of all prefixes of the sequences, the intermediates with two or more stages. The empty prefix is
the encoder itself. Masked language modelling is not measured.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from xstilts import recipes, tasks
from xstilts.config import Config
from xstilts.config.forgetting import HEADS, PROBES, Forgetting
from xstilts.names import stages_of
from xstilts.task import MASKED_LM

TABLE = "forgetting"
"""The name of the table of all sequences, and the start of the names of those of each."""

Stages = tuple[str, ...]
"""The stages of a model, in order."""


@dataclass(frozen=True)
class Measured:
    """A task with the examples on which it is measured: those on which trainings select their checkpoints.

    Args:
        task: the task.
        languages: the languages of the training examples.
        dev_languages: the languages of the dev examples.
        dev_examples: the maximum number of dev examples in each language, the first ones; None for all.
        precision: the precision of the stage.
    """

    task: str
    languages: tuple[str, ...]
    dev_languages: tuple[str, ...]
    dev_examples: int | None
    precision: str

    @property
    def data(self) -> str:
        """The name of its data, such as `mnli@de`, or `copa@et:en` if the dev data are in other languages."""
        own, dev = ("+".join(sorted(languages)) for languages in (self.languages, self.dev_languages))
        return f"{self.task}@{own}" + (f":{dev}" if dev != own else "")

    @property
    def name(self) -> str:
        """A name that no other one has, such as `mnli@de 500 mixed`."""
        return f"{self.data} {self.dev_examples or 'all'} {self.precision}"

    def in_specs(self, features: str, examples: int | None = None) -> dict[str, Any]:
        """What a head or a probe is measured on, in the form of a spec.

        Args:
            features: the path of the token ids.
            examples: the maximum number of training examples of a probe; None for a head.
        """
        found = {"task": self.task, "data": self.data, "features": features, "precision": self.precision}
        return found | {"dev_examples": self.dev_examples} | ({} if examples is None else {"examples": examples})


@dataclass(frozen=True)
class Column:
    """A task of one stage of a path: a column of the matrix of its scores.

    Args:
        place: the number of the stage in the path, from 1.
        stage: the stage.
        measured: the task, and the examples on which it is measured.
        is_only: whether the stage has no other task that is measured.
    """

    place: int
    stage: str
    measured: Measured
    is_only: bool = True

    @property
    def label(self) -> str:
        """A label within a path, such as `2 mnli`, or `2 mixed: mnli` for one of several tasks."""
        return f"{self.place} {self.stage}" + ("" if self.is_only else f": {self.measured.task}")

    @property
    def head(self) -> str:
        """The name of the head of this stage and task, such as `1.mnli`."""
        return f"{self.place}.{self.measured.task}"


@dataclass(frozen=True)
class Sequence:
    """An intermediate with two or more stages.

    Args:
        path: its name.
        columns: the tasks of its stages, in order.
    """

    path: str
    columns: tuple[Column, ...]

    @property
    def stages(self) -> Stages:
        """Its stages, in order."""
        return stages_of(self.path)

    def table(self, measure: str) -> str:
        """The name of the table of its scores with a measure."""
        return ".".join((TABLE, "--".join(self.stages), measure))


class Measurements:
    """The models of an experiment on which forgetting is measured, and what is measured on each.

    Args:
        intermediates: the intermediates of the grid, in canonical form.
    """

    def __init__(self, config: Config, settings: Forgetting, intermediates: Iterable[str]):
        self._config = config
        self._settings = settings
        paths = [name for name in intermediates if len(stages_of(name)) > 1]
        self.sequences = tuple(Sequence(path, self.columns(stages_of(path))) for path in paths)

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures of the experiment."""
        return self._settings.measures

    @property
    def models(self) -> list[Stages]:
        """The stages of the models: the prefixes of all sequences, the empty one first."""
        found = {stages[:length]: None for one in self.sequences for stages in [one.stages] for length in _to(stages)}
        return sorted(found, key=len)

    def columns(self, stages: Stages) -> tuple[Column, ...]:
        """The tasks of the stages of a path."""
        return tuple(column for place, stage in enumerate(stages, 1) for column in self._of_stage(place, stage))

    def heads(self, stages: Stages) -> dict[str, Column]:
        """The heads that are put on the encoder of a model, by name: its own and those of earlier stages."""
        return {column.head: column for column in self.columns(stages)} if HEADS in self._settings.measures else {}

    @property
    def probes(self) -> dict[str, Measured]:
        """What is probed on every model, by name."""
        if PROBES not in self._settings.measures:
            return {}
        return {column.measured.name: column.measured for one in self.sequences for column in one.columns}

    def examples(self, task: str) -> int:
        """The maximum number of training examples of a probe."""
        is_span = tasks.load(task).kind == "span"
        return self._settings.span_examples if is_span else self._settings.examples

    def _of_stage(self, place: int, stage: str) -> list[Column]:
        recipe, trained = recipes.recipe(self._config, stage), recipes.trained(self._config, stage)
        found = [
            Measured(
                task,
                languages,
                recipes.dev_languages(self._config, stage, task),
                recipe.dev_examples,
                recipe.precision,
            )
            for task, languages in trained.items()
            if tasks.load(task).kind != MASKED_LM
        ]
        return [Column(place, stage, one, len(found) == 1) for one in found]


def _to(stages: Stages) -> range:
    """The lengths of the prefixes of a path."""
    return range(len(stages) + 1)
