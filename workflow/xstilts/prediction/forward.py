"""Forward passes over the features of all languages, sorted by length, and decoding into predictions.

Batches are a stream: on a GPU, the next ones are collated and sent, and the outputs of earlier ones copied back, while
it computes.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from transformers import PreTrainedModel

from xstilts import kinds
from xstilts.errors import UserError, shorten
from xstilts.features.rows import Rows
from xstilts.models import encoders, tokenization
from xstilts.models.finite import NotFiniteError
from xstilts.models.fitting import require_fit
from xstilts.models.precision import BF16, FP32, autocast, resolved
from xstilts.models.prefetch import prefetched, read_back
from xstilts.runtime import memory
from xstilts.sources import shapes
from xstilts.sources.checkpoints import Checkpoint
from xstilts.task import Task

TOKENS_PER_BATCH = 2048
"""Padded tokens in a batch on a CPU, whose caches larger ones exceed. The last bits of outputs depend on it."""

WEIGHTS = {FP32: torch.float32, BF16: torch.bfloat16}
"""The data type in which weights are loaded for a prediction, by precision."""

Compute = Callable[[dict[str, torch.Tensor]], list[torch.Tensor]]
"""A function from the arguments of a model to what is wanted of its output."""

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


Load = Callable[[Request], PreTrainedModel]
"""A function that loads the model of a request on the device."""


def device() -> torch.device:
    """The accelerator if one is available, else the CPU."""
    return torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")


def load(request: Request) -> PreTrainedModel:
    """The trained model of a request, with its head, on the device.

    Raises:
        UserError: the model cannot be loaded, or the device cannot compute in the precision.
    """
    where = device()
    weights = WEIGHTS[resolved(request.options["precision"], where)]
    return encoders.load_model(request.checkpoint.name, kinds.load(request.task.kind), weights).to(where)


def predict(request: Request, load: Load = load) -> dict[str, object]:
    """The predictions of a trained model with a head, by language.

    Args:
        load: called for the model.

    Raises:
        UserError: the model cannot be loaded or cannot process the features, or the device cannot compute in the
            precision.
    """
    kind, model = kinds.load(request.task.kind), load(request)
    pad_token_id = tokenization.pad_token_id(request.tokenizer)
    for _, features in request.splits[request.split].values():
        require_fit(model, features, pad_token_id, request.checkpoint.name)
    return decoded(
        model,
        kind,
        request.task,
        request.splits[request.split],
        request.settings,
        pad_token_id=pad_token_id,
        precision=resolved(request.options["precision"], device()),
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
    tokens: int | None = None,
) -> dict[str, Any]:
    """The predictions of a model in several languages, which share batches.

    Args:
        settings: the length settings of the features.
        precision: `fp32` or `bf16`.
        tokens: the padded tokens of a batch; by default what the device is good for.

    Returns:
        The result of `kind.decode`, by language.

    Raises:
        NotFiniteError: the model's output for an example is not finite.
    """
    features = pa.concat_tables([_without_gold(rows, kind) for _, rows in parts.values()])
    outputs = forward(model, kind, features, pad_token_id=pad_token_id, precision=precision, tokens=tokens)
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
    if all(np.isfinite(np.concatenate(arrays, axis=None)).all() for arrays in zip(*outputs, strict=True)):
        return
    bad = [row for row, arrays in enumerate(outputs) if not all(np.isfinite(array).all() for array in arrays)]
    first = examples["id"][features["example"][bad[0]].as_py()].as_py()
    raise NotFiniteError(
        f"{what}: the model's output is not finite for {len(bad)} of {len(outputs)} rows, the first of which "
        f"belongs to the example {shorten(first)}, so nothing can be predicted."
    )


def forward(
    model: PreTrainedModel,
    kind: kinds.Kind,
    features: pa.Table,
    *,
    pad_token_id: int,
    precision: str,
    tokens: int | None = None,
) -> list[tuple[np.ndarray, ...]]:
    """The outputs of a model for each row of features, in order, as float32 arrays without padding.

    If a GPU runs out of memory, the forward passes continue with half of the tokens in a batch. No random numbers are
    drawn.

    Args:
        precision: `fp32` or `bf16`; weights in float32 compute in `bf16` under autocast.
        tokens: the padded tokens of a batch; by default what the device is good for.

    Raises:
        UserError: the memory of the GPU is too small for a single row.
    """
    rows = Rows(features, [name for name in kind.COLUMNS if name not in kind.GOLD])
    outputs: list = [None] * len(rows)
    weights = next(model.parameters())

    def compute(tensors: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        result = model(**tensors)
        return [result[name].float() for name in kind.OUTPUTS]

    # Weights that are loaded in bfloat16 need no autocast. One block for all batches: it casts the weights once.
    with autocast(weights.device, precision if weights.dtype == torch.float32 else FP32):
        batched = computed(model, kind, rows, np.arange(len(rows)), compute, pad_token_id=pad_token_id, tokens=tokens)
        for indices, arrays in batched:
            for row, index in enumerate(indices.tolist()):
                length = rows.lengths[index] if kind.PER_TOKEN else None
                outputs[index] = tuple(array[row][:length] for array in arrays)
    return outputs


def computed(
    model: PreTrainedModel,
    kind: kinds.Kind,
    rows: Rows,
    chosen: np.ndarray,
    compute: Compute,
    *,
    pad_token_id: int,
    tokens: int | None = None,
) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
    """The results for the chosen rows, batch by batch: places in `chosen`, and arrays, `(batch, ...)`.

    If a GPU runs out of memory, the batches continue with half of the tokens.

    Args:
        compute: called without gradients for each batch, on the device of the model.
        tokens: the padded tokens of a batch; by default what the device is good for.

    Raises:
        UserError: the memory of the GPU is too small for a single row.
    """
    tokens = tokens or token_budget(model)
    model.eval()
    done = np.zeros(len(chosen), bool)
    while not done.all():
        left = np.flatnonzero(~done)
        order = [left[batch] for batch in batches(rows.lengths[chosen[left]], tokens)]
        collated = (kind.collate(rows.take(chosen[places]), pad_token_id) for places in order)
        try:
            for places, arrays in zip(order, _stream(model, collated, compute), strict=True):
                done[places] = True
                yield places, arrays
            return
        except torch.OutOfMemoryError:
            if len(order) == len(left):
                raise UserError(_too_small(rows.lengths[chosen[left]].max())) from None
        # Only here are the tensors of the failed pass free, which the exception referred to.
        torch.cuda.empty_cache()
        print(f"Out of memory with {tokens} tokens in a batch; continuing with {tokens // 2}.", flush=True)
        tokens //= 2


def token_budget(model: PreTrainedModel) -> int:
    """The padded tokens of a batch on the device of a model: `TOKENS_PER_BATCH`, or what the memory of a GPU allows."""
    weights = next(model.parameters())
    if weights.device.type != "cuda":
        return TOKENS_PER_BATCH
    total = torch.cuda.get_device_properties(weights.device).total_memory
    share = torch.cuda.get_per_process_memory_fraction(weights.device)
    try:
        shape = shapes.of_config(model.config.to_dict())
    except UserError:
        return memory.LARGEST_PREDICTION
    return memory.prediction_budget(int(share * total), 1, shape, BF16 if weights.dtype == WEIGHTS[BF16] else FP32)


def _too_small(longest: int) -> str:
    return (
        f"the GPU has not enough free memory for a batch of one row, with up to {longest} sub-words. End other "
        "programs that use it, run fewer jobs on it, or reduce max_length."
    )


def _stream(
    model: PreTrainedModel, collated: Iterable[dict[str, np.ndarray]], compute: Compute
) -> Iterator[list[np.ndarray]]:
    """The results of each batch, `(batch, ...)`."""
    where = next(model.parameters()).device
    with closing(prefetched(collated, where)) as sent:
        yield from read_back((torch.inference_mode()(compute)(tensors) for tensors in sent), where)


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
