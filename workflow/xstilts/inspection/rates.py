"""The time that trainings and predictions take on a GPU, from the shape of their encoder.

A step takes either as long as the host needs to launch its kernels, or as long as the GPU needs to run them. The first
depends on the number of layers alone; it is what small batches take, while the GPU is mostly idle. The second is the
number of floating point operations over the speed of the GPU, and what is read and written for each parameter over its
bandwidth. The constants were fitted to XLM-R Large on one H200 with 16 cores:

| measured | estimated |
| --- | --- |
| 64 ms (59 to 69) for a training step of 1,440 or 3,664 tokens in bfloat16 | 64 ms |
| 101 ms for a training step of 16,384 tokens in bfloat16 | 101 ms |
| 723,000 tokens a second for predictions in bfloat16 | 730,000 |
| 53,000 to 55,000 tokens a second for predictions in float32 | 52,000 |
| 20.2 s for mining 400,000 x 400,000 sentences in float32 | 20.4 s |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Protocol

from xstilts.inspection.cards import Card
from xstilts.runtime import memory
from xstilts.sources.shapes import Shape

START = 10.0
"""Seconds from the start of a job to its first batch: imports, CUDA and loading the weights."""

CORES = 16
"""The assumed number of cores for each GPU, which limits the number of jobs that share it."""

_SAVED = 1e9
"""Bytes of a trained model that are written and hashed in a second."""
_LAUNCH = 2.67e-3
"""Seconds in which the host launches the kernels of a layer in a training step: forward, backward and update."""
_FORWARD = 0.25
"""The share of it in a forward pass."""
_TRAINING, _PREDICTION, _FP32 = 0.32, 0.45, 0.48
"""Shares of the published speed that a training and a prediction in bfloat16 reach, and both in float32."""
_PARAMETER = 40
"""Bytes that are read and written in a training step for each parameter, mostly by AdamW."""
_PREDICTED = 0.15
"""The share of the tokens of a row whose words masked language modelling predicts (`xstilts.training.masking`)."""
_FURTHER = 0.5
"""What each further job on a GPU achieves of what a job achieves alone, until the GPU is busy. An assumption."""


@dataclass(frozen=True)
class Cost:
    """The time of a job on a GPU.

    Args:
        alone: its duration in seconds if no other job shares the GPU.
        busy: the seconds in which it keeps the GPU busy.
    """

    alone: float = 0.0
    busy: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.alone + other.alone, self.busy + other.busy)

    def times(self, count: float) -> "Cost":
        """The time of several of it, one after the other."""
        return Cost(self.alone * count, self.busy * count)

    def shared(self, jobs: int) -> float:
        """The seconds of a GPU that the job takes while always as many jobs share the GPU."""
        return max(self.alone / together(jobs), self.busy)


def together(jobs: float) -> float:
    """How much jobs that share a GPU achieve, relative to one of them alone, if they do not keep it busy."""
    return 1 + _FURTHER * (jobs - 1)


class Rates(Protocol):
    """The speed of a device for one encoder and precision."""

    def step(self, tokens: float, length: float) -> Cost:
        """The time of an optimiser step.

        Args:
            tokens: the number of tokens in its batch.
            length: the length of a row in tokens.
        """
        ...

    def forward(self, tokens: float, length: float, layers: int) -> Cost:
        """The time of a prediction, or of an evaluation during training.

        Args:
            tokens: the number of tokens of all rows.
            length: the length of a row in tokens.
            layers: the number of layers that are computed.
        """
        ...

    def mining(self, pairs: float, width: int) -> Cost:
        """The time of a search for translations.

        Args:
            pairs: the number of pairs of sentences that are compared.
            width: the size of their vectors.
        """
        ...


@dataclass(frozen=True)
class Published:
    """Rates from the published figures of a GPU.

    Args:
        precision: `fp32` or `bf16`.
        jobs: the number of jobs among which its memory is divided.
    """

    card: Card
    shape: Shape
    precision: str
    jobs: int = 1

    def step(self, tokens: float, length: float) -> Cost:
        budget = memory.token_budget(self.card.memory, self.jobs, self.shape, self.precision)
        host = _LAUNCH * self.shape.layers * ceil(tokens / max(budget, length))
        operations = 3 * tokens * _per_token(self.shape, length, self.shape.layers)
        busy = operations / self._speed(_TRAINING) + _PARAMETER * self.shape.parameters / self.card.bandwidth
        return Cost(max(host, busy), busy)

    def forward(self, tokens: float, length: float, layers: int) -> Cost:
        budget = memory.prediction_budget(self.card.memory, self.jobs, self.shape, self.precision)
        host = _FORWARD * _LAUNCH * layers * ceil(tokens / budget)
        busy = tokens * _per_token(self.shape, length, layers) / self._speed(_PREDICTION)
        return Cost(max(host, busy), busy)

    def mining(self, pairs: float, width: int) -> Cost:
        # The products of both directions.
        seconds = 2 * 2 * pairs * width / (_FP32 * self.card.fp32)
        return Cost(seconds, seconds)

    def _speed(self, share: float) -> float:
        return share * self.card.bf16 if self.precision == "bf16" and self.card.bf16 else _FP32 * self.card.fp32


@dataclass(frozen=True)
class Point:
    """A measured batch.

    Args:
        tokens: the number of its tokens.
        seconds: the time that it took.
    """

    tokens: int
    seconds: float


@dataclass(frozen=True)
class Calibrated:
    """Rates from batches that were measured on a device with random weights of the encoder's shape.

    Args:
        steps: training steps, by ascending number of tokens.
        forwards: forward passes, by ascending number of tokens.
        products: multiplications and additions of matrix products in float32 per second.
    """

    shape: Shape
    steps: Sequence[Point]
    forwards: Sequence[Point]
    products: float

    def step(self, tokens: float, length: float) -> Cost:
        seconds = _between(self.steps, tokens)
        return Cost(seconds, min(seconds, 3 * tokens / self._tokens_per_second))

    def forward(self, tokens: float, length: float, layers: int) -> Cost:
        seconds = tokens / self._tokens_per_second * layers / self.shape.layers
        return Cost(seconds, seconds)

    def mining(self, pairs: float, width: int) -> Cost:
        seconds = 2 * pairs * width / self.products
        return Cost(seconds, seconds)

    @property
    def _tokens_per_second(self) -> float:
        """The tokens of the largest forward pass per second, in which the GPU is busy."""
        return self.forwards[-1].tokens / self.forwards[-1].seconds


def training(
    rates: Rates, shape: Shape, steps: int, tokens: float, length: float, evaluated: float, masked: float = 0.0
) -> Cost:
    """The time of a training until its last step.

    Args:
        steps: the number of optimiser steps, or of their passes if a step has several.
        tokens: the number of tokens in a batch.
        length: the length of a row in tokens.
        evaluated: the number of tokens in all evaluations.
        masked: the share of the tokens that are in rows of masked language modelling.
    """
    saving = START + 4 * shape.parameters / _SAVED
    as_much = 1 + masked * _words(shape, length)
    evaluations = rates.forward(as_much * evaluated, length, shape.layers)
    return Cost(saving) + rates.step(as_much * tokens, length).times(steps) + evaluations


def _words(shape: Shape, length: float) -> float:
    """The operations for the scores of the predicted words, relative to those of the encoder for the whole row.

    A score for each word is a product with the word embeddings. Other layers of a head are left out, and so are the
    output embeddings of RemBERT, which are larger.
    """
    return _PREDICTED * 2 * shape.embedding_parameters / _per_token(shape, length, shape.layers)


def prediction(rates: Rates, tokens: float, length: float, layers: int, starts: bool = True) -> Cost:
    """The time of a prediction of rows with a number of tokens in total.

    Args:
        starts: whether a job starts with it; otherwise, the model is loaded already.
    """
    return Cost(START if starts else 0.0) + rates.forward(tokens, length, layers)


def _per_token(shape: Shape, length: float, layers: int) -> float:
    """The operations of a forward pass for a token: linear layers, and attention to a row."""
    return layers * (2 * shape.multiplied_parameters / shape.layers + 4 * length * shape.width)


def _between(points: Sequence[Point], tokens: float) -> float:
    """The time of a batch between measured ones. Small batches take as long as the smallest measured one; beyond the
    largest one, the time is proportional to the number of tokens.
    """
    if tokens <= points[0].tokens:
        return points[0].seconds
    for low, high in pairwise(points):
        if tokens <= high.tokens:
            share = (tokens - low.tokens) / (high.tokens - low.tokens)
            return low.seconds + share * (high.seconds - low.seconds)
    return points[-1].seconds * tokens / points[-1].tokens
