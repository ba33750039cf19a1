"""Heads of trained models on the encoders of other models."""

from pathlib import Path

from safetensors.torch import load_file
from transformers import PreTrainedModel

from xstilts.errors import UserError
from xstilts.kinds import Kind
from xstilts.models.encoders import load_model, with_fresh_head
from xstilts.models.loading import outside_pooler
from xstilts.sources.checkpoints import Checkpoint
from xstilts.task import Task
from xstilts.training.model import HEADS


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
    model = _trained(folder, kind, task)
    weights = encoder.state_dict()
    found = model.base_model.load_state_dict({name: weights[name] for name in outside_pooler(weights)}, strict=False)
    if differing := outside_pooler([*found.missing_keys, *found.unexpected_keys]):
        raise UserError(f"{folder}: its encoder and the one that its head is put on differ in {differing[0]!r}.")
    return model


def _trained(folder: Path, kind: Kind, task: Task) -> PreTrainedModel:
    """A model with the head of a task, from a checkpoint of one task or several."""
    if not (folder / HEADS).is_file():
        return load_model(str(folder), kind)
    model = with_fresh_head(Checkpoint(str(folder)), kind, task)
    own = f"{task.name}."
    weights = {name.removeprefix(own): one for name, one in load_file(folder / HEADS).items() if name.startswith(own)}
    found = model.load_state_dict(weights, strict=False)
    encoder = f"{model.base_model_prefix}."
    lacking = [name for name in found.missing_keys if not name.startswith(encoder)]
    if not weights or lacking or found.unexpected_keys:
        problem = next(iter([*lacking, *found.unexpected_keys]), "all weights")
        raise UserError(f"{folder / HEADS}: found no complete head of {task.name!r}; {problem!r} do not fit.")
    return model
