"""One place for an encoder, where files that are laid over each other name several.

Snakemake merges all files key by key, so an encoder of the shipped configuration that a user's file gives a `path`
would have that and its `repository` too. The last one that names a place has it.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from xstilts.config import yamlfiles

_PLACES = {"path": {"path"}, "repository": {"repository", "revision"}, "pretraining": {"pretraining"}}
"""The keys that name a place, and what belongs to each."""

_KEYS = set().union(*_PLACES.values())


def with_one_place(raw: Mapping[str, Any], files: Iterable[Path], command_line: Mapping[str, Any]) -> Mapping[str, Any]:
    """The merged configuration without the places of encoders that a later file, or the command line, replaces.

    Args:
        files: where it came from, the last one winning.
        command_line: what was laid over the files.
    """
    blocks, files = _mapping(_mapping(raw).get("encoders")), list(files)
    if not (blocks and files):
        return raw
    layers = [*(yaml.safe_load(yamlfiles.text_of(file)) for file in files), command_line]
    encoders = [_mapping(_mapping(layer).get("encoders")) for layer in layers]
    settled = {name: _settled(block, [layer.get(name) for layer in encoders]) for name, block in blocks.items()}
    return {**raw, "encoders": settled}


def _settled(block: Any, layers: Iterable[Any]) -> Any:
    """A block with the place that was named last; as it is where that names several at once."""
    if not isinstance(block, Mapping):
        return block
    kept: dict[str, Any] = {}
    replaced: set[str] = set()
    for layer in map(_mapping, layers):
        if named := {place for place in _PLACES if layer.get(place) is not None}:
            # Another repository has commits of its own.
            same = named == {"repository"} and layer["repository"] == kept.get("repository")
            belonging = set().union(*(_PLACES[place] for place in named))
            replaced |= {key for key in kept if key not in belonging or (key == "revision" and not same)}
            kept = {key: value for key, value in kept.items() if key not in replaced}
        own = {key: value for key, value in layer.items() if key in _KEYS}
        kept, replaced = kept | own, replaced - own.keys()
    return {key: value for key, value in block.items() if key not in replaced}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
