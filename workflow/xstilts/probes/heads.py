"""Heads of trained models on the encoders of other models."""

from pathlib import Path

from transformers import PreTrainedModel

from xstilts.errors import UserError
from xstilts.kinds import Kind
from xstilts.models.kept_heads import with_kept_head
from xstilts.models.loading import outside_pooler
from xstilts.sources.checkpoints import Checkpoint
from xstilts.task import Task


def with_head(encoder: PreTrainedModel, folder: Path, kind: Kind, task: Task) -> PreTrainedModel:
    """A model with the weights of an encoder below the head of a trained model.

    The pooler is that of the trained model: the head was trained with it, and an encoder that was then trained for
    another kind of task may have none.

    Args:
        folder: the trained model, of one task or several.
        task: the task of the head, with its labels.

    Raises:
        UserError: the folder has no such head, or the encoders differ in architecture.
    """
    model = with_kept_head(Checkpoint(str(folder)), kind, task, task.name)
    weights = encoder.state_dict()
    found = model.base_model.load_state_dict({name: weights[name] for name in outside_pooler(weights)}, strict=False)
    if differing := outside_pooler([*found.missing_keys, *found.unexpected_keys]):
        raise UserError(f"{folder}: its encoder and the one that its head is put on differ in {differing[0]!r}.")
    return model
