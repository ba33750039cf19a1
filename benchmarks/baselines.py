"""The usual programs: the Trainer as in run_glue.py and run_qa.py, predictions in batches of 32, and bare loops."""

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
import transformers
from torch.utils.data import DataLoader, Dataset
from transformers import (
    AutoConfig,
    DataCollatorWithPadding,
    PreTrainedModel,
    Trainer,
    TrainingArguments,
    default_data_collator,
)
from transformers.trainer_pt_utils import get_length_grouped_indices

from benchmarks import data, ours
from benchmarks.clock import Blocks
from benchmarks.ours import Work

PADDED = {"classification": 128, "tagging": 128, "span": 384}
"""The `max_length` of the example scripts, to which they pad by default."""
CLASSES = {
    "classification": "AutoModelForSequenceClassification",
    "tagging": "AutoModelForTokenClassification",
    "span": "AutoModelForQuestionAnswering",
}
USUAL_BATCH = 32
"""Rows in a batch of predictions."""

transformers.logging.set_verbosity_error()
warnings.filterwarnings("ignore", message="This DataLoader will create")


class Rows(Dataset):
    """Features row by row, padded to a length or not."""

    def __init__(self, table: pa.Table, longest: int | None):
        whole = table["input_ids"].combine_chunks()
        self.ids, self.offsets, self.longest = whole.values.to_numpy(), whole.offsets.to_numpy(), longest
        names = [name for name in ("labels", "start_positions", "end_positions") if name in table.column_names]
        self.numbers = {name: table[name].to_numpy() for name in names}

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> dict:
        ids = self.ids[self.offsets[row] : self.offsets[row + 1]]
        numbers = {name: int(values[row]) for name, values in self.numbers.items()}
        if self.longest is None:
            return {"input_ids": ids.tolist(), "attention_mask": [1] * len(ids), **numbers}
        padded, mask = np.full(self.longest, data.PAD), np.zeros(self.longest, np.int64)
        padded[: len(ids)], mask[: len(ids)] = ids, 1
        return {"input_ids": padded, "attention_mask": mask, **numbers}


def collator(padded: bool) -> Callable:
    """The collator of the example scripts, with and without `pad_to_max_length`."""
    return default_data_collator if padded else DataCollatorWithPadding(data.tokenizer())


class _InOrder(Trainer):
    """A Trainer that takes rows in a given order."""

    order: list[int]

    def _get_train_sampler(self, *_: object) -> list[int]:
        return self.order


def train(
    work: Work,
    steps: int,
    folder: Path,
    order: Iterable[int],
    *,
    padded: bool,
    workers: int = 0,
    save: bool = False,
    **more: object,
) -> float | None:
    """Train with the Trainer; with `save` evaluate and save the model at the end, and return the dev accuracy.

    Args:
        order: the row numbers of all steps.
        more: further arguments of the training.
    """
    rows = Rows(work.rows, PADDED[work.kind] if padded else None)
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        learning_rate=work.learning_rate,
        warmup_steps=0.1,
        weight_decay=0.01,
        per_device_train_batch_size=work.micro_batch,
        per_device_eval_batch_size=USUAL_BATCH,
        gradient_accumulation_steps=work.batch // work.micro_batch,
        optim="adamw_torch_fused",
        bf16=work.precision == "bf16",
        dataloader_num_workers=workers,
        use_cpu=not torch.accelerator.is_available(),
        report_to="none",
        disable_tqdm=True,
        **{"save_strategy": "no", **more},
    )
    trainer = _InOrder(
        model=model_of(work.kind, work.encoder),
        args=arguments,
        train_dataset=rows,
        data_collator=collator(padded),
        eval_dataset=torch.utils.data.Subset(rows, range(work.dev)),
        compute_metrics=lambda found: {"accuracy": float((found.predictions.argmax(-1) == found.label_ids).mean())},
    )
    trainer.order = list(order)
    trainer.train()
    if not save:
        return None
    trainer.save_model()
    return 100 * trainer.evaluate()["eval_accuracy"]


def model_of(kind: str, encoder: Path, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """The model of the example scripts: an encoder with a new head."""
    config = AutoConfig.from_pretrained(encoder, num_labels=len(ours.TASKS[kind].labels) or 2)
    return getattr(transformers, CLASSES[kind]).from_pretrained(encoder, config=config, dtype=dtype)


def shuffled(work: Work, steps: int) -> list[int]:
    """The rows of some steps, drawn without order."""
    return np.random.default_rng(0).permutation(work.rows.num_rows)[: steps * work.batch].tolist()


def grouped(work: Work, blocks: Blocks) -> list[int]:
    """The rows of all steps, grouped by length as the Trainer does.

    It sorts 50 batches together and takes the longest first. A few steps would have the longest rows alone, so the
    batches are dealt out to the blocks in turn.
    """
    many = min(50 * -(-blocks.total // 50), work.rows.num_rows // work.batch)
    lengths = work.lengths[: many * work.batch].tolist()
    rows = np.array(get_length_grouped_indices(lengths, work.batch, 50, torch.Generator().manual_seed(0)))
    batches = np.array(sorted(rows.reshape(-1, work.batch), key=lambda one: max(lengths[row] for row in one)))
    chosen = batches[np.linspace(0, len(batches) - 1, blocks.total).round().astype(int)]
    warm = np.linspace(0, blocks.total - 1, blocks.warmup + 2).round().astype(int)[1:-1]
    measured = np.delete(chosen, warm, axis=0).reshape(blocks.steps, blocks.rounds, work.batch)
    # In turn from the first block to the last and back, so that none always has the longer batches.
    measured[1::2] = measured[1::2, ::-1].copy()
    return np.concatenate([chosen[warm], *measured.swapaxes(0, 1)]).ravel().tolist()


def ready(work: Work, steps: int) -> list[list[dict[str, torch.Tensor]]]:
    """The batches of `ours.train` as tensors on the device."""
    found = ours.steps(work, steps)
    return [[_tensors(ours.batch(work.kind, work.rows, indices)) for indices in step] for step in found]


def _tensors(batch: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array).to(ours.device()) for name, array in batch.items()}


def bare(work: Work, steps: int) -> None:
    """A loop over tensors that are ready: forward, backward, clip, step, and nothing else."""
    batches, where = ready(work, steps), ours.device()
    model = model_of(work.kind, work.encoder).to(where).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=work.learning_rate, weight_decay=0.01, fused=True)
    bf16 = work.precision == "bf16"
    for step in batches:
        for micro_batch in step:
            with torch.autocast(where.type, torch.bfloat16, enabled=bf16):
                loss = model(**micro_batch).loss / len(step)
            loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()


@torch.inference_mode()
def predict(
    model: PreTrainedModel, kind: str, features: pa.Table, precision: str, *, padded: bool, workers: int = 0
) -> None:
    """Predict in batches of 32: in file order and padded, or sorted by length and padded to the longest of a batch."""
    rows = Rows(features, PADDED.get(kind, 128) if padded else None)
    order = range(len(rows)) if padded else np.argsort(-np.diff(rows.offsets), kind="stable").tolist()
    loader = DataLoader(rows, USUAL_BATCH, sampler=order, collate_fn=collator(padded), num_workers=workers)
    where = next(model.parameters()).device
    model.eval()
    for batch in loader:
        tensors = {name: tensor.to(where) for name, tensor in batch.items()}
        with torch.autocast(where.type, torch.bfloat16, enabled=precision == "bf16"):
            result = model(**tensors)
        for name in ours.outputs(kind):
            result[name].float().cpu().numpy()


@torch.inference_mode()
def vectors(encoder: PreTrainedModel, features: pa.Table, precision: str, *, workers: int = 0) -> np.ndarray:
    """Mean-pooled vectors from the states of all layers, in batches of 32 sorted by length."""
    rows = Rows(features, None)
    order = np.argsort(-np.diff(rows.offsets), kind="stable").tolist()
    loader = DataLoader(rows, USUAL_BATCH, sampler=order, collate_fn=collator(False), num_workers=workers)
    where, layer = next(encoder.parameters()).device, ours.layer_of(encoder.config.num_hidden_layers)
    found = []
    encoder.eval()
    for batch in loader:
        tensors = {name: tensor.to(where) for name, tensor in batch.items()}
        with torch.autocast(where.type, torch.bfloat16, enabled=precision == "bf16"):
            states = encoder(**tensors, output_hidden_states=True).hidden_states[layer]
        mask = tensors["attention_mask"].unsqueeze(-1)
        found.append(((states * mask).sum(1) / mask.sum(1)).float().cpu().numpy())
    vectors = np.concatenate(found)
    vectors[order] = vectors.copy()
    return vectors


@torch.inference_mode()
def stream(model: PreTrainedModel, batches: list[dict[str, torch.Tensor]]) -> None:
    """Forward passes over tensors that are ready, in the precision of the weights, and nothing else."""
    model.eval()
    for batch in batches:
        model(**batch)


def ready_rows(kind: str, features: pa.Table) -> list[dict[str, torch.Tensor]]:
    """The batches of `ours.forward` as tensors on the device."""
    found = ours.prediction_batches(ours.lengths(features))
    return [_tensors(ours.batch(kind, features, indices)) for indices in found]
