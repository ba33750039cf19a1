"""Training a stage: the encoder of a parent checkpoint with a new head for each task, trained on their mixture."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import mean

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.utils import broadcast_object_list, gather_object, set_seed
from transformers import PreTrainedModel

from xstilts import metrics
from xstilts.config import Stage
from xstilts.errors import UserError
from xstilts.features import arrow
from xstilts.models import dropout, encoders, kept_heads, lm_heads, precision, tokenization
from xstilts.models.fitting import require_fit
from xstilts.paths import TRAINING_RECORD
from xstilts.prediction.forward import decoded
from xstilts.runtime import devices, memory
from xstilts.runtime.timing import GOING_ON, device_name
from xstilts.sources import shapes
from xstilts.store.entries import PRECISION
from xstilts.store.jsonfiles import write_json
from xstilts.training import history, masked_lm, mixture, objectives, states
from xstilts.training.batches import BatchSampler
from xstilts.training.data import TaskData
from xstilts.training.feed import Feed
from xstilts.training.loop import DevScores, Loop
from xstilts.training.model import StageModel
from xstilts.training.resume import Saver
from xstilts.training.states import Progress, State
from xstilts.training.tracking import UNTRACKED, Tracking, shown

EXECUTED = "executed.json"
"""The file in the folder of training states that says how a finished training was executed."""

RESUMED_FROM = "resumed_from"
"""The key in this file of the number of steps that earlier attempts completed."""


@dataclass(frozen=True)
class Execution:
    """How a training is executed, apart from its recipe.

    Args:
        tokens: the maximum number of padded tokens in a micro-batch on one device; None to derive it from the memory.
        minutes: the time between two saved states; 0 to save a state at each evaluation.
        tracking: the experiment trackers.
    """

    tokens: int | None = None
    minutes: float = 10
    tracking: Tracking = UNTRACKED


def train(
    stage: Stage,
    parent: encoders.Checkpoint,
    data: dict[str, TaskData],
    output: Path,
    scratch: Path,
    *,
    seed: int,
    execution: Execution,
    root: encoders.Checkpoint | None = None,
    heads: Mapping[str, str | None] | None = None,
) -> None:
    """Train a stage and write its checkpoint, in one or several processes connected by `torch.distributed`.

    Args:
        data: by task, in the order of the stage.
        output: an empty folder for the Hugging Face checkpoint and `training.json`, the dev scores.
        scratch: the folder of training states, locked by `exclusive`; a later call resumes from there.
        root: the pretrained encoder, from which masked language modelling takes its head; by default the parent.
        heads: the task of the parent whose head a task starts with, by task; None for a new head. By default all heads
            are new, and nothing is recorded.

    If the dev set of a task is unlabelled in one of its languages, as in XTREME's download of TyDiQA, checkpoints are
    not selected by dev score, and the checkpoint of the last step is kept.

    Raises:
        UserError: the encoder cannot process the features, the device does not support the precision or has too little
            memory, the tasks were encoded by different tokenizers, the training diverges, or a signal interrupted it
            (its state is saved).
    """
    execution.tracking.require_installed()
    accelerator = _accelerator()
    state = _last_state(accelerator, scratch)
    set_seed(seed)
    tokenizer = tokenization.shared({name: d.tokenizer for name, d in data.items()})
    pad_token_id = tokenization.pad_token_id(tokenizer)
    data = {n: d.with_masked_dev(tokenization.vocabulary(tokenizer)) if d.is_masked_lm else d for n, d in data.items()}
    kept = heads or {}
    model = StageModel(
        {name: _with_head(parent, root or parent, stage, d, pad_token_id, kept.get(name)) for name, d in data.items()}
    )
    # Dropout differs between processes.
    set_seed(seed + accelerator.process_index)
    # Earlier releases used torch's DataLoader, which draws a number before its first batch.
    torch.empty((), dtype=torch.int64).random_()
    feed = Feed(data, _sampler(stage, data, seed), pad_token_id, accelerator, objectives.keys(stage.robust, seed))
    progress = _progress(stage, execution, scratch, state, feed, model, accelerator.device)
    if accelerator.is_main_process:
        _announce(stage, progress, kept)
    score = partial(_scores, model, data, pad_token_id, progress.precision) if _selects(data) else None
    with _enough_memory(), Saver(scratch) as saver:
        loop = Loop(accelerator, model, stage, feed, saver, progress, score=score, minutes=execution.minutes)
        if state:
            loop.resume(state)
            # It is three times as large as the model, and its files are mapped, so that NFS could not remove them.
            del state
        with shown(execution.tracking, progress.step, feed.steps, accelerator.is_main_process) as course:
            loop.run(course)
    if accelerator.is_main_process:
        _load_best(model, scratch, loop.progress)
        model.save(output)
        tokenization.copy_tokenizer(tokenizer, output)
        found = history.record(loop.progress.step, feed.steps, loop.progress.evaluations, heads)
        (output / TRAINING_RECORD).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        executed = _executed(accelerator.device, loop.progress, progress.step)
        write_json(scratch / EXECUTED, executed | ({history.HEADS: dict(heads)} if heads is not None else {}))


def _announce(stage: Stage, progress: Progress, heads: Mapping[str, str | None]) -> None:
    """Print to the log how the training computes, and what it starts with."""
    most = f"at most {progress.tokens} tokens in a micro-batch"
    print(f"Training in {progress.precision} on {device_name()}, with {most}.", flush=True)
    for name, source in heads.items():
        print(f"{name} starts with {f'the head of {source}' if source else 'a new head'}.", flush=True)
    if stage.robust and stage.robust.needs_float32:
        print(f"The objective {stage.robust.method} requires float32, whatever 'precision' is.", flush=True)


@contextmanager
def _enough_memory() -> Iterator[None]:
    """Report that the device is out of memory outside the steps of a training, which halve their token budget."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise UserError(
            "the model, the state of its training or an evaluation does not fit into the memory of the device beside "
            "what else is there. Set jobs_per_gpu to 1, end other programs that use the device, or use a device with "
            "more memory. The next run resumes from the last saved state."
        ) from None


def _accelerator() -> Accelerator:
    """The device of this process, and its connection to the other processes."""
    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    return Accelerator(cpu=not torch.accelerator.is_available(), mixed_precision="no", kwargs_handlers=[unused])


def _with_head(
    parent: encoders.Checkpoint,
    root: encoders.Checkpoint,
    stage: Stage,
    data: TaskData,
    pad_token_id: int,
    source: str | None,
) -> PreTrainedModel:
    """The model of a task with its head, once it is known to fit the task's features.

    Args:
        source: the task of the parent whose head is kept; None for a new one.
    """
    if data.is_masked_lm:
        model = lm_heads.with_lm_head(parent, root, data.kind, data.task, stage.head)
        masked_lm.require_words(model, tokenization.vocabulary(data.tokenizer), parent.name)
    elif source:
        model = kept_heads.with_kept_head(parent, data.kind, data.task, source)
    else:
        model = encoders.with_fresh_head(parent, data.kind, data.task)
    if stage.dropout is not None:
        model = dropout.changed(model, stage.dropout, parent.name)
    if stage.robust and stage.robust.method == "rdrop":
        dropout.require(model, parent.name)
    for features_of_split in (data.train, *(rows for _, rows in data.dev.values())):
        require_fit(model, features_of_split, pad_token_id, parent.name)
    return model


def _sampler(stage: Stage, data: dict[str, TaskData], seed: int) -> BatchSampler:
    sizes, masked = {name: d.train.num_rows for name, d in data.items()}, [n for n, d in data.items() if d.is_masked_lm]
    return BatchSampler(
        lengths={name: arrow.lengths(d.train) for name, d in data.items()},
        weights=mixture.shares(stage, sizes),
        steps=mixture.steps(stage, sizes, masked),
        batch_size=stage.batch_size,
        seed=seed,
        schedule=mixture.schedule(stage, sizes),
        streams={name: data[name].sizes for name in masked},
        exponent=stage.language_exponent,
    )


def _last_state(accelerator: Accelerator, scratch: Path) -> State | None:
    """The state from which the training resumes, the same in all processes; what was written after it is removed.

    Its step is printed to the log.
    """
    folder = None
    if accelerator.is_main_process:
        folder = states.last(scratch)
        states.discard_after(scratch, folder)
        if folder:
            print(GOING_ON.format(states.progress(folder).step), flush=True)
    (folder,) = broadcast_object_list([folder])
    return states.load(folder) if folder else None


def _progress(
    stage: Stage,
    execution: Execution,
    scratch: Path,
    state: State | None,
    feed: Feed,
    model: StageModel,
    device: torch.device,
) -> Progress:
    """The progress at the start: precision and token budget are those of the state, if there is one."""
    word = precision.FP32 if stage.robust and stage.robust.needs_float32 else stage.precision
    if state:
        computed = precision.resumed(state.progress.precision, word, device, scratch)
    else:
        computed = precision.resolved(word, device)
    # Processes may have GPUs of different kinds.
    if precision.FP32 in gather_object([computed]):
        computed = precision.FP32
    precision.allow_tf32(computed, device)
    graphs = 2 if stage.robust and stage.robust.two_graphs else 1
    chosen = execution.tokens or (None if state else _budget(model, computed, device) // graphs)
    # An earlier attempt may have halved the budget, one that is set too.
    before = state.progress.tokens if state else None
    own = min(tokens for tokens in (chosen, before, states.budget(scratch)) if tokens)
    tokens = min(gather_object([own]))
    if execution.tokens and execution.tokens < feed.longest:
        raise UserError(
            f"tokens_per_device {execution.tokens}: the longest row of the training data has {feed.longest} tokens, so "
            f"that it does not fit into a micro-batch. Set tokens_per_device to at least {feed.longest}, or remove it, "
            "so that it is derived from the memory of the device."
        )
    if state:
        return replace(state.progress, tokens=tokens)
    return Progress(0, [], tokens, computed)


def _budget(model: StageModel, computed: str, device: torch.device) -> int:
    """The padded tokens of a micro-batch that fit into the memory of the device."""
    if device.type != "cuda":
        return memory.CPU_TOKENS
    try:
        shape = shapes.of_config(model.encoder.config.to_dict())
    except UserError:
        tokens = memory.PLACE_TOKENS
        print(f"The memory that this encoder needs is unknown. Micro-batches have at most {tokens} tokens.", flush=True)
        return tokens
    total = torch.cuda.get_device_properties(device).total_memory
    words = model.encoder.config.vocab_size if model.predicts_words else 0
    return memory.token_budget(total, devices.places(), shape, computed, words)


def _selects(data: dict[str, TaskData]) -> bool:
    """Whether checkpoints can be selected by dev score; if not, the log says why."""
    unlabelled = [f"{name} in {', '.join(langs)}" for name, d in data.items() if (langs := d.unlabelled_dev())]
    if unlabelled:
        print(f"No dev labels: {'; '.join(unlabelled)}. The checkpoint of the last step is kept.", flush=True)
    return not unlabelled


def _scores(model: StageModel, data: dict[str, TaskData], pad_token_id: int, computed: str) -> DevScores:
    """The main dev score of each task, in percent, and the loss of masked language modelling: means over languages.

    Raises:
        NotFiniteError: an output of the model is not finite.
    """
    labelled, masked = ({n: d for n, d in data.items() if d.is_masked_lm == kind} for kind in (False, True))
    scores = {name: _main_score(model.models[name], d, pad_token_id, computed) for name, d in labelled.items()}
    losses = {
        name: mean(masked_lm.losses(model.models[name], d, pad_token_id=pad_token_id, precision=computed).values())
        for name, d in masked.items()
    }
    return scores, losses


def _main_score(model: PreTrainedModel, data: TaskData, pad_token_id: int, computed: str) -> float:
    metric = metrics.load(data.task.metric)
    predictions = decoded(
        model, data.kind, data.task, data.dev, data.settings, pad_token_id=pad_token_id, precision=computed
    )
    units = [metric.per_example(data.dev[lang][0], found, lang) for lang, found in predictions.items()]
    scores = [float(metric.main_score(metrics.score(metric, one))) for one in units]
    return sum(scores) / len(scores)


def _load_best(model: StageModel, scratch: Path, progress: Progress) -> None:
    best = history.best_step(progress.evaluations)
    if best is not None and best != progress.step:
        model.load_state_dict(states.load_best(scratch, best))


def _executed(device: torch.device, progress: Progress, begun: int) -> dict:
    """How the training was executed; `begun` is the number of steps of earlier attempts."""
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    return {
        PRECISION: progress.precision,
        "tokens_per_device": progress.tokens,
        "peak_memory": peak,
        RESUMED_FROM: begun,
    }
