"""Which rows are trained on when: one task for each optimiser step, rows of like length together, all from one seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np

from xstilts.errors import UserError

MEGABATCH = 50
"""Batches that are sorted by length together; more would save padding and cost randomness."""


def probabilities(sizes: list[int], strategy: str, temperature: float, cap: int | None) -> np.ndarray:
    """The probability of each task at a step, shape (tasks,).

    `proportional` is to the number of rows; `capped` to min(rows, cap), as in Raffel et al. 2020, section 3.5.2;
    `temperature` to min(rows, cap)^(1/temperature); `uniform` is the same for all.
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
    """Steps of a stage: its rows (at most `cap` of each task if sampling is capped) times epochs, in batches."""
    rows = sum(min(size, cap) if strategy == "capped" else size for size in sizes)
    return ceil(rows * epochs / batch_size)


def micro_batch_size(batch_size: int, fits: int, processes: int = 1) -> int:
    """The largest part of a batch that fits on a device and of which each process can have as many as the others.

    Raises:
        UserError: the processes cannot share the batch evenly.
    """
    share, rest = divmod(batch_size, processes)
    if rest:
        raise UserError(f"{processes} GPUs cannot share a batch of {batch_size} rows evenly.")
    return next(size for size in range(min(share, fits), 0, -1) if share % size == 0)


@dataclass(frozen=True)
class BatchSampler:
    """The micro-batches of a stage, in order: lists of (task, row).

    Every optimiser step draws one task and takes its next batch. A task's rows come in a new random order each time all
    have been seen; a batch may span the end of one order and the beginning of the next, so that all are full.

    Args:
        lengths: the token count of each row, by task.
        weights: the probability of each task.
        steps: optimiser steps.
        rows: of a step. A `batch_size` would be taken by accelerate for that of what is yielded.
        micro_batch: rows of a micro-batch; divides `rows`.
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
        """Full batches of row numbers without end; sorted by length within a batch."""
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
