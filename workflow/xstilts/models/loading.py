"""Loading weights that belong to a model, all of them: what transformers only reports is refused here.

It draws a weight that a checkpoint lacks at random and leaves out one that the model does not know, so a checkpoint
whose names or shapes are others would become a model that was never pretrained.
"""

import logging
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from pickle import UnpicklingError

from safetensors import SafetensorError
from transformers import PreTrainedConfig, PreTrainedModel

from xstilts.errors import UserError
from xstilts.models.architectures import UNREADABLE, config_of, refused
from xstilts.models.finite import NotFiniteError, require_finite
from xstilts.sources.checkpoints import Checkpoint

_SHOWN = 3
_LAYER = re.compile(r"(?<=\.)\d+(?=\.)")
_IN_LAYER = re.compile(r".*?\.N\.")
_POOLER = "pooler"

# Its table of missing, unexpected and mismatched weights is what is checked here; all other warnings are shown.
logging.getLogger("transformers.modeling_utils").addFilter(lambda record: "LOAD REPORT" not in record.getMessage())


def load_bare(auto_class: type, checkpoint: Checkpoint) -> PreTrainedModel:
    """An encoder in float32 from a checkpoint that may have a head besides.

    Only a pooler may be missing, which is then drawn from torch's generator, and nothing may be left over that is
    called like a weight of the encoder, or lies in one of its layers, as adapters and the scales of quantized weights.

    Raises:
        UserError: the weights are not those of the encoder that config.json describes.
    """
    model, missing, unexpected = _load(auto_class, checkpoint)
    own = {_of_any_layer(key) for key in model.state_dict()}
    layers = tuple(sorted({match[0] for match in map(_IN_LAYER.match, own) if match}))
    left_over = [key for key in unexpected if _is_called_like(key, own) or _lies_in(key, layers)]
    _require_none(checkpoint, outside_pooler(missing), left_over)
    return model


def load_whole(auto_class: type, checkpoint: Checkpoint) -> PreTrainedModel:
    """A model with its head in float32, from a checkpoint that has its weights and no others.

    Raises:
        UserError: the weights are not those of the model that config.json describes.
    """
    model, missing, unexpected = _load(auto_class, checkpoint)
    _require_none(checkpoint, missing, unexpected)
    return model


def outside_pooler(keys: Iterable[str]) -> list[str]:
    """The names of weights that belong to no pooler, which not every model of an architecture has."""
    return [key for key in keys if _POOLER not in key.split(".")]


def _load(auto_class: type, checkpoint: Checkpoint) -> tuple[PreTrainedModel, list[str], list[str]]:
    """A model with the names of weights that the checkpoint lacks, and of those that the model does not know."""
    config = config_of(checkpoint)
    _require_plain(checkpoint, config)
    try:
        model, found = auto_class.from_pretrained(
            checkpoint.name,
            config=config,
            revision=checkpoint.revision,
            dtype="float32",
            trust_remote_code=False,
            output_loading_info=True,
            # Other shapes would otherwise raise an error that does not say which.
            ignore_mismatched_sizes=True,
        )
    except (*UNREADABLE, EOFError, ImportError, SafetensorError, UnpicklingError) as error:
        raise refused(checkpoint, "its weights", error) from error
    if found["error_msgs"]:
        raise UserError(f"{checkpoint.name}: its weights cannot be loaded: {found['error_msgs'][0]}")
    if found["mismatched_keys"]:
        name, there, wanted = min(found["mismatched_keys"])
        raise UserError(
            f"{checkpoint.name}: {len(found['mismatched_keys'])} of its weights have another shape than config.json "
            f"says, such as {name!r}: found {tuple(there)}, expected {tuple(wanted)}. Use the config.json and the "
            "weights of one encoder."
        )
    try:
        require_finite(model.state_dict())
    except NotFiniteError as error:
        advice = "The file is damaged, or was saved in a precision that cannot hold its values; get the encoder again."
        raise UserError(f"{checkpoint.name}: {error} {advice}") from None
    return model, sorted(found["missing_keys"]), sorted(found["unexpected_keys"])


def _require_plain(checkpoint: Checkpoint, config: PreTrainedConfig) -> None:
    """Refuse a checkpoint that is not all of its model, or has its weights in a form that needs another library."""
    if Path(checkpoint.name, "adapter_config.json").is_file():
        raise UserError(
            f"{checkpoint.name}: holds an adapter (adapter_config.json), which is not loaded here. Merge it into its "
            "model with peft's `merge_and_unload`, save that with `save_pretrained`, and use the new folder."
        )
    if getattr(config, "quantization_config", None):
        raise UserError(
            f"{checkpoint.name}: its weights are quantized (quantization_config in config.json). Use the encoder in "
            "float32, float16 or bfloat16."
        )


def _require_none(checkpoint: Checkpoint, missing: Collection[str], unexpected: Collection[str]) -> None:
    if missing or unexpected:
        raise UserError(
            f"{checkpoint.name}: its weights are not those of the architecture in its config.json: "
            f"{_listed(missing, 'missing')}; {_listed(unexpected, 'not part of it')}. Names with a prefix such as "
            "'module.' or '_orig_mod.' are those of a wrapped model: save the model that it wraps with "
            "`save_pretrained`. If layers are missing or left over, use the config.json and the weights of one encoder."
        )


def _listed(keys: Collection[str], what: str) -> str:
    examples = ", ".join(map(repr, list(keys)[:_SHOWN]))
    return f"{len(keys)} {what}" + (f" ({examples}{', ...' if len(keys) > _SHOWN else ''})" if keys else "")


def _of_any_layer(key: str) -> str:
    """The name of a weight with `N` for the numbers of layers."""
    return _LAYER.sub("N", key)


def _lies_in(key: str, layers: tuple[str, ...]) -> bool:
    """Whether a weight lies in one of some layers, whatever stands before their names."""
    return any(f".{layer}" in f".{_of_any_layer(key)}" for layer in layers)


def _is_called_like(key: str, own: Collection[str]) -> bool:
    """Whether the name of a weight is one of some names, whatever its layer is and whatever stands before it."""
    parts = _of_any_layer(key).split(".")
    return any(".".join(parts[start:]) in own for start in range(len(parts)))
