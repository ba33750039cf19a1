"""Training of a stage: from a parent checkpoint and the features of its tasks to a child checkpoint."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import torch
from accelerate.utils import broadcast_object_list
from safetensors.torch import load_model
from torch.utils.data import DataLoader, Dataset
from transformers import (
    EarlyStoppingCallback,
    PreTrainedModel,
    Trainer,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)
from transformers.utils import SAFE_WEIGHTS_NAME

from xstilts import metrics
from xstilts.errors import UserError
from xstilts.features import arrow
from xstilts.features.batching import has_gold
from xstilts.models import encoders, tokenization
from xstilts.models.finite import NotFiniteError, Watch, require_finite
from xstilts.models.fitting import require_fit
from xstilts.paths import TRAINING_RECORD
from xstilts.prediction.forward import decoded
from xstilts.sources.columns import GOLD_COLUMN
from xstilts.task import Task
from xstilts.training.batches import BatchSampler, micro_batch_size, optimiser_steps, probabilities
from xstilts.training.interruption import interruptible
from xstilts.training.model import StageModel
from xstilts.training.resume import Sealing, best_weights, final_state, last_checkpoint
from xstilts.training.tracking import UNTRACKED, Tracking

if TYPE_CHECKING:
    from xstilts.config import Stage
    from xstilts.kinds import Kind, Lengths

SCORE = "eval_score"


@dataclass(frozen=True)
class TaskData:
    """The data of one task of a stage.

    Args:
        train: features of the training rows of all languages.
        dev: examples and features of the dev rows, by language.
        settings: the length settings of the features.
        tokenizer: the folder of the tokenizer of the features.
    """

    task: Task
    kind: "Kind"
    train: pa.Table
    dev: dict[str, tuple[pa.Table, pa.Table]]
    settings: "Lengths"
    tokenizer: Path

    def unlabelled_dev(self) -> list[str]:
        """The languages whose dev rows are unlabelled, so that checkpoints cannot be selected by dev score."""
        return [lang for lang, (examples, _) in self.dev.items() if not has_gold(examples, GOLD_COLUMN[self.task.kind])]


def train(
    stage: "Stage",
    parent: encoders.Checkpoint,
    data: dict[str, TaskData],
    output: Path,
    scratch: Path,
    *,
    seed: int,
    micro_batch: int,
    processes: int = 1,
    tracking: Tracking = UNTRACKED,
) -> None:
    """Train a stage and write its checkpoint.

    Args:
        data: by task, in the order of the stage.
        output: an empty folder for the Hugging Face checkpoint and `training.json`, the dev scores.
        scratch: the folder of training states, locked by `exclusive`; a later call resumes from there.
        micro_batch: the maximum number of rows in a micro-batch on one device.
        processes: the number of processes that call this function, connected by `torch.distributed`, each with its own
            device.
        tracking: the experiment trackers.

    If the dev set of a task is unlabelled in one of its languages, as in XTREME's download of TyDiQA, checkpoints are
    not selected by dev score, and the checkpoint of the last step is kept.

    Raises:
        UserError: the encoder cannot process the features, the device does not support the precision, the tasks were
            encoded by different tokenizers, the training diverges, or a signal interrupted it (its state is saved).
    """
    set_seed(seed)
    tokenizer = tokenization.shared({name: d.tokenizer for name, d in data.items()})
    pad_token_id = tokenization.pad_token_id(tokenizer)
    model = StageModel({name: _with_fresh_head(parent, d, pad_token_id) for name, d in data.items()})
    sampler = _sampler(stage, data, seed, micro_batch_size(stage.batch_size, micro_batch, processes))
    unlabelled = [f"{name} in {', '.join(langs)}" for name, d in data.items() if (langs := d.unlabelled_dev())]
    selecting = not unlabelled
    if unlabelled:
        print(f"No dev labels: {'; '.join(unlabelled)}. The checkpoint of the last step is kept.", flush=True)
    trainer = StageTrainer(
        model=model,
        args=_arguments(stage, sampler, scratch, seed, selecting, processes, tracking),
        data=data,
        sampler=sampler,
        pad_token_id=pad_token_id,
        precision=stage.precision,
        callbacks=[Sealing(), *([EarlyStoppingCallback(stage.patience)] if selecting else [])],
    )
    # Dropout differs between processes.
    set_seed(seed + trainer.args.process_index)
    checkpoint = last_checkpoint(scratch)
    if checkpoint and (state := final_state(checkpoint)):
        load_model(model, best_weights(checkpoint))
        trainer.state = state
    else:
        with interruptible(trainer):
            trainer.train(resume_from_checkpoint=checkpoint)
        _require_best(trainer.state)
    if trainer.is_world_process_zero():
        model.save(output)
        tokenization.copy_tokenizer(tokenizer, output)
        (output / TRAINING_RECORD).write_text(json.dumps(_record(trainer.state), indent=2) + "\n", encoding="utf-8")


def _with_fresh_head(parent: encoders.Checkpoint, data: TaskData, pad_token_id: int) -> PreTrainedModel:
    """The model of a task with a new head, once it is known to fit the task's features."""
    model = encoders.with_fresh_head(parent, data.kind, data.task)
    for features_of_split in (data.train, *(rows for _, rows in data.dev.values())):
        require_fit(model, features_of_split, pad_token_id, parent.name)
    return model


def _require_best(state: TrainerState) -> None:
    """Check that the best state exists: without it, the Trainer only warns and uses the last weights."""
    best = state.best_model_checkpoint
    if best and not (Path(best) / SAFE_WEIGHTS_NAME).is_file():
        raise UserError(
            f"{best}: the state with the best dev score was removed during the training. Start snakemake again to "
            "resume the training from the remaining states."
        )


def _sampler(stage: "Stage", data: dict[str, TaskData], seed: int, micro_batch: int) -> BatchSampler:
    sampling, sizes = stage.sampling, [d.train.num_rows for d in data.values()]
    return BatchSampler(
        lengths={name: arrow.lengths(d.train) for name, d in data.items()},
        weights=probabilities(sizes, sampling.strategy, sampling.temperature, sampling.cap),
        steps=optimiser_steps(sizes, stage.epochs, stage.batch_size, sampling.strategy, sampling.cap),
        rows=stage.batch_size,
        micro_batch=micro_batch,
        seed=seed,
    )


def _arguments(
    stage: "Stage",
    sampler: BatchSampler,
    scratch: Path,
    seed: int,
    selecting: bool,
    processes: int,
    tracking: Tracking,
) -> TrainingArguments:
    if stage.precision == "bf16" and torch.cuda.is_available() and not torch.cuda.is_bf16_supported():
        raise UserError("precision 'bf16': this GPU does not support bfloat16; set 'precision: fp32' for the stage.")
    return TrainingArguments(
        output_dir=str(scratch),
        max_steps=sampler.steps,
        per_device_train_batch_size=sampler.micro_batch,
        gradient_accumulation_steps=sampler.rows // (sampler.micro_batch * processes),
        learning_rate=stage.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=stage.warmup,
        weight_decay=stage.weight_decay,
        adam_epsilon=stage.adam_epsilon,
        max_grad_norm=stage.max_grad_norm,
        bf16=stage.precision == "bf16",
        seed=seed,
        eval_strategy="steps" if selecting else "no",
        eval_steps=stage.evaluate_every,
        save_strategy="steps",
        save_steps=stage.evaluate_every,
        load_best_model_at_end=selecting,
        metric_for_best_model=SCORE if selecting else None,
        greater_is_better=True,
        restore_callback_states_from_checkpoint=True,
        # By default the Trainer replaces a loss that is not finite by a mean of earlier losses in its log.
        logging_nan_inf_filter=False,
        logging_steps=max(1, min(50, sampler.steps // 10)),
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        use_cpu=not torch.accelerator.is_available(),
        **tracking.arguments(),
    )


def _record(state: TrainerState) -> dict:
    """The dev scores of all evaluations and the best of them, without anything that depends on the machine's speed."""
    evaluations = [
        {key.removeprefix("eval_"): entry[key] for key in sorted(entry) if key.startswith("eval_") or key == "step"}
        for entry in state.log_history
        if SCORE in entry
    ]
    best = max(evaluations, key=lambda entry: entry["score"], default=None)
    return {"steps": state.global_step, "planned_steps": state.max_steps, "best": best, "evaluations": evaluations}


class StageTrainer(Trainer):
    """A Trainer that draws micro-batches from several tasks and evaluates with the tasks' own metrics.

    If a loss, a gradient, a weight or an output is not finite, it stops before it logs, evaluates or saves.
    """

    control: TrainerControl

    def __init__(
        self, *, data: dict[str, TaskData], sampler: BatchSampler, pad_token_id: int, precision: str, **rest: Any
    ) -> None:
        # The Trainer requires a dev set to call `evaluate`, which uses `data` instead.
        super().__init__(eval_dataset=list(data), **rest)
        self.data, self.sampler = data, sampler
        self.pad_token_id, self.precision = pad_token_id, precision
        self.watch = Watch()

    def get_train_dataloader(self) -> DataLoader:
        """The micro-batches in the order of the sampler, distributed over the processes in turn."""
        rows = _Rows({name: d.train for name, d in self.data.items()})
        loader = DataLoader(rows, batch_sampler=self.sampler, collate_fn=self._collate)
        return self.accelerator.prepare(loader)

    def _collate(self, rows: list[tuple[str, dict]]) -> dict[str, object]:
        task = rows[0][0]
        batch = self.data[task].kind.collate([row for _, row in rows], self.pad_token_id)
        return {"task": task, **{key: torch.from_numpy(array) for key, array in batch.items()}}

    def training_step(self, *arguments: Any, **keywords: Any) -> torch.Tensor:
        """Train on a micro-batch and return its loss."""
        loss = super().training_step(*arguments, **keywords)
        self.watch.add(self.state.global_step + 1, loss)
        return loss

    def _get_grad_norm(self, *arguments: Any, **keywords: Any) -> torch.Tensor:
        norm = super()._get_grad_norm(*arguments, **keywords)
        self.watch.add(self.state.global_step + 1, norm)
        return norm

    def log(self, *arguments: Any, **keywords: Any) -> None:
        """Log values, once losses and gradients are known to be finite."""
        self._require_finite_steps()
        super().log(*arguments, **keywords)

    def save_model(self, *arguments: Any, **keywords: Any) -> None:
        """Save the weights, once they are known to be finite."""
        self._require_finite_steps()
        try:
            require_finite(self.model.state_dict())
        except NotFiniteError as error:
            raise _diverged(self.state.global_step, str(error)) from None
        super().save_model(*arguments, **keywords)

    def _require_finite_steps(self) -> None:
        if step := self.watch.first_bad_step():
            raise _diverged(step, "the loss or the gradient is not finite.")

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """The dev score of each task, in percent, and their mean, by which the checkpoint is selected."""
        self._require_finite_steps()
        try:
            main_scores = {name: self._main_score(name, d) for name, d in self.data.items()}
        except NotFiniteError as error:
            raise _diverged(self.state.global_step, str(error)) from None
        # All processes use the scores of one, so that they agree on the best checkpoint.
        (main_scores,) = broadcast_object_list([main_scores])
        scores = {f"eval_{name}": value for name, value in main_scores.items()}
        scores[SCORE] = sum(main_scores.values()) / len(main_scores)
        self.log(scores)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, scores)
        return scores

    def _main_score(self, name: str, data: TaskData) -> float:
        model, metric = self.model.models[name], metrics.load(data.task.metric)
        predictions = decoded(
            model,
            data.kind,
            data.task,
            data.dev,
            data.settings,
            pad_token_id=self.pad_token_id,
            precision=self.precision,
        )
        units = [metric.per_example(data.dev[lang][0], found, lang) for lang, found in predictions.items()]
        scores = [float(metric.main_score(metrics.score(metric, one))) for one in units]
        return sum(scores) / len(scores)


def _diverged(step: int, found: str) -> UserError:
    return UserError(
        f"the training diverges at optimiser step {step}: {found} This step is not saved. Reduce the stage's "
        "learning_rate or max_grad_norm, or increase its warmup; with precision 'bf16', try 'fp32'."
    )


class _Rows(Dataset):
    """Rows of features by (task, row)."""

    def __init__(self, tables: dict[str, pa.Table]):
        self.tables = tables

    def __getitems__(self, keys: list[tuple[str, int]]) -> list[tuple[str, dict]]:
        task = keys[0][0]
        return [(task, row) for row in arrow.rows(self.tables[task], [row for _, row in keys])]
