"""Loading encoders, with or without a new head, and trained models."""

import os
from typing import TYPE_CHECKING

import torch
import transformers
from transformers import AutoModel, PreTrainedModel

from xstilts.errors import UserError
from xstilts.models.architectures import config_of
from xstilts.models.loading import load_bare, load_whole, outside_pooler
from xstilts.sources.checkpoints import Checkpoint
from xstilts.task import Task

if TYPE_CHECKING:
    from xstilts.kinds import Kind

transformers.logging.disable_progress_bar()
# Otherwise loading weights that are not safetensors starts a conversion service of the hub in the background.
os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")


def load_encoder(checkpoint: Checkpoint, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """The encoder without a head; a pooler that the checkpoint lacks is drawn from torch's generator.

    Raises:
        UserError: the checkpoint cannot be loaded, or its weights do not match the architecture.
    """
    return load_bare(AutoModel, checkpoint, dtype)


def with_fresh_head(checkpoint: Checkpoint, kind: "Kind", task: Task) -> PreTrainedModel:
    """The model of a task: the encoder of a checkpoint with a new head. A head in the checkpoint is ignored.

    Raises:
        UserError: the checkpoint cannot be loaded, or transformers has no such head for the architecture.
    """
    encoder = load_encoder(checkpoint)
    config = config_of(checkpoint)
    config.update(kind.head(task))
    try:
        model = getattr(transformers, kind.AUTO_MODEL).from_config(config, dtype="float32")
    except ValueError as error:
        problem = f"a {config.model_type!r} encoder has no head for {task.name}"
        raise UserError(f"{checkpoint.name}: {problem}: {error}") from None
    incompatible = model.base_model.load_state_dict(encoder.state_dict(), strict=False)
    if differing := outside_pooler([*incompatible.missing_keys, *incompatible.unexpected_keys]):
        raise UserError(f"{checkpoint.name}: its encoder and that of {kind.AUTO_MODEL} differ in {differing[0]!r}.")
    return model


def load_model(folder: str, kind: "Kind", dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """A trained model with its head.

    Raises:
        UserError: the weights in the folder do not match the architecture.
    """
    return load_whole(getattr(transformers, kind.AUTO_MODEL), Checkpoint(folder), dtype)
