"""Another dropout than that of a checkpoint."""

from copy import deepcopy

import torch
from torch import nn
from transformers import PreTrainedModel

from xstilts.errors import UserError


def changed(model: PreTrainedModel, probability: float, name: str) -> PreTrainedModel:
    """The model with a probability in place of all its dropouts, in encoder and head.

    Its config keeps those of the checkpoint, which are saved with the model.

    Args:
        name: the name of the model for messages.

    Raises:
        UserError: its config has no dropout.
    """
    before = {key: value for key, value in model.config.to_dict().items() if _is_dropout(key, value)}
    if not before:
        raise UserError(f"{name}: its config.json has no dropout that could be changed. Remove dropout from the stage.")
    config = deepcopy(model.config)
    config.update(dict.fromkeys(before, probability))
    # Some modules of ModernBERT exist only with dropout, so that changing those of the model would not do.
    with torch.random.fork_rng(devices=[]):
        found = type(model)(config)
    found.load_state_dict(model.state_dict())
    config.update(before)
    return found


def require(model: PreTrainedModel, name: str) -> None:
    """Check that an encoder has dropout, without which both passes of R-Drop give the same predictions.

    Args:
        name: the name of the model for messages.

    Raises:
        UserError: all its dropouts are 0.
    """
    if not any(isinstance(part, nn.Dropout) and part.p > 0 for part in model.base_model.modules()):
        raise UserError(
            f"{name}: the encoder has no dropout, so that both passes of rdrop give the same predictions. Set the "
            "dropout of the stage, such as `dropout: 0.1`."
        )


def _is_dropout(key: str, value: object) -> bool:
    # XLM-R's head has that of the encoder if its own is null.
    return "dropout" in key and (value is None or isinstance(value, float | int))
