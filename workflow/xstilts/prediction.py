"""Forward passes over features, all languages in one stream sorted by length, and their decoding into predictions."""

from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pyarrow as pa
import torch
from transformers import PreTrainedModel

from xstilts import features as feature_files
from xstilts.tasks.base import Task

TOKENS_PER_BATCH = 8192


def device() -> torch.device:
    """The accelerator if there is one."""
    return torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")


def predict(
    model: PreTrainedModel,
    kind: ModuleType,
    task: Task,
    parts: dict[str, tuple[pa.Table, pa.Table]],
    settings: object,
    *,
    pad_token_id: int,
    precision: str,
) -> dict[str, object]:
    """The predictions of a model on several sets of examples, in one stream.

    Args:
        parts: examples and features by name (a language, say).
        settings: the encoding settings with which the features were made.
        precision: `fp32` or `bf16`.

    Returns:
        Predictions as `kind.decode` gives them, by name.
    """
    outputs = forward(
        model,
        kind,
        pa.concat_tables([features for _, features in parts.values()]),
        pad_token_id=pad_token_id,
        precision=precision,
    )
    predictions, start = {}, 0
    for name, (examples, features) in parts.items():
        own = outputs[start : start + features.num_rows]
        predictions[name] = kind.decode(own, features, examples, task, settings)
        start += features.num_rows
    return predictions


@torch.inference_mode()
def forward(
    model: PreTrainedModel, kind: ModuleType, features: pa.Table, *, pad_token_id: int, precision: str
) -> list[tuple[np.ndarray, ...]]:
    """The outputs of a model for each row of features, in their order, as float32 without padding."""
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
    """The context in which a forward pass computes in that precision."""
    return torch.autocast(where.type, dtype=torch.bfloat16, enabled=precision == "bf16")


def batches(lengths: np.ndarray, tokens: int) -> Iterator[list[int]]:
    """Row numbers in batches of at most `tokens` after padding, the longest rows first; a row is never left out."""
    batch: list[int] = []
    for index in np.argsort(-lengths, kind="stable").tolist():
        if batch and (len(batch) + 1) * lengths[batch[0]] > tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
