"""The typed configuration of an experiment, in which every setting has a default.

`config.yaml` overrides the defaults, and a file given with `--configfile` overrides both. `xstilts.grid` turns the
result into jobs. The tables of docs/config.md and the JSON schema are generated from these classes.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from xstilts.config import mistakes
from xstilts.config.forgetting import Forgetting
from xstilts.config.local import Local
from xstilts.config.numbers import REAL, WHOLE, Count, Fraction, Length, Positive, Seed
from xstilts.config.objectives import Objective
from xstilts.config.paths import StorePath, UserPath
from xstilts.config.replacing import with_one_place
from xstilts.config.settings import NOT_IN_SPECS, InSpecs, Settings
from xstilts.config.stages import Precision, Stage, Target, Training, Word
from xstilts.config.yamlfiles import require_unambiguous
from xstilts.errors import UserError, nearest, shorten

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.+-]*$", max_length=80)]
"""A name that becomes part of a path: lowercase letters, digits and `_`, `.`, `+`, `-`."""

_SENTENCE_LENGTH = 512
"""Default maximum length of a sentence for retrieval, in sub-words."""

SourceName = Literal["release", "hub", "miniature"]


class ConfigError(UserError):
    """An invalid setting.

    Args:
        key: the key, with the keys above it.
        value: the value that was found.
        problem: what is wrong with it.
        allowed: what is allowed instead; the nearest match is suggested.
        origin: where the value comes from, in parentheses.
    """

    def __init__(self, key: str, value: object, problem: str, allowed: Iterable[str] = (), origin: str = ""):
        allowed = list(allowed)
        parts = [f"config key {key!r}{origin}: {problem}; found {shorten(value, 200)}"]
        if allowed:
            parts.append(f"; allowed: {', '.join(allowed)}")
        super().__init__("".join(parts) + "." + (nearest(value, allowed) if isinstance(value, str) else ""))


class Limit(Settings):
    """Maximum number of examples per language: the first ones of a split, in the order of the files."""

    train: Count | None = None
    """Maximum number of training examples per language; `null` for all."""
    dev: Count | None = None
    """Maximum number of dev examples per language; `null` for all."""
    test: Count | None = None
    """Maximum number of test examples per language; `null` for all."""


class Source(Settings):
    """An alternative location or version of an official archive."""

    url: str | None = None
    """URL of a mirror; `null` for the official address."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """SHA-256 of another version of the archive, to use instead of the pinned one."""
    folder: UserPath | None = None
    """Folder with the unpacked archive; nothing is downloaded. Excludes `url` and `sha256`."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.folder is not None and (self.url or self.sha256):
            raise ValueError("'folder' cannot be combined with 'url' or 'sha256'; remove one or the other")
        return self


class TaskSettings(Settings):
    """How the data of a task are read and tokenized."""

    source: Literal["release", "hub", "miniature", "local"] | None = None
    """Where the files of the task come from; `null` for `local` if the task has that block, otherwise for the top-level
    `source`. A task that pools others has none of its own."""
    local: Annotated[Local | None, NOT_IN_SPECS] = None
    """Describes the files of a task of your own in a common format, which makes its name the name of a task."""
    folders: tuple[UserPath, ...] = ()
    """Folders that are searched for the files of the task, in this order; for each file the first layout found is
    used. By default the folder below `data` with the name of the task, and for some tasks the folder that XTREME's
    download script creates."""
    languages: tuple[str, ...] | None = None
    """Languages to evaluate in when the task is a target; `null` for the top-level `languages`."""
    split: Literal["dev", "test"] = "test"
    """Split to evaluate on when the task is a target."""
    limit: Limit = Limit()
    """Maximum number of examples of this task; overrides the top-level `limit` key by key."""
    max_length: Length = 256
    """Maximum length of a sequence in sub-words, special tokens included. Longer sequences are truncated, split or
    divided into windows, depending on the kind of the task."""
    doc_stride: Count = 128
    """Question answering: distance between the starts of consecutive windows over a long context, in sub-words; must
    be less than `max_length`."""
    max_query_length: Count = 64
    """Question answering: maximum length of a question in sub-words, beyond which it is truncated; must be less than
    `max_length`."""

    @model_validator(mode="after")
    def _local_files_are_described(self) -> Self:
        if self.source == "local" and self.local is None:
            raise ValueError("the source 'local' requires the block 'local', which describes the files")
        if self.local is not None and self.source not in ("local", None):
            raise ValueError(f"the block 'local' describes local files; remove it, or the source {self.source!r}")
        return self


class Miniature(Settings):
    """Size of the generated data sets of the miniature."""

    seed: Seed = 1
    """Random seed of all examples."""
    train: Count = 2000
    """English training examples per task."""
    dev: Count = 150
    """Dev examples per task and language."""
    test: Count = 150
    """Test examples per task and language."""
    pairs: Count = 100
    """Sentence pairs per language of a retrieval task; BUCC hides them among ten times as many other sentences."""


class Retrieval(Settings):
    """Sentence vectors of an encoder."""

    layer: Count | None = None
    """Layer whose output is pooled, counted from 1; `null` for the layer at 14/24 of the depth, as in XLM-R Large."""
    pooling: Literal["mean", "cls"] = "mean"
    """Pooling of the token vectors: `mean` over all tokens, special tokens included, or `cls`, the first token."""
    max_length: Length | None = None
    """Maximum length of a sentence in sub-words; `null` for 512, or less if the encoder takes less."""
    precision: Annotated[Precision, InSpecs(neutral="fp32")] = "mixed"
    """Precision in which the vectors are computed: `mixed`, `fp32` or `bf16`, as in `training`. Vectors are always
    compared in float32."""


class Pretraining(Settings):
    """Pretraining of a small encoder with XLM-R's architecture on sentences of the miniature, in all its languages."""

    seed: Seed = 1
    """Random seed of the sentences and the initial weights."""
    sentences: Count = 4000
    """Number of sentences, each in every language, from which the vocabulary and the initial word vectors are
    computed."""
    hidden_size: Annotated[int, Field(gt=0, le=512), WHOLE] = 64
    """Size of the hidden states: even, a multiple of `heads`, and at most `sentences`."""
    layers: Count = 3
    """Number of hidden layers."""
    heads: Count = 4
    """Number of attention heads per layer."""
    max_length: Length = 256
    """Maximum length of a sequence in sub-words."""
    batches: Count = 800
    """Number of distinct batches, which are repeated in another order until all steps are done."""
    steps: Count = 4200
    """Number of optimiser steps."""
    tokens: Count = 1500
    """Sub-words per batch, padding included."""
    learning_rate: Positive = 5e-3
    """Peak learning rate."""
    warmup: Fraction = 0.1
    """Fraction of the steps over which the learning rate rises linearly; it then falls linearly to 0."""
    masked: Fraction = 0.15
    """Fraction of the sub-words that are masked."""

    @model_validator(mode="after")
    def _sizes_that_fit(self) -> Self:
        if self.hidden_size % self.heads or self.hidden_size % 2:
            raise ValueError("'hidden_size' must be even and a multiple of 'heads'")
        if self.hidden_size > self.sentences:
            raise ValueError("'hidden_size' must be at most 'sentences', from which the word vectors are computed")
        return self


class Encoder(Settings):
    """A pretrained encoder: a local folder, a pinned repository of the Hugging Face hub, or one that is pretrained."""

    path: UserPath | None = None
    """Local Hugging Face folder with `config.json`, weights and tokenizer files."""
    repository: str | None = None
    """Repository of the Hugging Face hub, used instead of `path`; requires `revision`."""
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    """Commit of `repository` to use."""
    pretraining: Pretraining | None = None
    """Pretrains a small encoder on sentences of the miniature, used instead of `path`."""
    retrieval: Retrieval = Retrieval()
    """How a sentence becomes a vector, for the retrieval targets."""
    max_length: Length = 512
    """Maximum length of a sequence that the encoder takes, in sub-words."""
    tokens_per_device: Annotated[Count | None, NOT_IN_SPECS] = None
    """Maximum number of tokens, padding included, in a micro-batch of a training on one GPU. Gradients of larger
    batches are accumulated. `null` derives it from the memory of the GPU when a training begins; 8,192 on a CPU. A
    training that is resumed keeps its value unless this one is smaller. Not part of any fingerprint."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if [self.path, self.repository, self.pretraining].count(None) != 2:
            raise ValueError(
                "give one of 'path' (a local folder), 'repository' with 'revision' (of the Hugging Face hub) and "
                "'pretraining' (a small encoder of the miniature)"
            )
        if self.repository is not None and self.revision is None:
            raise ValueError("'repository' requires 'revision', the 40-digit commit that pins its files")
        return self

    @property
    def sentence_length(self) -> int:
        """The maximum length of a sentence for retrieval, in sub-words."""
        made = self.pretraining.max_length if self.pretraining else _SENTENCE_LENGTH
        return self.retrieval.max_length or min(_SENTENCE_LENGTH, self.max_length, made)


class Sequences(Settings):
    """Ordered sequences of stages, such as `squad_v1/mnli`."""

    of: tuple[str, ...]
    """Stages, each at most once in a sequence, in the form that they have in `intermediates`, such as `mnli@de`."""
    length: Count | Annotated[str, Field(pattern=r"^[0-9]{1,3}[.]{2}[0-9]{1,3}$")] | None = None
    """Number of stages in a sequence, or a range such as `2..3`; `null` for all of them."""
    sample: Count | None = None
    """Number of sequences of each length, drawn at random such that each stage is first and last equally often, up to
    one sequence. A larger sample contains a smaller one. `null` for all sequences."""
    seed: Seed = 1
    """Random seed of the sample."""


class GridSettings(Settings):
    """The grid of an experiment, in which every combination of these lists is a cell."""

    encoders: tuple[Name, ...] = ("xlm-roberta-large",)
    """Encoders, by their names in `encoders`."""
    intermediates: tuple[str, ...] = ("none",)
    """Intermediate trainings: `none`, a stage such as `mnli` or `mnli@de+zh`, or a sequence of stages such as
    `squad_v1/mnli`. `mnli@all` is trained in all languages of the task, and `mnli+freelb` with an objective of
    `objectives`."""
    sequences: Sequences | None = None
    """Further intermediates: the sequences of some stages in every order, or a sample of them."""
    targets: tuple[str, ...] = ()
    """Targets to evaluate: tasks, names of `targets`, a target with the languages of its last training, such as
    `pawsx@de`, or a target with perturbed test text, such as `xnli+typos10`."""
    sources: tuple[str, ...] = ()
    """Languages for which `{source}` stands in `intermediates` and `targets`, one after the other and the same in
    both: `mnli@{source}` is combined with `pawsx@{source}` in the same language only."""
    seeds: tuple[Seed, ...] = (1,)
    """Random seeds of training; each gives a model of its own."""

    def has(self, intermediate: str, target: str) -> bool:
        """Whether the target is evaluated after the intermediate; in a grid with `sources`, not all are combined."""
        return True

    @property
    def averaged(self) -> tuple[str, ...]:
        """The targets in means over targets: all whose text is unchanged, after the training for their task."""
        return self.targets

    @property
    def official(self) -> tuple[str, ...]:
        """The targets in means of a benchmark: those that are averaged, under their own names, trained in English."""
        return self.averaged


class Report(Settings):
    """How reports aggregate seeds and compute intervals and tests."""

    over_seeds: Literal["median", "mean"] = "median"
    """Aggregate of a cell's scores over its seeds."""
    samples: Annotated[int, Field(ge=100, le=1_000_000), WHOLE] = 10_000
    """Number of bootstrap samples per confidence interval, and of random exchanges per significance test."""
    distances: Annotated[UserPath | None, NOT_IN_SPECS] = None
    """CSV file with the columns `source`, `target` and `distance`, by which the reports of a grid with `sources`
    compare gains, instead of language families. Its distances are in the specs of these reports."""


class Config(Settings):
    """An experiment."""

    experiment: Name = "xtreme"
    """Name of the experiment; its reports are written to `<store>/experiments/<experiment>/`."""
    store: StorePath = Path("results")
    """Folder for all results. Experiments with the same store share the results that they have in common."""
    source: SourceName = "release"
    """Where the data come from: `release` reads your own files below `data`; `hub` downloads pinned revisions from the
    Hugging Face hub, and official archives where the hub has no official copy; `miniature` generates small data sets
    for every task."""
    miniature: Miniature = Miniature()
    """Size of the data sets that `source: miniature` generates."""
    sources: dict[Name, Source] = {}
    """Alternative locations or versions of official archives, by name of the archive."""
    data: UserPath = Path("data")
    """Folder with one subfolder per task, for `source: release`. `folders` of a task overrides it."""
    grid: GridSettings = GridSettings()
    """Encoders, intermediate trainings, targets and seeds of the experiment."""
    languages: tuple[str, ...] | None = None
    """Languages to evaluate targets in, each in those that it has; `null` for all. `languages` of a task overrides
    this."""
    language_groups: dict[Word, tuple[str, ...]] = {}
    """Groups of languages, by names that can be used like a language: `mnli@close` with `close: [de, es, fr]`."""
    limit: Limit = Limit()
    """Maximum number of examples per split and language, for every task without a `limit` of its own."""
    keep_models: bool = True
    """Whether to keep the weights of a target's model once all its predictions are made."""
    report: Report = Report()
    """Aggregation over seeds, intervals and tests."""
    forgetting: Annotated[Forgetting | None, NOT_IN_SPECS] = None
    """Measures what the sequences of `grid.intermediates` forget, those with two or more stages. `{}` for the defaults;
    `null` to measure nothing."""
    strict: bool = False
    """Whether these are errors instead of warnings: a split whose number of rows differs from that of its release, and
    results that are compared but were computed in different precisions."""
    checkpoint_minutes: Annotated[float, Field(ge=0), REAL] = 10.0
    """Minutes between two saved states of a training, from which it resumes after an interruption; 0 saves a state at
    each evaluation. A signal that stops a training saves its state too. Not part of any fingerprint."""
    tracking: tuple[Literal["tensorboard", "mlflow", "wandb"], ...] = ()
    """Experiment trackers that training metrics are sent to, in addition to the log. Not part of any fingerprint."""
    jobs_per_gpu: Annotated[Literal["auto"] | Count, NOT_IN_SPECS] = "auto"
    """Number of jobs that share a GPU of this machine, each with an equal part of its memory. `auto`: as many trainings
    of the largest encoder as its memory holds with 4,096 sub-words per forward pass, but at most one for each two
    cores; 1 on a cluster. Not part of any fingerprint."""
    fork_server: Annotated[bool, NOT_IN_SPECS] = False
    """Whether the jobs of a run on this machine start as forks of a process that has imported torch and transformers,
    which saves about four seconds of processor time for each. Linux only. Not part of any fingerprint."""
    reproducible_cpu: Annotated[bool, NOT_IN_SPECS] = False
    """Whether jobs that compute on a CPU use one thread and no instructions beyond AVX2, so that their results depend
    less on the processor. Not part of any fingerprint."""
    training: Training = Training()
    """Default recipe of every stage."""
    encoders: dict[Name, Encoder] = {}
    """Encoders, by name."""
    stages: dict[Word, Stage] = {}
    """Stages, by name. A stage that is not listed trains on the task with its name."""
    objectives: dict[Word, Objective] = {}
    """Training objectives that stages can name, by name."""
    targets: dict[Word, Target] = {}
    """Targets, by name. A target that is not listed evaluates the task with its name."""
    tasks: dict[Name, TaskSettings] = {}
    """Settings of tasks, by name of the task."""

    def stage(self, name: str) -> Stage:
        """The block of a stage: its own settings, then those of the stage that it is like, then those of `training`.

        Raises:
            ConfigError: stages are like each other in a circle.
        """
        line = self.lineage(name)
        blocks = [self.training.model_dump()]
        blocks += [self.stages[one].model_dump(exclude_unset=True) for one in reversed(line) if one in self.stages]
        stage = Stage(**{key: value for block in blocks for key, value in block.items()})
        return stage if stage.tasks else stage.model_copy(update={"tasks": (line[-1],)})

    def lineage(self, name: str) -> tuple[str, ...]:
        """A stage, the one that it is like, the one that this is like, and so on.

        Raises:
            ConfigError: stages are like each other in a circle.
        """
        line = [name]
        while (block := self.stages.get(line[-1])) and block.like:
            if block.like in line:
                raise ConfigError(
                    f"stages.{name}.like", block.like, f"{' is like '.join((*line, block.like))}; remove one"
                )
            line.append(block.like)
        return tuple(line)

    def task(self, name: str) -> TaskSettings:
        """The complete settings of a task: its own, and the top-level ones for the others."""
        own = self.tasks.get(name, TaskSettings())
        limit = Limit(**{**self.limit.model_dump(), **own.limit.model_dump(exclude_unset=True)})
        return own.model_copy(update={"limit": limit, "source": own.source or ("local" if own.local else self.source)})


def parse(
    raw: Mapping[str, Any], files: Iterable[Path | str] = (), command_line: Mapping[str, Any] = MappingProxyType({})
) -> Config:
    """Validate a configuration.

    Args:
        raw: the merged configuration, as YAML values.
        files: the files that it was merged from; the last one takes precedence. Errors name their lines.
        command_line: the settings of the command line, which override the files and are already part of `raw`.

    Raises:
        ConfigError: the first invalid setting, with its key, line and value and what is allowed.
        UserError: a file is not valid YAML, gives a key twice, or has a value that YAML would misread.
    """
    present = [file for file in map(Path, files) if file.is_file()]
    for file in present:
        require_unambiguous(file)
    try:
        for keys, text in mistakes.unwritable(raw):
            raise ConfigError(".".join(keys), text, mistakes.UNWRITABLE, origin=mistakes.origin(keys, raw, present))
        return Config.model_validate(with_one_place(raw, present, command_line))
    except ValidationError as error:
        # Of the types that a value may have, the one is meant whose error lies deepest within the value.
        located = [(one, mistakes.keys(one, raw)) for one in error.errors()]
        _, above = located[0]
        located = [pair for pair in located if pair[1][: len(above)] == above]
        meant = [pair for pair in located if not mistakes.is_of_another_type(pair[0])] or located
        first, keys = max(meant, key=lambda pair: len(pair[1]))
        # A value that may be of several types has an error for each.
        same = [one for one, its in meant if one["loc"][:-1] == first["loc"][:-1] and its == keys]
        raise ConfigError(
            ".".join(keys) or "(top level)",
            mistakes.found(first, keys),
            mistakes.problem(same, keys, Config),
            mistakes.allowed(first, keys, Config),
            mistakes.origin(keys, raw, present),
        ) from None
