"""The batches of a stage as arrays: each step as one or more padded micro-batches."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from math import prod
from typing import NamedTuple

import numpy as np
import torch
from accelerate import Accelerator

from xstilts.features import arrow
from xstilts.features.batching import IGNORED
from xstilts.features.rows import Rows
from xstilts.models import tokenization
from xstilts.models.prefetch import prefetched
from xstilts.training.batches import BatchSampler, Step, micro_batches, share
from xstilts.training.data import TaskData
from xstilts.training.masking import Masking
from xstilts.training.objectives import Keys


class Batch(NamedTuple):
    """The share of one process in an optimiser step.

    Args:
        items: the number of labels in the step, over all processes, at least 1; of rows, where each row has one answer.
        micro_batches: the arguments of the model.
        keys: the keys of random draws in each micro-batch, `(sequences,)`; empty if the objective draws nothing.
    """

    task: str
    items: int
    micro_batches: list[dict[str, torch.Tensor]]
    keys: Sequence[torch.Tensor] = ()


class Feed:
    """The batches of this process: its share of the rows of each step.

    Args:
        keys: the keys of random draws of the objective; None if it draws nothing.
    """

    def __init__(
        self,
        data: Mapping[str, TaskData],
        sampler: BatchSampler,
        pad_token_id: int,
        accelerator: Accelerator,
        keys: Keys | None = None,
    ):
        self._kinds = {name: one.kind for name, one in data.items()}
        self._masking = {
            name: Masking(tokenization.vocabulary(one.tokenizer), sampler.seed)
            for name, one in data.items()
            if one.is_masked_lm
        }
        self._rows = {name: Rows(one.train, one.kind.COLUMNS) for name, one in data.items()}
        self._widths = {name: arrow.widths(one.train) for name, one in data.items()}
        self._sampler, self._pad_token_id, self._keys = sampler, pad_token_id, keys
        self._device = accelerator.device
        self._process, self._processes = accelerator.process_index, accelerator.num_processes

    @property
    def steps(self) -> int:
        """The number of optimiser steps."""
        return self._sampler.steps

    @property
    def longest(self) -> int:
        """The padded number of tokens of the longest row."""
        return max(int(widths.max(initial=0)) for widths in self._widths.values())

    def after(self, step: int, tokens: int) -> Generator[Batch | None]:
        """The batches that follow a number of completed steps; None, and no more, if one does not fit on the device.

        Args:
            tokens: the maximum number of padded tokens in a micro-batch.
        """
        steps = enumerate(islice(self._sampler, step, None), step)
        collated = (self._collated(one, number, tokens) for number, one in steps)
        try:
            with closing(prefetched(collated, self._device)) as batches:
                yield from (Batch(*batch) for batch in batches)
        except torch.OutOfMemoryError:
            yield None

    def _collated(self, step: Step, number: int, tokens: int) -> tuple[str, int, list[dict[str, np.ndarray]], list]:
        kind, rows = self._kinds[step.task], self._rows[step.task].take(step.rows)
        if masking := self._masking.get(step.task):
            rows = masking.rows(rows, step.rows, number)
        # A row may occur twice in a step, at the end of a pass over the data and at the beginning of the next.
        own = share(list(range(len(rows))), self._process, self._processes)
        parts = micro_batches(own, self._widths[step.task][step.rows], tokens)
        arrays = [kind.collate([rows[place] for place in part], self._pad_token_id) for part in parts]
        # The loss of a step without labels is 0, not 0 / 0. Rows that the kinds encode have at least one label each.
        return step.task, max(1, sum(map(_items, rows))), arrays, self._drawn(step, number, parts, arrays)

    def _drawn(self, step: Step, number: int, parts: list[list[int]], arrays: list[dict[str, np.ndarray]]) -> list:
        """The keys of random draws in each micro-batch."""
        if self._keys is None:
            return []
        numbers, shapes = np.array(step.rows), [one["input_ids"].shape for one in arrays]
        return [self._keys(number, numbers[part], prod(shape[1:-1])) for part, shape in zip(parts, shapes, strict=True)]


def _items(row: Mapping[str, object]) -> int:
    """The number of labels of a row; 1 if it has an answer instead."""
    return int(np.count_nonzero(np.asarray(row.get("labels", 0)) != IGNORED))
