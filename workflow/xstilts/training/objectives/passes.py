"""The passes of an objective over one micro-batch."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from xstilts.config.objectives import Fgm, FreeLB, Noise, Pgd, Smart
from xstilts.models.precision import autocast
from xstilts.training import generators
from xstilts.training.model import Scores
from xstilts.training.objectives.ball import Ball
from xstilts.training.objectives.perturbation import Perturbation

Scored = tuple[Scores, ...]


class Passes:
    """Forward and backward passes over a micro-batch of a task.

    All passes have the same dropout, unless asked for their own, so that perturbations alone make them differ, and an
    objective of no strength is plain training. Processes exchange gradients in the last pass of a step only.

    Args:
        wrapped: the model of the stage as `accelerator` has prepared it.
        perturbation: what perturbs its word embeddings.
        precision: `fp32` or `bf16`.
        items: what the summed loss is divided by.
        inputs: the arguments of the model.
        keys: the keys of random draws; None if nothing is drawn.
        ends_step: whether this is the last micro-batch of an optimiser step.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        wrapped: nn.Module,
        perturbation: Perturbation,
        precision: str,
        task: str,
        items: float,
        inputs: dict[str, Tensor],
        keys: Tensor | None,
        ends_step: bool,
    ):
        self.items = items
        self._accelerator, self._wrapped, self._perturbation = accelerator, wrapped, perturbation
        self._precision, self._task, self._inputs = precision, task, inputs
        self._keys, self._ends_step = keys, ends_step
        self._dropout = generators.current(accelerator.device)

    def ball(self, objective: Fgm | Pgd | FreeLB | Smart | Noise) -> Ball:
        """The perturbations of the sequences."""
        ids, mask = (self._inputs[name].flatten(end_dim=-2) for name in ("input_ids", "attention_mask"))
        clean = self._perturbation.clean(ids)
        return Ball(clean, mask, objective.epsilon, objective.norm == "relative", self._keys)

    def add(self, share: float, delta: Tensor | None = None, *, is_last: bool = False) -> Tensor:
        """Add the gradient of a share of the loss to that of the parameters; the share of the loss.

        Args:
            delta: the perturbation; None for the clean pass.
            is_last: whether no other pass follows.
        """
        with self._synchronised(is_last):
            loss = share * self._forward(delta)
            self._accelerator.backward(loss)
        return loss.detach()

    def ascent(self, delta: Tensor, share: float) -> tuple[Tensor, Tensor]:
        """Like `add`, with the gradient for the perturbation; a share of 0 leaves the gradient of the parameters."""
        if not share:
            return torch.zeros((), device=delta.device), self.slope(delta)
        delta = delta.detach().requires_grad_()
        loss = self.add(share, delta)
        assert delta.grad is not None
        return loss, delta.grad

    def slope(self, delta: Tensor, of: Callable[[Scored], Tensor] | None = None) -> Tensor:
        """The gradient of the loss, or of a function of the scores, for a perturbation alone."""
        delta = delta.detach().requires_grad_()
        with self._synchronised(False):
            value = self._forward(delta) if of is None else of(self._forward(delta, scored=True)[1])
            (slope,) = torch.autograd.grad(value, delta)
        return slope

    def scores(
        self, delta: Tensor | None = None, *, own_dropout: bool = False, is_last: bool = False
    ) -> tuple[Tensor, Scored]:
        """The loss and the scores of a pass, for `finish`."""
        with self._synchronised(is_last):
            return self._forward(delta, scored=True, own_dropout=own_dropout)

    def finish(self, value: Tensor) -> Tensor:
        """Add the gradient of a value, computed from several `scores`, to that of the parameters; the value."""
        with self._synchronised(True):
            self._accelerator.backward(value)
        return value.detach()

    def _forward(self, delta: Tensor | None, *, scored: bool = False, own_dropout: bool = False) -> Any:
        device = self._accelerator.device
        if not own_dropout:
            generators.restore(self._dropout, device)
        with self._perturbation.added(delta), autocast(device, self._precision):
            return self._wrapped(self._task, self.items, scored=scored, **self._inputs)

    def _synchronised(self, is_last: bool) -> AbstractContextManager:
        if is_last and self._ends_step:
            return nullcontext()
        return self._accelerator.no_sync(self._wrapped)
