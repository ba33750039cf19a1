"""The architecture of a checkpoint, which must be part of transformers: code in a checkpoint is never run."""

from typing import TYPE_CHECKING

from huggingface_hub.errors import StrictDataclassError

from xstilts.errors import UserError
from xstilts.models.known_configs import known_config
from xstilts.sources.checkpoints import Checkpoint

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

UNREADABLE = (
    StrictDataclassError,
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
)
"""What transformers raises for a config.json with invalid values, few of which it validates itself."""

_SIZES = ("num_hidden_layers", "num_attention_heads", "hidden_size", "vocab_size")


def require_supported(checkpoint: Checkpoint) -> None:
    """Check the config of a checkpoint, without importing torch if its architecture is a common one.

    Raises:
        UserError: it cannot be read, transformers has no class for its architecture, or one of its sizes is 0.
    """
    if known_config(checkpoint) is None:
        config_of(checkpoint)


def config_of(checkpoint: Checkpoint) -> "PreTrainedConfig":
    """The config of a checkpoint.

    Raises:
        UserError: it cannot be read, transformers has no class for its architecture, or one of its sizes is 0.
    """
    # The config classes import torch.
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(checkpoint.name, revision=checkpoint.revision, trust_remote_code=False)
    except UNREADABLE as error:
        raise refused(checkpoint, "its config.json", error) from error
    for name in _SIZES:
        # A model without layers has no names by which the leftover layers of a checkpoint could be detected.
        size = getattr(config, name, None)
        if isinstance(size, int) and size < 1:
            raise UserError(f"{checkpoint.name}: {name} in its config.json is {size}; expected 1 or more.")
    return config


def refused(checkpoint: Checkpoint, part: str, error: Exception) -> UserError:
    """The error for a part of a checkpoint that transformers cannot load."""
    advice = "Check that all of its files exist and are complete."
    if "trust_remote_code" in str(error):
        advice = "Code in a checkpoint is never run; choose an encoder whose class is part of transformers."
    return UserError(
        f"{checkpoint.name}: transformers cannot load {part}: {type(error).__name__}: {_first_line(error)} {advice}"
    )


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "")
