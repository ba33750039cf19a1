"""The order of training rows: one task for each optimiser step, rows of similar length together, from one seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np

from xstilts.errors import UserError

MEGABATCH = 50
"""The number of batches that are sorted by length together; more would reduce both padding and randomness."""


def probabilities(sizes: list[int], strategy: str, temperature: float, cap: int | None) -> np.ndarray:
    """The probability of each task at a step, (tasks,).

    It is proportional to the number of rows (`proportional`), to min(rows, cap) as in Raffel et al. 2020, section 3.5.2
    (`capped`), to min(rows, cap)^(1/temperature) (`temperature`), or the same for all tasks (`uniform`).
    """
    weights = np.array(sizes, dtype=np.float64)
    if strategy in ("capped", "temperature") and cap is not None:
        weights = np.minimum(weights, cap)
    if strategy == "temperature":
        weights = weights ** (1 / temperature)
    if strategy == "uniform":
        weights = np.ones_like(weights)
    return weights / weights.sum()


def optimiser_steps(sizes: list[int], epochs: float, batch_size: int, strategy: str, cap: int | None) -> int:
    """The number of steps of a stage: its rows, at most `cap` of each task if capped, times epochs, in batches."""
    rows = sum(min(size, cap) if strategy == "capped" and cap is not None else size for size in sizes)
    return ceil(rows * epochs / batch_size)


def micro_batch_size(batch_size: int, fits: int, processes: int = 1) -> int:
    """The largest micro-batch that fits on a device and divides the share of each process evenly.

    Raises:
        UserError: the batch cannot be divided evenly among the processes.
    """
    share, rest = divmod(batch_size, processes)
    if rest:
        raise UserError(f"{processes} GPUs cannot share a batch of {batch_size} rows evenly.")
    return next(size for size in range(min(share, fits), 0, -1) if share % size == 0)


@dataclass(frozen=True)
class BatchSampler:
    """The micro-batches of a stage, in order: lists of (task, row).

    Each optimiser step draws one task and uses its next batch. The rows of a task are shuffled again after each pass;
    a batch may span the end of one pass and the beginning of the next, so that all batches are full.

    Args:
        lengths: the number of tokens of each row, by task.
        weights: the probability of each task.
        steps: the number of optimiser steps.
        rows: rows in a step. accelerate would mistake an attribute named `batch_size` for the size of what is yielded.
        micro_batch: rows in a micro-batch; divides `rows`.
    """

    lengths: dict[str, np.ndarray]
    weights: np.ndarray
    steps: int
    rows: int
    micro_batch: int
    seed: int

    def __len__(self) -> int:
        return self.steps * (self.rows // self.micro_batch)

    def __iter__(self) -> Iterator[list[tuple[str, int]]]:
        names = list(self.lengths)
        order = np.random.default_rng(self.seed)
        streams = {
            name: self._batches(self.lengths[name], np.random.default_rng([self.seed, number]))
            for number, name in enumerate(names)
        }
        for number in order.choice(len(names), size=self.steps, p=self.weights).tolist():
            task = names[number]
            batch = next(streams[task])
            for start in range(0, self.rows, self.micro_batch):
                yield [(task, row) for row in batch[start : start + self.micro_batch]]

    def _batches(self, lengths: np.ndarray, rng: np.random.Generator) -> Iterator[list[int]]:
        """An endless stream of full batches of row numbers, sorted by length within a batch."""
        size = self.rows
        many = size * max(1, min(MEGABATCH, len(lengths) // size))
        waiting = np.empty(0, dtype=np.int64)
        while True:
            while len(waiting) < many:
                waiting = np.concatenate([waiting, rng.permutation(len(lengths))])
            group, waiting = waiting[:many], waiting[many:]
            group = group[np.argsort(lengths[group], kind="stable")]
            for number in rng.permutation(many // size).tolist():
                yield group[number * size : (number + 1) * size].tolist()
