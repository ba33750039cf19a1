"""The gradient of an objective for the batch of an optimiser step."""

from collections.abc import Callable

from accelerate import Accelerator
from torch import Tensor, nn

from xstilts.config.objectives import Objective
from xstilts.training.feed import Batch
from xstilts.training.model import StageModel
from xstilts.training.objectives.passes import Passes
from xstilts.training.objectives.perturbation import Perturbation


class Gradients:
    """Computes gradients of an objective.

    Args:
        method: adds the gradient for a micro-batch to that of the parameters, and returns the value of the objective.
        wrapped: the model as `accelerator` has prepared it.

    Raises:
        UserError: the encoder has no word embeddings.
    """

    def __init__(
        self,
        method: Callable[[Passes, Objective], Tensor],
        objective: Objective,
        accelerator: Accelerator,
        model: StageModel,
        wrapped: nn.Module,
    ):
        self._method, self._objective = method, objective
        self._accelerator, self._wrapped = accelerator, wrapped
        self._perturbation = Perturbation(model.encoder)

    def accumulate(self, batch: Batch, precision: str) -> Tensor:
        """Compute the gradient of a batch, micro-batch by micro-batch; the value of the objective."""
        values = []
        for number, inputs in enumerate(batch.micro_batches):
            passes = Passes(
                self._accelerator,
                self._wrapped,
                self._perturbation,
                precision,
                batch.task,
                # Gradients are averaged over the processes.
                batch.items / self._accelerator.num_processes,
                inputs,
                batch.keys[number] if batch.keys else None,
                ends_step=number + 1 == len(batch.micro_batches),
            )
            values.append(self._method(passes, self._objective))
        return sum(values[1:], values[0])
