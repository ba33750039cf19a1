"""Human-readable specs, with settings under their names in the configuration."""

from functools import reduce
from typing import Any

from xstilts.config import Limit, Miniature, Pretraining, Report, Retrieval, Stage, TaskSettings
from xstilts.config.settings import Settings

_BLOCKS: dict[str, tuple[str, tuple[type[Settings], ...]]] = {
    "write_miniature": ("settings", (Miniature,)),
    "make_tokenizer": ("settings", (Pretraining,)),
    "pretrain_encoder": ("settings", (Pretraining,)),
    "read_task": ("limit", (Limit,)),
    "encode_task": ("settings", (TaskSettings,)),
    "train_stage": ("stage", (Stage,)),
    "predict": ("options", (Retrieval, Stage)),
    "statistics": ("settings", (Report,)),
}
"""The part of the spec of a step that contains settings, and the types of the settings' blocks."""


def readable(spec: dict[str, Any], *, neutral: bool = False) -> dict[str, Any]:
    """A spec with settings under their names in the configuration.

    Args:
        spec: a spec, possibly of another version: unknown keys are kept.
        neutral: whether to add the neutral values, which specs omit.
    """
    part, blocks = _BLOCKS.get(spec.get("step", ""), ("", ()))
    if not isinstance(spec.get(part), dict):
        return spec
    return spec | {part: reduce(lambda values, block: block.in_config(values, neutral=neutral), blocks, spec[part])}
