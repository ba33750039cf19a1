"""Heads for masked language modelling: those of the pretrained encoder, applied to the predicted tokens only."""

from typing import TYPE_CHECKING

import torch
from transformers import AutoModelForMaskedLM, PreTrainedModel

from xstilts.config.stages import PRETRAINED
from xstilts.errors import UserError
from xstilts.models.encoders import load_encoder, with_fresh_head
from xstilts.models.loading import load_with_head, outside_pooler
from xstilts.sources.checkpoints import Checkpoint
from xstilts.task import Task

if TYPE_CHECKING:
    from xstilts.kinds import Kind

_WITHOUT_HEAD = {
    "rembert": "its published checkpoint lacks the output embeddings",
    "deberta-v2": "its published checkpoints are discriminators, whose generator was another model",
}
"""The architectures whose checkpoints have no usable head, with the reason."""


def with_lm_head(parent: Checkpoint, root: Checkpoint, kind: "Kind", task: Task, head: str) -> PreTrainedModel:
    """The encoder of a checkpoint with a head for masked language modelling, tied to its word embeddings.

    Args:
        parent: the checkpoint of the encoder.
        root: the pretrained encoder that the parent was trained from. Its head is used, never one in `parent`: the
            classifiers of ModernBERT have a module `head` as well, with the same parameters.
        head: `pretrained` or `new`.

    Raises:
        UserError: a checkpoint cannot be loaded, the root has no head, or the head of its architecture is not known.
    """
    model = _with_head_of(root, parent) if head == PRETRAINED else with_fresh_head(parent, kind, task)
    if not any(hasattr(model, name) for name in ("lm_predictions", "lm_head", "cls", "decoder")):
        raise UserError(
            f"{parent.name}: the head of {type(model).__name__} for masked language modelling is not supported. Choose "
            "an encoder like XLM-R, BERT or ModernBERT."
        )
    model.tie_weights()
    return model


def logits(model: PreTrainedModel, hidden: torch.Tensor) -> torch.Tensor:
    """The scores of all words, `(tokens, vocabulary)`, for hidden states of the last layer, `(tokens, width)`."""
    if hasattr(model, "lm_predictions"):
        return model.lm_predictions(hidden, model.base_model.embeddings.word_embeddings)
    if hasattr(model, "lm_head"):
        return model.lm_head(hidden)
    return model.cls(hidden) if hasattr(model, "cls") else model.decoder(model.head(hidden))


def _with_head_of(root: Checkpoint, parent: Checkpoint) -> PreTrainedModel:
    model, missing = load_with_head(AutoModelForMaskedLM, root)
    advice = "Set `head: new` in the stage to train a head from a random initialisation."
    if reason := _WITHOUT_HEAD.get(model.config.model_type):
        raise UserError(f"{root.name}: has no pretrained head for masked language modelling: {reason}. {advice}")
    if missing:
        raise UserError(
            f"{root.name}: has no pretrained head for masked language modelling; {missing[0]!r} is missing. {advice}"
        )
    incompatible = model.base_model.load_state_dict(load_encoder(parent).state_dict(), strict=False)
    if differing := outside_pooler([*incompatible.missing_keys, *incompatible.unexpected_keys]):
        raise UserError(f"{parent.name}: its encoder and that of {root.name} differ in {differing[0]!r}.")
    return model
