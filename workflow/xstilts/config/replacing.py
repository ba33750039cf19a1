"""The location of an encoder that several configuration files define.

Snakemake merges files key by key. If a user's file sets `path` for an encoder of config.yaml, the merged encoder has
both this `path` and the `repository` of config.yaml. Here the location that was set last replaces the others.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from xstilts.config import yamlfiles

_PLACES = {"path": {"path"}, "repository": {"repository", "revision"}, "pretraining": {"pretraining"}}
"""The keys that set a location, each with all keys that belong to it."""

_KEYS = set().union(*_PLACES.values())


def with_one_place(raw: Mapping[str, Any], files: Iterable[Path], command_line: Mapping[str, Any]) -> Mapping[str, Any]:
    """The merged configuration, without locations of encoders that a later file or the command line replaces.

    Args:
        raw: the merged configuration.
        files: the files that it was merged from, in order of increasing precedence.
        command_line: the settings of the command line, which override the files.
    """
    blocks, files = _mapping(_mapping(raw).get("encoders")), list(files)
    if not (blocks and files):
        return raw
    layers = [*(yaml.safe_load(yamlfiles.text_of(file)) for file in files), command_line]
    encoders = [_mapping(_mapping(layer).get("encoders")) for layer in layers]
    settled = {name: _settled(block, [layer.get(name) for layer in encoders]) for name, block in blocks.items()}
    return {**raw, "encoders": settled}


def _settled(block: Any, layers: Iterable[Any]) -> Any:
    """An encoder with the location that was set last, or unchanged if the last layer sets several."""
    if not isinstance(block, Mapping):
        return block
    kept: dict[str, Any] = {}
    replaced: set[str] = set()
    for layer in map(_mapping, layers):
        if named := {place for place in _PLACES if layer.get(place) is not None}:
            # A revision is only valid for its own repository.
            same = named == {"repository"} and layer["repository"] == kept.get("repository")
            belonging = set().union(*(_PLACES[place] for place in named))
            replaced |= {key for key in kept if key not in belonging or (key == "revision" and not same)}
            kept = {key: value for key, value in kept.items() if key not in replaced}
        own = {key: value for key, value in layer.items() if key in _KEYS}
        kept, replaced = kept | own, replaced - own.keys()
    return {key: value for key, value in block.items() if key not in replaced}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
