"""An entry of the store, which is the output of one job."""

from dataclasses import dataclass, field

from xstilts.names import split_name

TRAIN, EVALUATE = "train", "evaluate"
"""The roles of a task's data."""

HEAD = "head"
"""The role of the models whose heads are put on another encoder, followed by the place of the stage: `head.1`."""


@dataclass(frozen=True)
class About:
    """Metadata of an entry. Fields that do not apply to it are empty.

    Args:
        experiment: the experiment of a report.
        encoder: the name of the encoder.
        origin: the fingerprint of the encoder or its tokenizer, for entries whose spec does not contain it.
        stages: the stages of a model, in order; for predictions and scores, the stages of their model.
        task: the task that is read, encoded, predicted or scored; of statistics, the name of the target.
        role: the role of the task's data, `train` or `evaluate`.
        perturbations: the perturbations of the data, in the order in which they are applied.
        seed: the seed of a model, its predictions and scores; None for an encoder that is evaluated without training.
    """

    experiment: str = ""
    encoder: str = ""
    origin: str = ""
    stages: tuple[str, ...] = ()
    task: str = ""
    role: str = ""
    perturbations: tuple[str, ...] = ()
    seed: int | None = None

    @property
    def name(self) -> str:
        """The task with its perturbations, or the last stage if there is no task; the name of a job in messages."""
        return "+".join([self.task, *self.perturbations]) if self.task else "".join(self.stages[-1:])


@dataclass(frozen=True, eq=False)
class Entry:
    """The output of one job, finished or not. A grid has at most one entry per path.

    Args:
        step: the rule that creates it.
        path: its folder, relative to the store.
        spec: everything that its content depends on and that its path does not contain.
        inputs: the entries that it is computed from, by role.
        manifest: the file, relative to the store, that marks it as finished.
        about: its metadata.
        modules: the modules of its code with their fingerprints, by role. They show which module changed and are not
            part of any name.
    """

    step: str
    path: str
    spec: dict
    inputs: dict[str, "Entry"]
    manifest: str
    about: About = About()
    modules: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def read(self) -> "Entry":
        """Of the data of a task, those that were read, before any perturbation of their text."""
        return self.inputs["data"].read if self.about.perturbations else self

    @property
    def splits(self) -> list[str]:
        """Of the data of a task, the names of its splits in each language, such as `test.de`."""
        if self.about.perturbations:
            return [split_name(self.spec["split"], lang) for lang in self.spec["languages"]]
        return list(self.spec["files"])
