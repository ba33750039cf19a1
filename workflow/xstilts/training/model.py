"""The model of a stage: one encoder, and one head for each of its tasks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from xstilts.models.finite import require_finite

HEADS = "heads.safetensors"


class StageModel(nn.Module):
    """Models of several tasks that share one encoder.

    Args:
        models: a model with a head for each task. They share the encoder of the first model with a pooler, or of the
            first model if none has a pooler.
    """

    accepts_loss_kwargs = True

    def __init__(self, models: dict[str, PreTrainedModel]):
        super().__init__()
        self.encoder = max(models.values(), key=lambda model: len(list(model.base_model.children()))).base_model
        for model in models.values():
            _share(model.base_model, self.encoder)
        self.heads = nn.ModuleDict({task: nn.ModuleDict(_head(model)) for task, model in models.items()})
        # Not registered as submodules: their parameters are already those of the encoder and the heads.
        self.__dict__["models"] = models

    def forward(self, task: str, num_items_in_batch: torch.Tensor | None = None, **batch: torch.Tensor) -> dict:
        """The loss of a micro-batch of one task.

        Args:
            num_items_in_batch: the number of labels in all micro-batches of the optimiser step. The loss is the sum
                over this micro-batch divided by it, so that accumulation does not change the gradient. None for
                question answering, where the loss is a mean: all micro-batches have the same number of windows.
        """
        model = self.models[task]
        if "start_positions" in batch:
            return {"loss": _span_loss(model, **batch)}
        return {"loss": _label_loss(model, num_items_in_batch, **batch)}

    def train(self, mode: bool = True) -> "StageModel":
        """Set all models to training or evaluation mode."""
        for model in self.models.values():
            model.train(mode)
        return super().train(mode)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> tuple[list[str], list[str]]:
        """Load a state strictly, even if the Trainer passes `strict=False`, which only warns of missing keys."""
        return super().load_state_dict(state_dict, True, assign)

    def save(self, folder: Path) -> None:
        """Write a standard Hugging Face checkpoint.

        For one task, this is the model with its head; for several, the encoder, with all heads in `heads.safetensors`
        under `<task>.<parameter>`.

        Raises:
            NotFiniteError: a weight is not finite.
        """
        require_finite(self.state_dict())
        if len(self.models) == 1:
            next(iter(self.models.values())).save_pretrained(folder)
            return
        self.encoder.save_pretrained(folder)
        save_file({key: value.contiguous() for key, value in self.heads.state_dict().items()}, folder / HEADS)


def _label_loss(
    model: PreTrainedModel, count: torch.Tensor, labels: torch.Tensor, **inputs: torch.Tensor
) -> torch.Tensor:
    """The summed cross-entropy of all labels, divided by their number in the step; a micro-batch may have none."""
    logits = model(**inputs).logits.flatten(end_dim=-2)
    return cross_entropy(logits.float(), labels.flatten(), reduction="sum") / count


def _span_loss(
    model: PreTrainedModel, start_positions: torch.Tensor, end_positions: torch.Tensor, **inputs: torch.Tensor
) -> torch.Tensor:
    """The mean cross-entropy of starts and ends, without padding, which the model's own loss would include."""
    output, padding = model(**inputs), inputs["attention_mask"] == 0
    pairs = ((output.start_logits, start_positions), (output.end_logits, end_positions))
    return sum(cross_entropy(logits.float().masked_fill(padding, -torch.inf), gold) for logits, gold in pairs) / 2


def _share(encoder: nn.Module, shared: nn.Module) -> None:
    for name, module in shared.named_children():
        if hasattr(encoder, name) and getattr(encoder, name) is not None:
            setattr(encoder, name, module)


def _head(model: PreTrainedModel) -> dict[str, nn.Module]:
    return {name: module for name, module in model.named_children() if module is not model.base_model}
