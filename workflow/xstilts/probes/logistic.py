"""Logistic regression on vectors that do not fit into the memory of a device as a whole in double precision.

It is the model of scikit-learn's `LogisticRegression` with standardised inputs: the summed cross-entropy plus half the
squared norm of the weights is minimised by L-BFGS, from zero. If one of several vectors is correct, the softmax is over
these (the conditional logit of McFadden 1974). No random numbers are drawn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy

from xstilts.models.precision import exact_float32_matmul
from xstilts.probes.vectors import Block

ITERATIONS = 1000
"""Maximum number of iterations."""

_TOLERANCE = 1e-5
"""The largest component of the gradient of the mean loss at which the iterations end."""

_ROWS = 2**16
"""Maximum number of vectors of a block in which those with labels are joined."""


@dataclass(frozen=True)
class Fitted:
    """A fitted model.

    Args:
        weight: `(outputs, width)`, float32, for vectors that are not standardised.
        bias: `(outputs,)`, float32.
        iterations: the number of iterations.
        converged: whether the iterations ended before their maximum number.
    """

    weight: torch.Tensor
    bias: torch.Tensor
    iterations: int
    converged: bool


def fit(blocks: Sequence[Block], outputs: int) -> Fitted:
    """Fit the model to all blocks, which have the same form and device.

    Args:
        outputs: the number of labels, or the number of correct places in each row.
    """
    blocks = list(_joined(blocks))
    mean, deviation = _moments(blocks)
    count = sum(block.gold.numel() for block in blocks)
    weight, bias = (
        torch.zeros(shape, dtype=torch.float64, device=mean.device, requires_grad=True)
        for shape in ((outputs, len(mean)), (outputs,))
    )
    optimizer = torch.optim.LBFGS(
        [weight, bias],
        max_iter=ITERATIONS,
        max_eval=2 * ITERATIONS,
        tolerance_grad=_TOLERANCE,
        history_size=20,
        line_search_fn="strong_wolfe",
    )

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        total = weight.square().sum() / 2 / count
        total.backward()
        for block in blocks:
            # Backward for each block, so that the memory of one is needed at a time.
            part = _loss(block, *_unstandardised(weight, bias, mean, deviation)) / count
            part.backward()
            total = total + part.detach()
        return total.detach()

    with exact_float32_matmul():
        optimizer.step(loss)
    with torch.no_grad():
        scaled, shifted = _unstandardised(weight, bias, mean, deviation)
    iterations = optimizer.state[weight]["n_iter"]
    return Fitted(scaled.float(), shifted.float(), iterations, iterations < ITERATIONS)


def _joined(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks; vectors with labels are joined into large ones."""
    if blocks[0].inside is not None:
        yield from blocks
        return
    vectors, gold = (torch.cat([getattr(block, name) for block in blocks]) for name in ("vectors", "gold"))
    yield from map(Block, vectors.split(_ROWS), gold.split(_ROWS))


def _moments(blocks: Sequence[Block]) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean and the standard deviation of each component, `(width,)`; 1 in place of a deviation of 0."""
    count = sum(len(_flat(block)) for block in blocks)
    mean = sum((_flat(block).double().sum(dim=0) for block in blocks), torch.tensor(0.0)) / count
    squares = sum(((_flat(block).double() - mean).square().sum(dim=0) for block in blocks), torch.tensor(0.0))
    deviation = (squares / count).sqrt()
    return mean, torch.where(deviation > 0, deviation, 1.0)


def _flat(block: Block) -> torch.Tensor:
    """All vectors of a block, `(vectors, width)`."""
    return block.vectors if block.inside is None else block.vectors[block.inside]


def _unstandardised(
    weight: torch.Tensor, bias: torch.Tensor, mean: torch.Tensor, deviation: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The weights and biases for vectors that are not standardised, of those for vectors that are."""
    scaled = weight / deviation
    return scaled, bias - scaled @ mean


def _loss(block: Block, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """The summed cross-entropy of a block."""
    computes = torch.promote_types(block.vectors.dtype, torch.float32)
    logits = block.vectors.to(computes) @ weight.T.to(computes) + bias.to(computes)
    if block.inside is None:
        return cross_entropy(logits, block.gold, reduction="sum").double()
    places = logits.masked_fill(~block.inside[..., None], -torch.inf).transpose(1, 2)
    return cross_entropy(places.flatten(end_dim=1), block.gold.flatten(), reduction="sum").double()
