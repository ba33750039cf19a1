"""The configuration: what an experiment is made of, typed, with a default for everything.

`config.yaml` is laid over these defaults, a user's `--configfile` over that. `xstilts.grid` turns the result into jobs.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from xstilts.config import mistakes
from xstilts.config.paths import StorePath, UserPath
from xstilts.config.replacing import with_one_place
from xstilts.config.settings import NOT_IN_SPECS, Settings
from xstilts.config.yamlfiles import require_unambiguous
from xstilts.errors import UserError, nearest, shorten

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.+-]*$", max_length=80)]
"""A name that becomes part of a path: lower-case letters, digits and `_ . + -`."""


_SENTENCE_LENGTH = 512
"""Sub-words of a sentence of retrieval where nothing is said."""

SourceName = Literal["release", "hub", "miniature"]


def _whole(value: object) -> object:
    if isinstance(value, bool | float):
        raise ValueError("expected a whole number")
    return value


def _real(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("expected a number")
    return value


WHOLE, REAL = BeforeValidator(_whole), BeforeValidator(_real)
Count = Annotated[int, Field(gt=0, lt=2**31), WHOLE]
Length = Annotated[int, Field(ge=8, lt=2**31), WHOLE]
"""Sub-words of a sequence; special tokens take four of them in a pair."""
Seed = Annotated[int, Field(ge=0, lt=2**32), WHOLE]
"""What numpy takes, beside Python and torch."""
Fraction = Annotated[float, Field(ge=0, lt=1), REAL]
Positive = Annotated[float, Field(gt=0), REAL]


class ConfigError(UserError):
    """A setting that cannot be meant: the key, the value, what is allowed and the nearest match."""

    def __init__(self, key: str, value: object, problem: str, allowed: Iterable[str] = (), origin: str = ""):
        allowed = list(allowed)
        parts = [f"config key {key!r}{origin}: {problem}; found {shorten(value, 200)}"]
        if allowed:
            parts.append(f"; allowed: {', '.join(allowed)}")
        super().__init__("".join(parts) + "." + (nearest(value, allowed) if isinstance(value, str) else ""))


class Limit(Settings):
    """How many examples of each language are used: the first ones of a split, in the order of the files."""

    train: Count | None = None
    dev: Count | None = None
    test: Count | None = None


class Source(Settings):
    """Where an official archive is, if not where it was published."""

    url: str | None = None
    """A mirror of it."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Of another version of it, which is then used in its place."""
    folder: UserPath | None = None
    """The folder in which it is unpacked already; nothing is fetched then."""

    @model_validator(mode="after")
    def _one_place(self):
        if self.folder is not None and (self.url or self.sha256):
            raise ValueError("give either 'folder', or 'url' and 'sha256' or one of them")
        return self


class TaskSettings(Settings):
    """How a task's data are read and turned into token ids."""

    source: SourceName | None = None
    """Where its files come from; by default what the top level says."""
    folders: tuple[UserPath, ...] = ()
    """Where its files lie, searched in order; by default the folder of its name below `data` (docs/tasks.md)."""
    languages: tuple[str, ...] | None = None
    """The languages in which it is evaluated, of those that it has; all of them by default."""
    split: Literal["dev", "test"] = "test"
    """The split on which it is evaluated as a target."""
    limit: Limit = Limit()
    max_length: Length = 256
    """Sub-words of a sequence, special tokens included; longer ones are cut, split or windowed by their kind."""
    doc_stride: Count = 128
    """Sub-words between the starts of two windows over a long context (question answering)."""
    max_query_length: Count = 64
    """Sub-words of a question (question answering)."""


class Sampling(Settings):
    """Which task the next optimiser step of a stage with several tasks is drawn from."""

    strategy: Literal["proportional", "uniform", "temperature", "capped"] = "proportional"
    """Probability of a task with n training rows: n; 1; min(n, cap)^(1/temperature); min(n, cap)."""
    temperature: Annotated[float, Field(ge=0.1), REAL] = 1.0
    cap: Count | None = None

    @model_validator(mode="after")
    def _capped_needs_a_cap(self):
        if self.strategy == "capped" and self.cap is None:
            raise ValueError("the strategy 'capped' needs a number for 'cap', such as 131072")
        return self


class Training(Settings):
    """The recipe of a stage."""

    languages: tuple[str, ...] = ("en",)
    """The languages of the training and dev data."""
    learning_rate: Positive = 1e-5
    epochs: Annotated[float, Field(gt=0, le=1_000_000), REAL] = 3.0
    batch_size: Annotated[int, Field(gt=0, le=2**20), WHOLE] = 32
    """Rows of an optimiser step, over all micro-batches and devices."""
    warmup: Fraction | Count = 0.1
    """The steps in which the learning rate rises, as a share if below 1; it falls linearly to zero over the rest."""
    weight_decay: Annotated[float, Field(ge=0), REAL] = 0.01
    adam_epsilon: Positive = 1e-8
    max_gradient_norm: Positive = 1.0
    evaluate_every: Count = 1000
    """Optimiser steps between two evaluations on dev; there is always one after the last step."""
    patience: Count = 30
    """Evaluations without a better dev score after which training stops."""
    dev_examples: Count | None = 500
    """The first dev examples of each task and language that an evaluation looks at; all of them if null."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """bf16 computes in bfloat16 where that is safe; the weights and the optimiser stay in float32."""
    gpus: Annotated[Count, NOT_IN_SPECS] = 1
    """GPUs that share the rows of a batch; not part of any fingerprint."""


class Stage(Training):
    """One training run: parent checkpoint in, child checkpoint out."""

    tasks: tuple[str, ...] = ()
    """The tasks it trains on, together; by default the one of its name."""
    sampling: Sampling = Sampling()


class Miniature(Settings):
    """How much is written of the data sets of the embedded benchmark."""

    seed: Seed = 1
    """Decides all examples."""
    train: Count = 2000
    """English training examples of each task."""
    dev: Count = 150
    """Dev examples of each language."""
    test: Count = 150
    """Test examples of each language."""
    pairs: Count = 100
    """Sentence pairs of a retrieval set; BUCC hides them among ten times as many other sentences."""


class Retrieval(Settings):
    """How a sentence becomes a vector for the targets that need no training."""

    layer: Count | None = None
    """The layer whose output is used; by default the one at 14/24 of the encoder's depth, as for XLM-R Large."""
    pooling: Literal["mean", "cls"] = "mean"
    """The mean over all tokens, special ones included, or the first token."""
    max_length: Length | None = None
    """Sub-words of a sentence; by default 512, or what the encoder takes if that is less."""


class Pretraining(Settings):
    """How an encoder of the miniature world is made: XLM-R's architecture, and sentences in all seven languages."""

    seed: Seed = 1
    sentences: Count = 4000
    """Sentences of the world, each in every language, of which the vocabulary and the first word vectors are made."""
    hidden_size: Annotated[int, Field(gt=0, le=512), WHOLE] = 64
    layers: Count = 3
    heads: Count = 4
    max_length: Length = 256
    """The longest sequence that it can take, in sub-words."""
    batches: Count = 800
    """Different batches; they come again in another order until all steps are done."""
    steps: Count = 4200
    tokens: Count = 1500
    """Sub-words of a batch, padding included."""
    learning_rate: Positive = 5e-3
    warmup: Fraction = 0.1
    """The share of steps in which the learning rate rises; it falls linearly to zero over the rest."""
    masked: Fraction = 0.15
    """The share of sub-words that are masked."""

    @model_validator(mode="after")
    def _sizes_that_fit(self):
        if self.hidden_size % self.heads or self.hidden_size % 2:
            raise ValueError("'hidden_size' has to be even and a multiple of 'heads'")
        if self.hidden_size > self.sentences:
            raise ValueError("'hidden_size' may not be more than 'sentences', of which the first vectors are made")
        return self


class Encoder(Settings):
    """A pretrained encoder: a local Hugging Face folder, a repository of the hub at a fixed commit, or one to make."""

    path: UserPath | None = None
    repository: str | None = None
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    pretraining: Pretraining | None = None
    """Makes a small encoder from sentences of the embedded benchmark."""
    retrieval: Retrieval = Retrieval()
    max_length: Length = 512
    """The longest sequence that it can take, in sub-words."""
    micro_batch: Count = 32
    """Rows that fit on the device at once; larger batches are accumulated. Has no influence on what is learnt."""

    @model_validator(mode="after")
    def _one_place(self):
        if [self.path, self.repository, self.pretraining].count(None) != 2:
            raise ValueError(
                "give one of 'path' (a local folder), 'repository' with 'revision' (the hub), 'pretraining' (makes one)"
            )
        if self.repository is not None and self.revision is None:
            raise ValueError("'repository' needs 'revision', the 40-digit commit that pins its files")
        return self

    @property
    def sentence_length(self) -> int:
        """The sub-words of a sentence that becomes a vector."""
        made = self.pretraining.max_length if self.pretraining else _SENTENCE_LENGTH
        return self.retrieval.max_length or min(_SENTENCE_LENGTH, self.max_length, made)


class GridSettings(Settings):
    """The grid: every combination of these is a cell."""

    encoders: tuple[Name, ...] = ("xlm-roberta-large",)
    intermediates: tuple[str, ...] = ("none",)
    """Paths of stages: `none`, `mnli`, or `squad_v1/mnli` for one after the other."""
    targets: tuple[str, ...] = ()
    seeds: tuple[Seed, ...] = (1,)


class Report(Settings):
    """What the reports say of several seeds, and how sure they are."""

    over_seeds: Literal["median", "mean"] = "median"
    """The number that stands for all seeds of a cell."""
    samples: Annotated[int, Field(ge=100, le=1_000_000), WHOLE] = 10_000
    """Bootstrap samples behind an interval, and random exchanges behind a test."""


class Config(Settings):
    """An experiment."""

    experiment: Name = "xtreme"
    """Names the folder of its tables below the store."""
    store: StorePath = Path("results")
    """Where everything computed lies; experiments that share a store share what they have in common."""
    source: SourceName = "release"
    """`release` reads the user's files below `data`, `hub` fetches pinned repositories of the hub and archives,
    `miniature` makes up small data sets of every task."""
    miniature: Miniature = Miniature()
    sources: dict[Name, Source] = {}
    """Other places for official archives, by name."""
    data: UserPath = Path("data")
    """The folder that has one folder for each task, unless a task names its own."""
    grid: GridSettings = GridSettings()
    languages: tuple[str, ...] | None = None
    """Restricts every target to these languages, of those that it has."""
    limit: Limit = Limit()
    """Restricts every task that does not say otherwise."""
    keep_models: bool = True
    """Whether the weights of a model stay when all predictions that are made with it are done."""
    report: Report = Report()
    strict: bool = False
    """Whether a split that has another number of rows than it is known to have is an error, not a warning."""
    tracking: tuple[Literal["tensorboard", "mlflow", "wandb"], ...] = ()
    """Where the course of every training is shown besides its log; not part of any fingerprint."""
    training: Training = Training()
    """The recipe of every stage that does not say otherwise."""
    encoders: dict[Name, Encoder] = {}
    stages: dict[Name, Stage] = {}
    tasks: dict[Name, TaskSettings] = {}

    def stage(self, name: str) -> Stage:
        """The full recipe of a stage: its own settings over those of `training`."""
        own = self.stages.get(name, Stage())
        stage = Stage(**{**self.training.model_dump(), **own.model_dump(exclude_unset=True)})
        return stage if stage.tasks else stage.model_copy(update={"tasks": (name,)})

    def task(self, name: str) -> TaskSettings:
        """The full settings of a task: its own over those that hold for all."""
        own = self.tasks.get(name, TaskSettings())
        limit = Limit(**{**self.limit.model_dump(), **own.limit.model_dump(exclude_unset=True)})
        return own.model_copy(update={"limit": limit, "source": own.source or self.source})


def parse(
    raw: Mapping[str, Any], files: Iterable[Path | str] = (), command_line: Mapping[str, Any] = MappingProxyType({})
) -> Config:
    """The typed configuration.

    Args:
        raw: the merged YAML.
        files: where it came from, the last one winning; used to name the line of a mistake.
        command_line: what was laid over the files, and is part of `raw` already.

    Raises:
        ConfigError: the first mistake: key, line, value, what is allowed.
        UserError: a file that says something twice.
    """
    files = [Path(file) for file in files]
    for file in filter(Path.is_file, files):
        require_unambiguous(file)
    try:
        for keys, text in mistakes.unwritable(raw):
            raise ConfigError(".".join(keys), text, mistakes.UNWRITABLE, origin=mistakes.origin(keys, raw, files))
        return Config.model_validate(with_one_place(raw, filter(Path.is_file, files), command_line))
    except ValidationError as error:
        first = error.errors()[0]
        keys = mistakes.keys(first["loc"], raw)
        raise ConfigError(
            ".".join(keys) or "(top level)",
            keys[-1] if first["type"] == "extra_forbidden" else first["input"],
            mistakes.problem(first),
            mistakes.allowed(first, keys, Config),
            mistakes.origin(keys, raw, files),
        ) from None
