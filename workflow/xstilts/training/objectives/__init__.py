"""The objectives of a stage beside plain training: one module for each method, with its equation.

Modules are loaded by name, so that their code counts for the trainings that use them, and for no others.
"""

import importlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from xstilts.config.objectives import Objective

if TYPE_CHECKING:
    from accelerate import Accelerator

    from xstilts.training.model import StageModel
    from xstilts.training.objectives.accumulation import Gradients

Keys = Callable[[int, np.ndarray, int], np.ndarray]
"""Returns the keys of random draws from the number of completed steps, row numbers, and the sequences of a row."""


def gradients(objective: Objective, accelerator: "Accelerator", model: "StageModel", wrapped: nn.Module) -> "Gradients":
    """What computes the gradient of an objective for the batches of a training.

    Args:
        wrapped: the model as `accelerator` has prepared it.
    """
    return _module("accumulation").Gradients(_module(objective.method).gradient, objective, accelerator, model, wrapped)


def keys(objective: Objective | None, seed: int) -> Keys | None:
    """The keys of the random draws of an objective; None if it draws nothing."""
    return partial(_module("draws").keys, seed) if objective and objective.draws else None


def _module(name: str) -> Any:
    return importlib.import_module(f"{__name__}.{name}")
