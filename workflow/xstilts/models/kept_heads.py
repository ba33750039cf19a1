"""Models that start with a trained head of their parent."""

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open
from transformers import PreTrainedModel
from transformers.utils import SAFE_WEIGHTS_NAME

from xstilts.errors import UserError
from xstilts.models.encoders import with_fresh_head
from xstilts.sources.checkpoints import Checkpoint
from xstilts.task import Task

if TYPE_CHECKING:
    from xstilts.kinds import Kind

HEADS = "heads.safetensors"
"""The file with the heads of a checkpoint that was trained on several tasks, under `<task>.<parameter>`."""


def with_kept_head(checkpoint: Checkpoint, kind: "Kind", task: Task, source: str) -> PreTrainedModel:
    """The model of a task: the encoder of a checkpoint with one of its trained heads.

    A pooler that the head reads is part of the encoder of the checkpoint.

    Args:
        checkpoint: a folder that a stage has written.
        source: the task of that stage whose head is kept.

    Raises:
        UserError: the checkpoint cannot be loaded, or the weights of the head are not those of the model.
    """
    # Draws as many random numbers as a new head.
    model = with_fresh_head(checkpoint, kind, task)
    own = {name: weight.shape for name, weight in head(model).items()}
    file, prefix = Path(checkpoint.name, HEADS), f"{source}."
    if not file.is_file():
        file, prefix = Path(checkpoint.name, SAFE_WEIGHTS_NAME), ""
    with safe_open(file, framework="pt") as stored:
        there = set(stored.keys())
        found = {name: stored.get_tensor(prefix + name) for name in own if prefix + name in there}
    for name, shape in own.items():
        if name not in found or found[name].shape != shape:
            shown = f"the shape {tuple(found[name].shape)}" if name in found else "no such weight"
            raise UserError(
                f"{file}: the head of {source} does not fit {task.name}: found {shown} for {prefix + name!r}, expected "
                f"the shape {tuple(shape)}. Delete {checkpoint.name}/manifest.json and start snakemake again, which "
                "trains this model again."
            )
    model.load_state_dict(found, strict=False)
    return model


def head(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """The weights of a model outside its encoder."""
    encoder = f"{model.base_model_prefix}."
    return {name: weight for name, weight in model.state_dict().items() if not name.startswith(encoder)}
