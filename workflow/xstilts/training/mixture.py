"""The mixture of the tasks of a stage: the share of each in the optimiser steps, and the number of steps."""

from collections.abc import Collection, Mapping
from math import ceil

import numpy as np

from xstilts.config import Stage
from xstilts.config.stages import BLOCKS, WEIGHTS, CountedSteps
from xstilts.training.batches import optimiser_steps, probabilities
from xstilts.training.schedule import Schedule


def shares(stage: Stage, sizes: Mapping[str, int]) -> np.ndarray:
    """The share of each task in the steps, (tasks,).

    Args:
        sizes: the number of training rows of each task.
    """
    sampling = stage.sampling
    if sampling.strategy == WEIGHTS:
        weights = np.array([sampling.weights[name] for name in sizes])
        return weights / weights.sum()
    return probabilities(list(sizes.values()), sampling.strategy, sampling.temperature, sampling.cap)


def schedule(stage: Stage, tasks: Collection[str]) -> Schedule | None:
    """The order of the steps; None if the task of each step is drawn.

    Args:
        tasks: the names of the tasks, in the order of the stage.
    """
    sampling, names = stage.sampling, list(tasks)
    if sampling.schedule == BLOCKS:
        return Schedule(tuple(map(names.index, sampling.order or names)), sampling.overlap)
    return Schedule() if sampling.schedule or sampling.strategy == WEIGHTS else None


def steps(stage: Stage, sizes: Mapping[str, int], masked: Collection[str]) -> int:
    """The number of steps of a stage.

    The rows of plain text, of which there are arbitrarily many, do not count: the labelled tasks set the number of
    steps, which is that of their own steps over their share.

    Args:
        sizes: the number of training rows of each task.
        masked: the tasks of masked language modelling.
    """
    if isinstance(stage.steps, int):
        return stage.steps
    if isinstance(stage.steps, CountedSteps):
        counted = {key: one for key, one in dict(stage.steps).items() if key in ("batch_size", "sampling") and one}
        return _rounded_up(_of_epochs(stage.model_copy(update=counted), sizes, masked) * stage.steps.times)
    return _of_epochs(stage, sizes, masked)


def _of_epochs(stage: Stage, sizes: Mapping[str, int], masked: Collection[str]) -> int:
    """The number of steps that the epochs of a stage take."""
    labelled = [size for name, size in sizes.items() if name not in masked]
    own = optimiser_steps(labelled, stage.epochs, stage.batch_size, stage.sampling.strategy, stage.sampling.cap)
    if len(labelled) == len(sizes):
        return own
    is_labelled = np.array([name not in masked for name in sizes])
    return _rounded_up(own / shares(stage, sizes)[is_labelled].sum())


def _rounded_up(steps: float) -> int:
    """A whole number of steps."""
    # Without rounding first, a share such as 0.1 + 0.2 or a factor such as 1.1 would add a step.
    return ceil(round(steps, 6))
