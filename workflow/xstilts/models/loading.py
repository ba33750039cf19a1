"""Strict loading of weights: mismatches that transformers only reports are errors here.

transformers initialises missing weights randomly and ignores unexpected ones, so a checkpoint with other names or
shapes would silently become a model that was never pretrained.
"""

import logging
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from transformers import PreTrainedConfig, PreTrainedModel

from xstilts.errors import UserError
from xstilts.models.architectures import UNREADABLE, config_of, refused
from xstilts.models.finite import NotFiniteError, require_finite
from xstilts.sources.checkpoints import Checkpoint

if TYPE_CHECKING:
    from transformers.models.auto.auto_factory import _BaseAutoModelClass

_SHOWN = 3
_LAYER = re.compile(r"(?<=\.)\d+(?=\.)")
_IN_LAYER = re.compile(r".*?\.N\.")
_POOLER = "pooler"

# Hide the report of missing, unexpected and mismatched weights, which are checked here; show all other warnings.
logging.getLogger("transformers.modeling_utils").addFilter(lambda record: "LOAD REPORT" not in record.getMessage())


def load_bare(
    auto_class: "type[_BaseAutoModelClass]", checkpoint: Checkpoint, dtype: torch.dtype = torch.float32
) -> PreTrainedModel:
    """An encoder in a precision, from a checkpoint with or without a head.

    Only a pooler may be missing; it is drawn from torch's generator. Unexpected weights are refused if they have the
    name of a weight of the encoder or are inside one of its layers, such as adapters and the scales of quantized
    weights.

    Raises:
        UserError: the weights are not those of the encoder in config.json.
    """
    model, missing, unexpected = _load(auto_class, checkpoint, dtype)
    own = {_of_any_layer(key) for key in model.state_dict()}
    layers = tuple(sorted({match[0] for match in map(_IN_LAYER.match, own) if match}))
    refused_keys = [key for key in unexpected if _has_name_of(key, own) or _is_inside(key, layers)]
    _require_none(checkpoint, outside_pooler(missing), refused_keys)
    return model


def load_whole(
    auto_class: "type[_BaseAutoModelClass]", checkpoint: Checkpoint, dtype: torch.dtype = torch.float32
) -> PreTrainedModel:
    """A model with its head in a precision, from a checkpoint with exactly its weights.

    Raises:
        UserError: the weights are not those of the model in config.json.
    """
    model, missing, unexpected = _load(auto_class, checkpoint, dtype)
    _require_none(checkpoint, missing, unexpected)
    return model


def load_with_head(
    auto_class: "type[_BaseAutoModelClass]", checkpoint: Checkpoint
) -> tuple[PreTrainedModel, list[str]]:
    """A model in float32 from a checkpoint that may lack its head, and the names of the missing weights.

    Weights that the model does not have are ignored, such as those of another head.

    Raises:
        UserError: the checkpoint cannot be loaded.
    """
    model, missing, _ = _load(auto_class, checkpoint, torch.float32)
    return model, outside_pooler(missing)


def outside_pooler(keys: Iterable[str]) -> list[str]:
    """The names of weights outside the pooler, which not all models of an architecture have."""
    return [key for key in keys if _POOLER not in key.split(".")]


def _load(
    auto_class: "type[_BaseAutoModelClass]", checkpoint: Checkpoint, dtype: torch.dtype
) -> tuple[PreTrainedModel, list[str], list[str]]:
    """A model, the names of weights that are missing from the checkpoint, and those of unexpected weights."""
    config = config_of(checkpoint)
    _require_plain(checkpoint, config)
    try:
        model, found = auto_class.from_pretrained(
            checkpoint.name,
            config=config,
            revision=checkpoint.revision,
            # `model.to(dtype)` would also round the buffers that an architecture keeps in float32.
            dtype=dtype,
            trust_remote_code=False,
            output_loading_info=True,
            # Otherwise wrong shapes raise an error that does not name them.
            ignore_mismatched_sizes=True,
        )
    except (*UNREADABLE, EOFError, ImportError, SafetensorError, UnpicklingError) as error:
        raise refused(checkpoint, "its weights", error) from error
    if found["error_msgs"]:
        raise UserError(f"{checkpoint.name}: its weights cannot be loaded: {found['error_msgs'][0]}")
    if found["mismatched_keys"]:
        name, there, wanted = min(found["mismatched_keys"])
        raise UserError(
            f"{checkpoint.name}: {len(found['mismatched_keys'])} of its weights do not have the shape given by "
            f"config.json, such as {name!r}: found {tuple(there)}, expected {tuple(wanted)}. Use the config.json and "
            "the weights of the same encoder."
        )
    try:
        require_finite(model.state_dict())
    except NotFiniteError as error:
        advice = (
            "The file is damaged, or was saved in a precision that cannot represent its values; download the encoder "
            "again."
        )
        raise UserError(f"{checkpoint.name}: {error} {advice}") from None
    return model, sorted(found["missing_keys"]), sorted(found["unexpected_keys"])


def _require_plain(checkpoint: Checkpoint, config: PreTrainedConfig) -> None:
    """Refuse an adapter without its model, and quantized weights, which need another library."""
    if Path(checkpoint.name, "adapter_config.json").is_file():
        raise UserError(
            f"{checkpoint.name}: found an adapter (adapter_config.json), which is not supported. Merge it into its "
            "model with peft's `merge_and_unload`, save the model with `save_pretrained`, and use the new folder."
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
            f"{_listed(missing, 'missing')}; {_listed(unexpected, 'unexpected')}. Names with a prefix such as "
            "'module.' or '_orig_mod.' come from a wrapped model: save the inner model with `save_pretrained`. If "
            "layers are missing or unexpected, use the config.json and the weights of the same encoder."
        )


def _listed(keys: Collection[str], what: str) -> str:
    examples = ", ".join(map(repr, list(keys)[:_SHOWN]))
    return f"{len(keys)} {what}" + (f" ({examples}{', ...' if len(keys) > _SHOWN else ''})" if keys else "")


def _of_any_layer(key: str) -> str:
    """The name of a weight with `N` in place of layer numbers."""
    return _LAYER.sub("N", key)


def _is_inside(key: str, layers: tuple[str, ...]) -> bool:
    """Whether a weight is inside one of the layers, with any prefix before their names."""
    return any(f".{layer}" in f".{_of_any_layer(key)}" for layer in layers)


def _has_name_of(key: str, own: Collection[str]) -> bool:
    """Whether a weight has one of the names, in any layer and with any prefix."""
    parts = _of_any_layer(key).split(".")
    return any(".".join(parts[start:]) in own for start in range(len(parts)))
