"""Forward passes over the features of all languages, sorted by length, and decoding into predictions."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from transformers import PreTrainedModel

from xstilts import kinds
from xstilts.errors import shorten
from xstilts.features import arrow as feature_files
from xstilts.models import encoders, tokenization
from xstilts.models.finite import NotFiniteError
from xstilts.models.fitting import require_fit
from xstilts.sources.checkpoints import Checkpoint
from xstilts.task import Task

TOKENS_PER_BATCH = 8192

Parts = dict[str, tuple[pa.Table, pa.Table]]
"""Examples and features, by language."""


@dataclass(frozen=True)
class Request:
    """The inputs of a prediction.

    Args:
        checkpoint: the model.
        tokenizer: the folder of the tokenizer of the features.
        splits: the split to predict and, if the task has one, the split that its threshold is tuned on.
        split: the name of the split to predict.
        settings: the length settings of the features.
        options: the prediction settings in the spec, with the precision of this device.
    """

    checkpoint: Checkpoint
    tokenizer: Path
    task: Task
    splits: dict[str, Parts]
    split: str
    settings: kinds.Lengths
    options: dict


def device() -> torch.device:
    """The accelerator if one is available, else the CPU."""
    return torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")


def predict(request: Request) -> dict[str, object]:
    """The predictions of a trained model with a head, by language.

    Raises:
        UserError: the model cannot be loaded or cannot process the features.
    """
    kind, folder = kinds.load(request.task.kind), request.checkpoint.name
    model = encoders.load_model(folder, kind)
    pad_token_id = tokenization.pad_token_id(request.tokenizer)
    for _, features in request.splits[request.split].values():
        require_fit(model, features, pad_token_id, folder)
    return decoded(
        model.to(device()),
        kind,
        request.task,
        request.splits[request.split],
        request.settings,
        pad_token_id=pad_token_id,
        precision=request.options["precision"],
    )


def decoded(
    model: PreTrainedModel,
    kind: kinds.Kind,
    task: Task,
    parts: Parts,
    settings: kinds.Lengths,
    *,
    pad_token_id: int,
    precision: str,
) -> dict[str, Any]:
    """The predictions of a model in several languages, which share batches.

    Args:
        settings: the length settings of the features.
        precision: `fp32` or `bf16`.

    Returns:
        The result of `kind.decode`, by language.

    Raises:
        NotFiniteError: the model's output for an example is not finite.
    """
    features = pa.concat_tables([_without_gold(rows, kind) for _, rows in parts.values()])
    outputs = forward(model, kind, features, pad_token_id=pad_token_id, precision=precision)
    predictions, start = {}, 0
    for name, (examples, features) in parts.items():
        own = outputs[start : start + features.num_rows]
        _require_finite(own, features, examples, f"{task.name}, {name}")
        predictions[name] = kind.decode(own, features, examples, task, settings)
        start += features.num_rows
    return predictions


def _without_gold(features: pa.Table, kind: kinds.Kind) -> pa.Table:
    """The columns that labelled and unlabelled features have in common."""
    return features.drop_columns([name for name in kind.GOLD if name in features.column_names])


def _require_finite(outputs: list[tuple[np.ndarray, ...]], features: pa.Table, examples: pa.Table, what: str) -> None:
    bad = [row for row, arrays in enumerate(outputs) if not all(np.isfinite(array).all() for array in arrays)]
    if bad:
        first = examples["id"][features["example"][bad[0]].as_py()].as_py()
        raise NotFiniteError(
            f"{what}: the model's output is not finite for {len(bad)} of {len(outputs)} rows, the first of which "
            f"belongs to the example {shorten(first)}, so nothing can be predicted."
        )


@torch.inference_mode()
def forward(
    model: PreTrainedModel, kind: kinds.Kind, features: pa.Table, *, pad_token_id: int, precision: str
) -> list[tuple[np.ndarray, ...]]:
    """The outputs of a model for each row of features, in order, as float32 arrays without padding."""
    where = next(model.parameters()).device
    lengths = feature_files.lengths(features)
    outputs: list = [None] * features.num_rows
    model.eval()
    for indices in batches(lengths, TOKENS_PER_BATCH):
        batch = kind.collate(feature_files.rows(features, indices), pad_token_id)
        tensors = {key: torch.from_numpy(array).to(where) for key, array in batch.items() if key not in kind.GOLD}
        with autocast(where, precision):
            result = model(**tensors)
        arrays = [result[name].float().cpu().numpy() for name in kind.OUTPUTS]
        for row, index in enumerate(indices):
            length = lengths[index] if kind.PER_TOKEN else None
            outputs[index] = tuple(array[row][:length] for array in arrays)
    return outputs


def autocast(where: torch.device, precision: str) -> torch.autocast:
    """The context manager for a forward pass in the given precision."""
    return torch.autocast(where.type, dtype=torch.bfloat16, enabled=precision == "bf16")


def batches(lengths: np.ndarray, tokens: int) -> Iterator[list[int]]:
    """Row numbers in batches of at most `tokens` after padding, longest rows first; a longer row is its own batch."""
    batch: list[int] = []
    for index in np.argsort(-lengths, kind="stable").tolist():
        if batch and (len(batch) + 1) * lengths[batch[0]] > tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
