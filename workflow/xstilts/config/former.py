"""Settings of earlier releases: keys that were renamed or replaced."""

from collections.abc import Mapping
from typing import Any

RENAMED = {"max_gradient_norm": "max_grad_norm"}
"""Former names of settings, and their present names."""

REPLACED = {"micro_batch": "tokens_per_device"}
"""Settings that no longer exist, and those that have taken their place, whose values mean something else."""

_BLOCKS = ("encoders", "stages")
_PRECISION = {"precision": "fp32"}


def updated(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration that an earlier release has written, with the present names and the defaults of that release.

    Replaced settings are left out; they have no effect on results. Every configuration that was written by a release
    with `micro_batch` contains it, and means float32 where it sets no precision. In configuration files of users,
    former keys are errors instead.
    """
    found = {key: _updated(value) if key == "training" else value for key, value in raw.items()}
    for key in _BLOCKS:
        if isinstance(raw.get(key), Mapping):
            found[key] = {name: _updated(block) for name, block in raw[key].items()}
    return _in_float32(found) if _is_earlier(raw) else found


def _updated(block: Any) -> Any:
    if not isinstance(block, Mapping):
        return block
    return {RENAMED.get(key, key): value for key, value in block.items() if key not in REPLACED}


def _is_earlier(raw: Mapping[str, Any]) -> bool:
    """Whether a complete configuration was written when the default precision was float32."""
    encoders = raw.get("encoders")
    blocks = encoders.values() if isinstance(encoders, Mapping) else ()
    return any(key in block for block in blocks if isinstance(block, Mapping) for key in REPLACED)


def _in_float32(raw: dict[str, Any]) -> dict[str, Any]:
    """A configuration with the precision of earlier releases where it sets none."""
    encoders = {
        name: {**block, "retrieval": _PRECISION | block.get("retrieval", {})} for name, block in raw["encoders"].items()
    }
    return raw | {"training": _PRECISION | raw.get("training", {}), "encoders": encoders}
