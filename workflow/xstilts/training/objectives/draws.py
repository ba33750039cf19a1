"""Random perturbations, drawn from (seed, step, row, position, dimension) as masks are (`xstilts.training.masking`).

The noise of a row depends neither on its micro-batch, nor on its padding, nor on the process that trains on it, so
resumed, accumulated and distributed trainings draw the same.
"""

import numpy as np
import torch
from torch import Tensor

from xstilts.training.masking import hashed

_APART = 2**32
"""The place in the stream of a row where its perturbation begins; masks are drawn at the positions of tokens."""

_INCREMENT, _FACTORS = -0x61C8864680B583EB, (-0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15)
"""The constants of splitmix64 as signed numbers."""


def keys(seed: int, step: int, rows: np.ndarray, sequences: int) -> np.ndarray:
    """The keys of sequences, `(rows * sequences,)` int64.

    Args:
        step: the number of completed optimiser steps.
        rows: the number of each row in the data.
        sequences: the number of sequences of each row; more than one in multiple choice.
    """
    of_rows = hashed(hashed(hashed(hashed(np.uint64(seed)), step), rows), _APART)
    return hashed(of_rows[:, None], np.arange(sequences)).ravel().view(np.int64)


def normal(keys: Tensor, length: int, width: int) -> Tensor:
    """Standard normal numbers in float32, `(sequences, length, width)`, by the transform of Box and Muller (1958).

    Args:
        keys: `(sequences,)` int64.
    """
    places = torch.arange(length * width, device=keys.device)
    bits = _hashed(keys[:, None], places).view(len(keys), length, width)
    radius = torch.sqrt(-2 * torch.log((_shifted(bits, 40) + 0.5) * 2.0**-24))
    return radius * torch.cos((bits & 0xFFFFFF) * (2 * torch.pi * 2.0**-24))


def _hashed(state: Tensor, value: Tensor) -> Tensor:
    """`xstilts.training.masking.hashed` on the device of the tensors, whose int64 stand for uint64."""
    mixed = state + (value + 1) * _INCREMENT
    mixed = (mixed ^ _shifted(mixed, 30)) * _FACTORS[0]
    mixed = (mixed ^ _shifted(mixed, 27)) * _FACTORS[1]
    return mixed ^ _shifted(mixed, 31)


def _shifted(bits: Tensor, count: int) -> Tensor:
    """Bits shifted to the right, filled with zeros instead of the sign."""
    return (bits >> count) & ((1 << (64 - count)) - 1)
