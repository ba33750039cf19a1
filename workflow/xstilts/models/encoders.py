"""Loading encoders, and putting a fresh head on one."""

import os
from types import ModuleType

import transformers
from transformers import AutoModel, PreTrainedModel

from xstilts.errors import UserError
from xstilts.models.architectures import config_of
from xstilts.models.loading import load_bare, load_whole, outside_pooler
from xstilts.sources.checkpoints import Checkpoint
from xstilts.task import Task

transformers.logging.disable_progress_bar()
# Loading weights of the old format would otherwise start a conversion service of the hub in the background.
os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")


def load_encoder(checkpoint: Checkpoint) -> PreTrainedModel:
    """The bare encoder in float32; a pooler that its checkpoint does not hold is drawn from torch's generator.

    Raises:
        UserError: the checkpoint cannot be loaded, or holds the weights of something else.
    """
    return load_bare(AutoModel, checkpoint)


def with_fresh_head(checkpoint: Checkpoint, kind: ModuleType, task: Task) -> PreTrainedModel:
    """The model of a task: the encoder of a checkpoint and a new head, whatever head the checkpoint had.

    Raises:
        UserError: the checkpoint cannot be loaded, or the architecture has no such head.
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


def load_model(folder: str, kind: ModuleType) -> PreTrainedModel:
    """A trained model with its head.

    Raises:
        UserError: the folder holds the weights of something else.
    """
    return load_whole(getattr(transformers, kind.AUTO_MODEL), Checkpoint(folder))
