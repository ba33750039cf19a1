"""The duration of training steps and forward passes on this device, with random weights of an encoder's shape."""

from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from statistics import median
from time import perf_counter
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import AutoModel, AutoModelForSequenceClassification, PreTrainedConfig, PreTrainedModel

from xstilts.errors import UserError
from xstilts.inspection.calibrations import Calibration
from xstilts.inspection.rates import Point
from xstilts.models.precision import MIXED, autocast, exact_float32_matmul, resolved
from xstilts.prediction.forward import TOKENS_PER_BATCH
from xstilts.runtime import memory
from xstilts.runtime.timing import device_name
from xstilts.sources import shapes

STEPS = ((32, 48), (16, 229))
"""Rows and lengths of the batches of training steps: pairs of sentences, and questions with contexts."""

LARGE_STEP = (128, 128)
"""Rows and length of a batch that keeps a GPU busy, for GPUs that hold it."""

LENGTH = 40
"""The length of rows in forward passes, about that of XNLI."""

_PRODUCT = 4096
"""The rows of the matrices that are multiplied."""

_SECONDS, _MOST = 3.0, 30
"""What is measured is first done without being measured, and then repeated, each for this time, at most as often as
this and at least once."""


def calibration(config: PreTrainedConfig, word: str, device: torch.device) -> Calibration:
    """Measure the speed of a device for encoders of one shape.

    Args:
        config: the config of the encoder.
        word: the configured precision.

    Raises:
        UserError: the architecture of the encoder is unknown, the device does not support the precision, or it does
            not hold the model.
    """
    shape = shapes.of_config(config.to_dict())
    precision = resolved(word, device)
    steps = list(STEPS)
    largest = memory.LARGEST_PREDICTION
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
        budget = memory.token_budget(total, 1, shape, precision)
        steps += [LARGE_STEP] if budget >= LARGE_STEP[0] * LARGE_STEP[1] else []
        largest = memory.prediction_budget(total, 1, shape, precision)
    else:
        largest = TOKENS_PER_BATCH
    try:
        return Calibration(
            device_name(),
            shape,
            precision,
            precision == resolved(MIXED, device),
            tuple(_steps(config, precision, device, steps)),
            tuple(_forwards(config, precision, device, (largest // 8, largest))),
            _products(shape.width, device),
            {name: version(name) for name in ("torch", "transformers")},
        )
    except torch.OutOfMemoryError:
        needed = memory.training_bytes(shape, STEPS[1][0] * STEPS[1][1], precision, accumulating=False)
        raise UserError(
            f"{device_name()}: out of memory; a training of this encoder in {precision} needs about "
            f"{needed / 1e9:.0f} GB. Choose a GPU with more memory, or end the other programs that use it."
        ) from None


def _steps(
    config: PreTrainedConfig, precision: str, device: torch.device, sizes: list[tuple[int, int]]
) -> Iterator[Point]:
    """The durations of training steps."""
    model = _random(AutoModelForSequenceClassification, config, torch.float32, device).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=True)
    for rows, length in sizes:
        ids = _ids(config, rows, length, device)
        yield Point(ids.numel(), _duration(partial(_step, model, optimiser, ids, precision), device))


def _step(model: PreTrainedModel, optimiser: torch.optim.Optimizer, ids: torch.Tensor, precision: str) -> None:
    """A step of one micro-batch: forward, backward, clipping and update."""
    labels = ids[:, 0] % model.config.num_labels
    with autocast(ids.device, precision):
        logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
    cross_entropy(logits.float(), labels).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    optimiser.zero_grad()


def _forwards(
    config: PreTrainedConfig, precision: str, device: torch.device, sizes: tuple[int, ...]
) -> Iterator[Point]:
    """The durations of forward passes, with weights in the precision that computes."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    model = _random(AutoModel, config, dtype, device).eval()
    with torch.inference_mode():
        for tokens in sizes:
            ids = _ids(config, tokens // LENGTH, LENGTH, device)
            forward = partial(model, input_ids=ids, attention_mask=torch.ones_like(ids))
            yield Point(ids.numel(), _duration(forward, device))


def _products(width: int, device: torch.device) -> float:
    """Multiplications and additions per second in products of float32 matrices, as in mining."""
    left, right = (torch.randn(_PRODUCT, width, device=device) for _ in range(2))
    with exact_float32_matmul():
        return 2 * _PRODUCT * _PRODUCT * width / _duration(lambda: left @ right.T, device)


def _random(loader: Any, config: PreTrainedConfig, dtype: torch.dtype, device: torch.device) -> PreTrainedModel:
    """A model with random weights, which are drawn on the device."""
    with device:
        return loader.from_config(config, dtype=dtype)


def _ids(config: PreTrainedConfig, rows: int, length: int, device: torch.device) -> torch.Tensor:
    """Random token ids, (rows, length), none of which is the padding id."""
    ids = torch.randint(0, config.vocab_size, (rows, length), device=device)
    padding = config.pad_token_id
    return ids if padding is None else torch.where(ids == padding, (padding + 1) % config.vocab_size, ids)


def _duration(action: Callable[[], object], device: torch.device) -> float:
    """The median duration of an action in seconds."""
    _repeated(action, device)
    return median(_repeated(action, device))


def _repeated(action: Callable[[], object], device: torch.device) -> list[float]:
    durations: list[float] = []
    while sum(durations) < _SECONDS and len(durations) < _MOST:
        begun = perf_counter()
        action()
        if device.type != "cpu":
            torch.accelerator.synchronize(device)
        durations.append(perf_counter() - begun)
    return durations
