"""The precision in which a model computes: the meaning of `mixed`, `fp32` and `bf16` on a device, and its settings.

A configuration holds one of these words. Which precision a word stands for depends on the device, and is resolved by
the job that computes: `fp32`, or `bf16`, which is autocast to bfloat16 with weights in float32.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from xstilts.errors import UserError

FP32, BF16, MIXED = "fp32", "bf16", "mixed"


def resolved(word: str, device: torch.device) -> str:
    """The precision that a word stands for on a device, `fp32` or `bf16`.

    `mixed` is `bf16` on GPUs that compute in bfloat16, and `fp32` on all other devices. A CPU computes in `bf16` only
    if asked to, since that is seldom faster there. The result is also a word with the same meaning on this device.

    Args:
        word: `mixed`, `fp32` or `bf16`.
        device: the current device, if it is a CUDA device.

    Raises:
        UserError: `bf16` on a GPU without bfloat16 in hardware.
    """
    if word == FP32 or (word == MIXED and device.type != "cuda"):
        return FP32
    # By default PyTorch counts emulation, which is slow: V100 and T4 would support bfloat16.
    if device.type != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False):
        return BF16
    if word == MIXED:
        return FP32
    raise UserError(
        f"precision 'bf16': {torch.cuda.get_device_name(device)} does not compute in bfloat16. Set 'precision: mixed', "
        "which computes in float32 on such GPUs, or 'precision: fp32'."
    )


def resumed(computed: str, word: str, device: torch.device, state: Path) -> str:
    """The precision in which a training continues from a saved state: the one in which the state was computed.

    Args:
        computed: the precision in the state, `fp32` or `bf16`.
        word: the precision of the stage.
        device: the current device.
        state: the folder of the states of the training.

    Raises:
        UserError: the state was computed in `bf16`, and the word is not `bf16` on this device.
    """
    if computed == BF16 and resolved(word, device) != BF16:
        raise UserError(
            f"{state}: the training was begun in bfloat16, in which 'precision: {word}' does not compute on this "
            f"device ({device.type}). Continue it on a GPU with bfloat16, or delete this folder to begin again."
        )
    return computed


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The context manager for a forward pass in a precision, `fp32` or `bf16`."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == BF16)


def allow_tf32(precision: str, device: torch.device) -> None:
    """Choose how this process multiplies the float32 matrices that remain: in TF32 with `bf16`, exactly with `fp32`.

    Devices without CUDA are left as they are.
    """
    if device.type == "cuda":
        chosen = "tf32" if precision == BF16 else "ieee"
        torch.backends.cuda.matmul.fp32_precision = torch.backends.cudnn.conv.fp32_precision = chosen


@contextmanager
def exact_float32_matmul() -> Iterator[None]:
    """Multiply float32 matrices without TF32, whatever `allow_tf32` has chosen."""
    # `torch.get_float32_matmul_precision` raises an error after `allow_tf32`, which uses the newer interface.
    before = torch.backends.cuda.matmul.fp32_precision
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    try:
        yield
    finally:
        torch.backends.cuda.matmul.fp32_precision = before
