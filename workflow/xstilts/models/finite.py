"""NaN and infinity among losses, gradients, weights and outputs: nothing that follows from them means anything."""

from collections.abc import Mapping

import torch

from xstilts.errors import UserError


class NotFiniteError(UserError):
    """A NaN or an infinity among the weights or the outputs of a model."""


class Watch:
    """Looks at a value of every optimiser step without waiting for the device at each of them."""

    def __init__(self):
        self._unseen: list[tuple[int, torch.Tensor]] = []

    def add(self, step: int, value: torch.Tensor) -> None:
        """Take a value, a tensor of one element; steps come in rising order."""
        self._unseen.append((step, value.detach()))

    def first_bad_step(self) -> int | None:
        """The first step that has a value that is not finite, of those since the last call."""
        if not self._unseen:
            return None
        steps, values = zip(*self._unseen, strict=True)
        self._unseen.clear()
        finite = torch.isfinite(torch.stack(values)).tolist()
        return next((step for step, good in zip(steps, finite, strict=True) if not good), None)


def require_finite(weights: Mapping[str, torch.Tensor]) -> None:
    """Refuse the weights of a model if one of them has a value that is not finite.

    Raises:
        NotFiniteError: with the first tensor that has such a value.
    """
    floating = {name: tensor for name, tensor in weights.items() if tensor.is_floating_point()}
    # One answer for all, since each waits for the device.
    finite = torch.stack([torch.isfinite(tensor).all() for tensor in floating.values()]).tolist()
    bad = [name for name, good in zip(floating, finite, strict=True) if not good]
    if bad:
        raise NotFiniteError(
            f"{len(bad)} of the {len(floating)} tensors of the model have values that are not finite, the first is "
            f"{bad[0]!r}."
        )
