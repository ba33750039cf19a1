"""The architecture of a checkpoint: one of those in transformers, as code that comes with a checkpoint never runs."""

from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig, PreTrainedConfig

from xstilts.errors import UserError
from xstilts.sources.checkpoints import Checkpoint

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
"""What transformers raises of a config.json whose values it cannot use: it checks few of them itself."""

_SIZES = ("num_hidden_layers", "num_attention_heads", "hidden_size", "vocab_size")


def config_of(checkpoint: Checkpoint) -> PreTrainedConfig:
    """The config of a checkpoint.

    Raises:
        UserError: it cannot be read, or transformers has no class for its architecture, or it has a size of 0.
    """
    try:
        config = AutoConfig.from_pretrained(checkpoint.name, revision=checkpoint.revision, trust_remote_code=False)
    except UNREADABLE as error:
        raise refused(checkpoint, "its config.json", error) from error
    for name in _SIZES:
        # Without layers there is no name by which those of the checkpoint could be told to be left over.
        size = getattr(config, name, None)
        if isinstance(size, int) and size < 1:
            raise UserError(f"{checkpoint.name}: {name} in its config.json is {size}; expected 1 or more.")
    return config


def refused(checkpoint: Checkpoint, part: str, error: Exception) -> UserError:
    """What to say of a part of a checkpoint that transformers cannot load."""
    advice = "Check that all of its files are there and whole."
    if "trust_remote_code" in str(error):
        advice = "Code that comes with an encoder is not run here; choose an encoder whose class transformers has."
    return UserError(
        f"{checkpoint.name}: transformers cannot load {part}: {type(error).__name__}: {_first_line(error)} {advice}"
    )


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "")
