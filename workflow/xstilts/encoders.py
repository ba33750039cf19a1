"""Loading encoders, and putting a fresh head on one."""

import os
from types import ModuleType

import transformers
from transformers import AutoConfig, AutoModel, PreTrainedModel

from xstilts.checkpoints import Checkpoint
from xstilts.errors import UserError
from xstilts.tasks.base import Task

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
# Loading weights of the old format would otherwise start a conversion service of the hub in the background.
os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")


def load_encoder(checkpoint: Checkpoint) -> PreTrainedModel:
    """The bare encoder in float32; what its checkpoint does not hold (a pooler) is drawn from torch's generator."""
    return AutoModel.from_pretrained(checkpoint.name, revision=checkpoint.revision, dtype="float32")


def with_fresh_head(checkpoint: Checkpoint, kind: ModuleType, task: Task) -> PreTrainedModel:
    """The model of a task: the encoder of a checkpoint and a new head, whatever head the checkpoint had.

    Raises:
        UserError: the architecture has no such head.
    """
    encoder = load_encoder(checkpoint)
    config = AutoConfig.from_pretrained(checkpoint.name, revision=checkpoint.revision, **kind.head(task))
    try:
        model = getattr(transformers, kind.AUTO_MODEL).from_config(config, dtype="float32")
    except ValueError as error:
        problem = f"a {config.model_type!r} encoder has no head for {task.name}"
        raise UserError(f"{checkpoint.name}: {problem}: {error}") from None
    incompatible = model.base_model.load_state_dict(encoder.state_dict(), strict=False)
    lost = [key for key in incompatible.missing_keys if "pooler" not in key]
    if lost:
        raise UserError(f"{checkpoint.name}: its encoder does not hold {lost[0]!r}, which {kind.AUTO_MODEL} needs.")
    return model


def load_model(folder: str, kind: ModuleType) -> PreTrainedModel:
    """A trained model with its head."""
    return getattr(transformers, kind.AUTO_MODEL).from_pretrained(folder, dtype="float32")
