"""The order of training rows: one task for each optimiser step, rows of similar length together, from one seed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

import numpy as np

from xstilts.training.schedule import Schedule, counts

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


@dataclass(frozen=True)
class Step:
    """The rows of an optimiser step: `rows` are row numbers of one task, in ascending order of length."""

    task: str
    rows: list[int]


@dataclass(frozen=True)
class BatchSampler:
    """The optimiser steps of a stage, in order.

    Each step belongs to one task and uses its next batch, whatever steps of other tasks come before. The rows of a task
    are shuffled again after each pass; a batch may span the end of one pass and the beginning of the next, so that all
    batches are full. A task with several streams draws one of them for each of its steps, with a probability
    proportional to rows^exponent, as languages are drawn in Conneau et al. 2020, section 3.1.

    Args:
        lengths: the number of tokens of each row, by task.
        weights: the probability of each task.
        steps: the number of optimiser steps.
        batch_size: rows in a step.
        schedule: the order of the steps, in which each task has its share up to rounding; None to draw each task.
        streams: the number of consecutive rows of each stream, by task; tasks without an entry have one stream.
        exponent: the exponent of the streams.
    """

    lengths: Mapping[str, np.ndarray]
    weights: np.ndarray
    steps: int
    batch_size: int
    seed: int
    schedule: Schedule | None = None
    streams: Mapping[str, Sequence[int]] = field(default_factory=dict)
    exponent: float = 1.0

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Step]:
        names = list(self.lengths)
        order = np.random.default_rng(self.seed)
        streams = {
            name: self._of_streams(name, number)
            if len(self.streams.get(name, ())) > 1
            else self._batches(self.lengths[name], np.random.default_rng([self.seed, number]))
            for number, name in enumerate(names)
        }
        if self.schedule:
            drawn = self.schedule.tasks(counts(self.weights, self.steps), order)
        else:
            drawn = order.choice(len(names), size=self.steps, p=self.weights)
        for number in drawn.tolist():
            yield Step(names[number], next(streams[names[number]]))

    def _of_streams(self, name: str, number: int) -> Iterator[list[int]]:
        """An endless stream of batches, each from one of the streams of a task."""
        sizes, rng = np.array(self.streams[name]), np.random.default_rng([self.seed, number])
        starts, weights = np.cumsum(sizes) - sizes, sizes**self.exponent
        own = [
            self._batches(self.lengths[name][start : start + size], np.random.default_rng([self.seed, number, stream]))
            for stream, (start, size) in enumerate(zip(starts.tolist(), sizes.tolist(), strict=True))
        ]
        while True:
            stream = rng.choice(len(sizes), p=weights / weights.sum())
            yield [row + int(starts[stream]) for row in next(own[stream])]

    def _batches(self, lengths: np.ndarray, rng: np.random.Generator) -> Iterator[list[int]]:
        """An endless stream of full batches of row numbers, sorted by length within a batch."""
        size = self.batch_size
        many = size * max(1, min(MEGABATCH, len(lengths) // size))
        waiting = np.empty(0, dtype=np.int64)
        while True:
            while len(waiting) < many:
                waiting = np.concatenate([waiting, rng.permutation(len(lengths))])
            group, waiting = waiting[:many], waiting[many:]
            group = group[np.argsort(lengths[group], kind="stable")]
            for number in rng.permutation(many // size).tolist():
                yield group[number * size : (number + 1) * size].tolist()


def share(rows: list[int], process: int, processes: int) -> list[int]:
    """The rows of a step that one of several processes trains on, about as long as those of the others."""
    return rows[process::processes]


def micro_batches(rows: list[int], widths: np.ndarray, tokens: int) -> list[list[int]]:
    """Divide the rows of a step into the fewest micro-batches that fit on a device, each about as long as the others.

    Args:
        rows: numbers of rows in ascending order of length.
        widths: the padded number of tokens of each row, by number.
        tokens: the number of padded tokens that fit; a row that is longer is its own micro-batch.
    """
    ends = np.cumsum(widths[rows])
    for count in range(max(1, int(ends[-1]) // tokens), len(rows)):
        # A row in the middle of which a share ends belongs to that share.
        cuts = np.searchsorted(ends, ends[-1] * np.arange(1, count) / count) + 1
        parts = [part.tolist() for part in np.split(np.array(rows), np.unique(cuts[cuts < len(rows)]))]
        if all(len(part) == 1 or len(part) * widths[part].max() <= tokens for part in parts):
            return parts
    return [[row] for row in rows]
