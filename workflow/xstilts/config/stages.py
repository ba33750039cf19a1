"""The settings of trainings: recipes, stages, and the stages of targets."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator
from pydantic.json_schema import SkipJsonSchema

from xstilts.config.numbers import REAL, WHOLE, Count, Fraction, Positive
from xstilts.config.objectives import Objective
from xstilts.config.settings import NOT_IN_SPECS, InSpecs, Settings, is_spec
from xstilts.names import WORD

Word = Annotated[str, Field(pattern=rf"^{WORD}$", max_length=80)]
"""A name that may be combined with languages, as in `mnli@de+zh`: lowercase letters, digits and `_`, `.`, `-`."""

Precision = Literal["mixed", "fp32", "bf16"]

PRETRAINED: Literal["pretrained"] = "pretrained"
"""The value of `head` for the head of the pretrained encoder."""

SHUFFLED: Literal["shuffled"] = "shuffled"
BLOCKS: Literal["blocks"] = "blocks"
"""The values of `schedule`: a random order, and one task after the other."""

WEIGHTS: Literal["weights"] = "weights"
"""The strategy in which the configuration gives the share of each task."""


class Sampling(Settings):
    """How a stage with several tasks chooses the task of the next optimiser step."""

    strategy: Literal["proportional", "uniform", "temperature", "capped", "weights"] = "proportional"
    """Weight of a task with n training rows when the task of a step is drawn: n (`proportional`), 1 (`uniform`),
    min(n, `cap`)^(1/`temperature`) (`temperature`), or min(n, `cap`) (`capped`). With `weights`, each task has the
    share of the steps that `weights` gives it, in random order."""
    temperature: Annotated[float, Field(ge=0.1), REAL] = 1.0
    """Temperature of the strategy `temperature`: 1 is proportional, higher values approach uniform sampling."""
    cap: Count | None = None
    """Maximum number of rows that count as n, for the strategies `capped`, which requires it, and `temperature`;
    `null` for no maximum."""
    weights: Annotated[dict[str, Positive], InSpecs(neutral={})] = {}
    """Shares of the tasks in the steps for the strategy `weights`, which requires them, such as
    `{mnli: 0.8, mlm: 0.2}`. They are divided by their sum."""
    schedule: Annotated[Literal["shuffled", "blocks"] | None, InSpecs(neutral=None)] = None
    """Order of the steps. `null` draws the task of each step, which gives each task its share of the steps on average.
    `shuffled`, a random order, and `blocks`, one task after the other, give each task its exact share, up to rounding,
    and its rows in the same order. The strategy `weights` without a schedule is `shuffled`. The best checkpoint of
    `blocks` may be from before the last block; an `evaluate_every` of at least all steps keeps the last checkpoint."""
    order: Annotated[tuple[str, ...], InSpecs(neutral=())] = ()
    """The schedule `blocks`: the tasks of the stage in the order of their blocks; by default the order of `tasks`. The
    rows of each task depend on the order of `tasks`, and not on this one."""
    overlap: Annotated[float, Field(ge=0, le=2), REAL, InSpecs(neutral=0.0)] = 0.0
    """The schedule `blocks`: how far the blocks extend into each other. Before the steps are sorted, each moves towards
    the end by a random distance of up to this multiple of the whole training. 0 for separate blocks; at 2, the tasks
    are mixed except at the beginning and the end."""

    @model_validator(mode="after")
    def _capped_needs_a_cap(self) -> Self:
        if self.strategy == "capped" and self.cap is None:
            raise ValueError("the strategy 'capped' requires 'cap', a number of rows such as 131072")
        return self

    @model_validator(mode="after")
    def _weights_and_strategy_belong_together(self) -> Self:
        if (self.strategy == "weights") != bool(self.weights):
            raise ValueError(
                "the strategy 'weights' requires 'weights', such as {mnli: 0.8, mlm: 0.2}, and no other one takes them"
            )
        return self

    @model_validator(mode="after")
    def _only_blocks_have_an_order(self) -> Self:
        if (self.order or self.overlap) and self.schedule != BLOCKS:
            given = "order" if self.order else "overlap"
            raise ValueError(f"{given!r} is for 'schedule: blocks' only; set it, or remove {given!r}")
        return self


class RelativeSteps(Settings):
    """A number of optimiser steps relative to that of another stage."""

    like: Word
    """Stage whose steps are counted, in the languages of this one if its name gives any. If they follow from epochs,
    it must train on the same tasks, languages and rows."""
    times: Annotated[float, Field(gt=0, le=1_000_000), REAL] = 1.0
    """Factor by which the steps of that stage are multiplied; the result is rounded up."""


class CountedSteps(Settings):
    """A multiple of the steps that the epochs of a stage would take with another batch size or sampling.

    It takes the place of `RelativeSteps` in specs if the stage that is counted has no number of steps.
    """

    times: Annotated[float, Field(gt=0, le=1_000_000), REAL, InSpecs(neutral=1.0)] = 1.0
    """Factor by which the steps are multiplied; the result is rounded up."""
    batch_size: Annotated[Count | None, InSpecs(neutral=None)] = None
    """Rows per step; `null` for those of the stage."""
    sampling: Annotated[Sampling | None, InSpecs(neutral=None)] = None
    """How tasks are sampled; `null` for the sampling of the stage."""


def _relative_to_a_stage(steps: object, info: ValidationInfo) -> object:
    """Check that a configuration names the stage to which a number of steps is relative; specs need not."""
    if isinstance(steps, CountedSteps) and not is_spec(info):
        raise ValueError("the key 'like' is missing, the stage whose steps are counted")
    return steps


class Training(Settings):
    """Training recipe of a stage."""

    languages: tuple[str, ...] = ("en",)
    """Languages of the training and dev data. A task that has training data in a single language other than English is
    trained in that language, unless this is set."""
    learning_rate: Positive = 1e-5
    """Peak learning rate of AdamW."""
    epochs: Annotated[float, Field(gt=0, le=1_000_000), REAL] = 3.0
    """Number of passes over the training rows; may be fractional."""
    batch_size: Annotated[int, Field(gt=0, le=2**20), WHOLE] = 32
    """Rows per optimiser step, over all micro-batches and GPUs."""
    warmup: Fraction | Count = 0.1
    """Optimiser steps over which the learning rate rises linearly from 0: a fraction of all steps if less than 1,
    otherwise a number of steps. The rate then falls linearly to 0."""
    weight_decay: Annotated[float, Field(ge=0), REAL] = 0.01
    """Weight decay of AdamW; biases and layer norms are exempt."""
    adam_epsilon: Positive = 1e-8
    """Epsilon of AdamW."""
    max_grad_norm: Annotated[Positive, InSpecs("max_gradient_norm")] = 1.0
    """Maximum norm of the gradient; larger gradients are clipped to it."""
    evaluate_every: Count = 1000
    """Optimiser steps between two evaluations on the dev data. The last step is always evaluated."""
    patience: Count = 30
    """Early stopping: training ends after this many evaluations without a better dev score."""
    dev_examples: Count | None = 500
    """Maximum number of dev examples per task and language in an evaluation, the first ones; `null` for all."""
    precision: Precision = "mixed"
    """Precision of training, evaluation and prediction. `fp32` computes in float32. `bf16` computes in bfloat16 where
    that is safe and keeps weights and optimiser state in float32; a GPU without bfloat16 in hardware is an error.
    `mixed` is `bf16` on GPUs with bfloat16 in hardware, and `fp32` on other GPUs and on CPUs."""
    rows: Annotated[Count | None, InSpecs(neutral=None)] = None
    """Number of training examples of each task and language; `null` for all. A smaller number selects a part of what a
    larger one does, and the same examples in every language of parallel data. More than there are is an error."""
    languages_share: Annotated[Literal["full", "split"], InSpecs(neutral="full")] = "full"
    """How training data in several languages are used. `full` trains on every example in every language; `split` on
    every example once: of the translations of an example, one is drawn at random, so that more languages mean neither
    more rows nor more steps. With `split`, `rows` is the number of all languages together, in equal parts if their data
    are no translations of each other. Plain text is not shared."""
    select_on: Annotated[Literal["languages", "en"], NOT_IN_SPECS] = "languages"
    """Dev data that select the checkpoint: those in the languages of the training data (English ones for a task without
    dev data in any of them), or `en`, the English ones of every task that has some. Part of the fingerprint of these
    data."""
    steps: Annotated[
        Count | RelativeSteps | SkipJsonSchema[CountedSteps] | None,
        AfterValidator(_relative_to_a_stage),
        InSpecs(neutral=None),
    ] = None
    """Number of optimiser steps, instead of `epochs`; `null` to derive it from `epochs`. A stage that only trains on
    plain text (`mlm`, `tlm`) requires it. A block gives it relative to another stage: `{like: mnli, times: 3}`."""
    dropout: Annotated[Fraction | None, InSpecs(neutral=None)] = None
    """Dropout of the encoder and the head in this training, everywhere where the architecture has one; `null` for that
    of the encoder's config.json, which the trained checkpoint keeps."""
    gpus: Annotated[Count, NOT_IN_SPECS] = 1
    """Number of GPUs that share a batch; must divide `batch_size`. Not part of any fingerprint."""


class Stage(Training):
    """A training run that turns a parent checkpoint into a child checkpoint."""

    like: Annotated[Word | None, NOT_IN_SPECS] = None
    """Stage whose settings this one inherits, except those that it sets itself; `null` for those of `training`. A
    block, such as `sampling`, is inherited as a whole or not at all."""
    tasks: tuple[str, ...] = ()
    """Tasks to train on jointly. By default the task with the name of the stage. `mnli@de+zh` is MNLI in German and
    Chinese, whatever `languages` is."""
    sampling: Sampling = Sampling()
    """How the task of the next optimiser step is chosen in a stage with several tasks."""
    select_by: Annotated[tuple[str, ...], InSpecs(neutral=())] = ()
    """Tasks of the stage whose dev scores select the checkpoint. By default all tasks but masked language modelling
    (`mlm`, `tlm`); a stage without others selects the checkpoint by its loss. Scores and losses cannot be combined."""
    objective: Annotated[Word | Objective | None, InSpecs(neutral=None)] = None
    """Training objective: a name of `objectives`, or a block of that form; `null` for plain training, the mean
    cross-entropy."""
    language_exponent: Annotated[float, Field(ge=0, le=1), REAL, InSpecs(neutral=0.3)] = 0.3
    """Masked language modelling: each step has rows of one language, which is drawn with a probability proportional to
    the number of its rows, raised to this exponent. 0 draws all languages equally often, 1 in proportion to their rows.
    XLM-R was trained with 0.3."""
    head: Annotated[Literal["pretrained", "new"], InSpecs(neutral=PRETRAINED)] = PRETRAINED
    """Masked language modelling: whether to start from the head of the pretrained encoder, also if other stages precede
    this one, or from a random initialisation (`new`), which encoders without a pretrained head require, such as
    RemBERT and mDeBERTa."""

    keep_head: Annotated[bool, InSpecs(neutral=False)] = False
    """Whether to start from the heads of the stage before, with the pooler that they read, instead of new ones. A task
    starts with the head of the same task, or else with the only one of its kind; for classification and tagging, only
    if the labels are the same in the same order. A task for which there is none starts with a new head, which
    `training.json` says. Masked language modelling has `head` instead."""

    @property
    def robust(self) -> Objective | None:
        """The objective of a complete recipe (`xstilts.recipes.recipe`), in which it is never a name."""
        assert not isinstance(self.objective, str)
        return self.objective


class Target(Settings):
    """An evaluated task and the training for it."""

    task: str | None = None
    """Task to evaluate; `null` for the task with the name of the target."""
    stage: str | None = None
    """Stages that follow the intermediate, such as `siqa/copa` or `pawsx@de`; the last one must train on one task
    whose head predicts for `task`: of the same kind, and with the same labels. `null` for the stage with the name of
    the task of the target's training data, such as `mnli` for XNLI."""
    languages: tuple[str, ...] | None = None
    """Languages to evaluate in; `null` for `languages` of the task."""
    perturbation: str | None = None
    """Perturbation of the test text, such as `typos10`, or several, such as `mixed_language+typos10`; `null` for none.
    `xnli+typos10` in `grid.targets` is the target `xnli` with this setting."""
