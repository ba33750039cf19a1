"""What a step makes: an entry of the store."""

from dataclasses import dataclass, field

TRAIN, EVALUATE = "train", "evaluate"
"""What the data of a task are read for."""


@dataclass(frozen=True)
class About:
    """What an entry stands for, as far as it stands for one thing.

    Args:
        experiment: whose report it is.
        encoder: the name of the encoder.
        origin: the fingerprint of that encoder, or of its tokenizer, where nothing but a path says it.
        stages: those of a model, in order; of predictions and scores, those of their model.
        task: the task that is read, encoded, predicted or scored.
        role: what its data are read for, `train` or `evaluate`.
        seed: that of a model and what is made from it; None for an encoder as it is.
    """

    experiment: str | None = None
    encoder: str | None = None
    origin: str | None = None
    stages: tuple[str, ...] = ()
    task: str | None = None
    role: str | None = None
    seed: int | None = None

    @property
    def name(self) -> str:
        """The task, or else the last stage: what a job on a model is named after."""
        return self.task or self.stages[-1]


@dataclass(frozen=True, eq=False)
class Entry:
    """Something in the store, finished or not; a grid has one of each path.

    Args:
        step: the rule that makes it.
        path: its place below the store.
        spec: all that its content depends on, besides what its path says.
        inputs: the entries that it is made from, by role.
        manifest: the file, below the store, whose presence says that it is finished.
        about: what it stands for.
        modules: by role, the modules of its code with their fingerprints; they tell which one changed, and are in no
            name.
    """

    step: str
    path: str
    spec: dict
    inputs: dict[str, "Entry"]
    manifest: str
    about: About = About()
    modules: dict[str, dict[str, str]] = field(default_factory=dict)
