"""Detection of NaN and infinity in losses, gradients, weights and outputs, which make all later results meaningless."""

from collections.abc import Mapping

import torch

from xstilts.errors import UserError


class NotFiniteError(UserError):
    """The weights or the outputs of a model contain NaN or infinity."""


class Watch:
    """Collects one value of each optimiser step, and checks them together to avoid a device sync at each step."""

    def __init__(self) -> None:
        self._unseen: list[tuple[int, torch.Tensor]] = []

    def add(self, step: int, value: torch.Tensor) -> None:
        """Add a value, a tensor with one element; steps must not decrease."""
        self._unseen.append((step, value.detach()))

    def first_bad_step(self) -> int | None:
        """The first step with a value that is not finite since the last call; None if there is none."""
        if not self._unseen:
            return None
        steps, values = zip(*self._unseen, strict=True)
        self._unseen.clear()
        finite = torch.isfinite(torch.stack(values)).tolist()
        return next((step for step, good in zip(steps, finite, strict=True) if not good), None)


def require_finite(weights: Mapping[str, torch.Tensor]) -> None:
    """Check that all weights of a model are finite.

    Raises:
        NotFiniteError: some are not; the message names the first tensor.
    """
    floating = {name: tensor for name, tensor in weights.items() if tensor.is_floating_point() and tensor.numel()}
    # The extremes show NaN and infinity without a temporary tensor of the size of the weight.
    extremes = (torch.stack(torch.aminmax(tensor)) for tensor in floating.values())
    # One transfer for all tensors, since each one synchronises with the device.
    finite = torch.stack([torch.isfinite(pair).all() for pair in extremes]).tolist() if floating else []
    bad = [name for name, good in zip(floating, finite, strict=True) if not good]
    if bad:
        raise NotFiniteError(
            f"{len(bad)} of the {len(floating)} tensors of the model have values that are not finite; the first is "
            f"{bad[0]!r}."
        )
