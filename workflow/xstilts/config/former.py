"""Settings of earlier releases: keys that were renamed or replaced."""

from collections.abc import Mapping
from typing import Any

RENAMED = {"max_gradient_norm": "max_grad_norm"}
"""Former names of settings, and their present names."""

REPLACED = {"micro_batch": "tokens_per_device"}
"""Settings that no longer exist, and those that have taken their place, whose values mean something else."""

_BLOCKS = ("encoders", "stages")


def updated(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration that an earlier release has written, with the present names. Replaced settings are left out.

    Neither has any effect on results. In configuration files of users, former keys are errors instead.
    """
    found = {key: _updated(value) if key == "training" else value for key, value in raw.items()}
    for key in _BLOCKS:
        if isinstance(raw.get(key), Mapping):
            found[key] = {name: _updated(block) for name, block in raw[key].items()}
    return found


def _updated(block: Any) -> Any:
    if not isinstance(block, Mapping):
        return block
    return {RENAMED.get(key, key): value for key, value in block.items() if key not in REPLACED}
