"""One place for an encoder, where files that are laid over each other name several.

Snakemake merges all files key by key, so an encoder of the shipped configuration that a user's file gives a `path`
would have that and its `repository` too. The last one that names a place has it.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

_PLACES = {"path": {"path"}, "repository": {"repository", "revision"}, "pretraining": {"pretraining"}}
"""The keys that name a place, and what belongs to each."""


def with_one_place(raw: Mapping[str, Any], files: Iterable[Path | str]) -> Mapping[str, Any]:
    """The merged configuration without the places of encoders that a later file, or the command line, replaces.

    Args:
        files: where it came from, the last one winning; what none of them says stands on the command line.
    """
    blocks = _mapping(raw.get("encoders"))
    if all(len(_named(block)) < 2 for block in blocks.values()):
        return raw
    layers = [
        _mapping(_mapping(yaml.safe_load(Path(file).read_text(encoding="utf-8"))).get("encoders")) for file in files
    ]
    settled = {name: _settled(block, [layer.get(name) for layer in layers]) for name, block in blocks.items()}
    return {**raw, "encoders": settled}


def _settled(block: Any, layers: Sequence[Any]) -> Any:
    """A block with the place that was named last; as it is where that names several at once."""
    named, merged = _named(block), _merged(layers)
    by_command_line = {place for place in named if merged.get(place) != block[place]}
    last = next((places for places in (by_command_line, *map(_named, reversed(layers))) if places), named)
    if len(last) > 1:
        return block
    replaced = set().union(*(_PLACES[place] for place in named - last))
    return {key: value for key, value in block.items() if key not in replaced}


def _named(block: Any) -> set[str]:
    return {place for place in _PLACES if _mapping(block).get(place) is not None}


def _merged(layers: Sequence[Any]) -> dict[str, Any]:
    """The places that files name, one laid over the other."""
    merged: dict[str, Any] = {}
    for layer in map(_mapping, layers):
        for place, value in layer.items():
            below = merged.get(place)
            both = isinstance(below, Mapping) and isinstance(value, Mapping)
            merged[place] = {**below, **value} if both else value
    return merged


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
