"""Perturbations of sequences in a ball around their clean word embeddings.

Norms are Euclidean norms of a sequence, over all its tokens and dimensions. Of multiple choice, each choice with its
prompt is a sequence. Special tokens are perturbed like others; padding is not. All is computed in float32.
"""

import torch
from torch import Tensor

from xstilts.training.objectives import draws

_TINY = torch.finfo(torch.float32).tiny


class Ball:
    """The perturbations of a micro-batch, tensors of shape `(sequences, length, width)`.

    Args:
        clean: the clean word embeddings, of this shape.
        mask: 1 for tokens and 0 for padding, `(sequences, length)`.
        epsilon: the radius.
        is_relative: whether the unit of lengths is the norm of the clean word embeddings of a sequence, instead of 1.
        keys: the keys of random draws, `(sequences,)`; None if nothing is drawn.
    """

    def __init__(self, clean: Tensor, mask: Tensor, epsilon: float, is_relative: bool, keys: Tensor | None = None):
        self.mask, self.keys = mask[..., None].float(), keys
        self.unit = norms(clean * self.mask) if is_relative else torch.ones_like(clean[:, :1, :1])
        self.radius = epsilon * self.unit
        self._shape = clean.shape

    def centre(self) -> Tensor:
        """No perturbation."""
        return torch.zeros(self._shape, device=self.mask.device)

    def start(self, magnitude: float) -> Tensor:
        """A random perturbation in the ball of about a norm, or none if that is 0."""
        return self._projected(self.noise(magnitude)) if magnitude else self.centre()

    def noise(self, magnitude: float) -> Tensor:
        """Normal noise whose norm has a root mean square of `magnitude` units."""
        assert self.keys is not None
        _, length, width = self._shape
        values = self.mask.sum(dim=1, keepdim=True) * width
        return draws.normal(self.keys, length, width) * self.mask * (magnitude * self.unit / values.sqrt())

    def ascended(self, delta: Tensor, slope: Tensor, step: float) -> Tensor:
        """A perturbation after a step of a length along a gradient, projected onto the ball."""
        return self._projected(delta + step * self.unit * self.direction(slope))

    def direction(self, slope: Tensor) -> Tensor:
        """The gradient of each sequence divided by its norm; 0 where it is 0."""
        slope = slope.float() * self.mask
        # The squares of small gradients would underflow.
        slope = slope / slope.abs().amax(dim=(1, 2), keepdim=True).clamp_min(_TINY)
        return slope / norms(slope).clamp_min(_TINY)

    def _projected(self, delta: Tensor) -> Tensor:
        return delta * (self.radius / norms(delta).clamp_min(_TINY)).clamp_max(1)


def norms(sequences: Tensor) -> Tensor:
    """The norm of each sequence, `(sequences, 1, 1)`."""
    return sequences.square().sum(dim=(1, 2), keepdim=True).sqrt()
