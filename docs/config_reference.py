"""Rewrite the tables of config.md from the typed configuration, as `make docs` does.

A table stands between `<!-- keys of BLOCK -->` and `<!-- end -->`. BLOCK is `the top level` or the keys that lead to a
block, such as `encoders.pretraining`; `<!-- keys of BLOCK without OTHER -->` leaves out the keys that OTHER has too. A
block without a table of its own is described in the table of the block above it.
"""

import re
from collections.abc import Iterator
from functools import cache, reduce
from pathlib import Path
from typing import Any

import yaml

from xstilts.config import Config, parse
from xstilts.config.mistakes import PATTERNS

PAGE = Path(__file__).with_name("config.md")
SHIPPED = Path(__file__).parents[1] / "config.yaml"

_SCHEMA = Config.model_json_schema()
_TABLE = re.compile(
    r"(<!-- keys of (?P<block>[\w. ]+?)(?: without (?P<other>\w+))? -->\n).*?(?=<!-- end -->)", re.DOTALL
)
_HEADING = re.compile(r"^#+ `(\w+)`$", re.MULTILINE)
_TOP = "the top level"
_HEAD = "| key | type | default | meaning |\n|---|---|---|---|\n"
_UNBOUNDED = 2**31
"""The limit of whole numbers that have no other upper limit."""
_LONG = 40
"""A value with more characters is shown as the number of its entries."""


def rewritten(page: str) -> str:
    """The page with tables of the present configuration."""
    sections = {match["block"] for match in _TABLE.finditer(page)} | set(_HEADING.findall(page))
    return _TABLE.sub(lambda match: match[1] + _table(match["block"], match["other"], sections), page)


def _table(path: str, other: str | None, sections: set[str]) -> str:
    above = () if path == _TOP else tuple(path.split("."))
    rows = _rows(_at(above)["properties"], above, (), sections)
    left_out = _at((other,))["properties"] if other else {}
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for key, *row in rows if key not in left_out)


def _rows(keys: dict, above: tuple[str, ...], prefix: tuple[str, ...], sections: set[str]) -> Iterator[tuple[str, ...]]:
    """Rows of a table, each after its key in the block of the table."""
    for key, node in keys.items():
        path, name, block = (*above, key), ".".join((*prefix, key)), _block(node)
        has_section = ".".join(path) in sections
        shown = f"[`{name}`](#{key})" if has_section else f"`{name}`"
        is_plain = "default" in node and (block is None or node["default"] in (None, {}))
        default = _default(node["default"], path) if is_plain else "" if block else "required"
        yield (*prefix, key)[0], shown, _type(node), default, node["description"].replace("\n", " ")
        if block and not has_section:
            yield from _rows(block["properties"], path, (*prefix, key), sections)


def _at(path: tuple[str, ...]) -> dict:
    """The schema of the block to which keys lead."""
    return reduce(_below, path, _SCHEMA)


def _below(block: dict, key: str) -> dict:
    """The schema of the block of a key; of several blocks by method, that of the method."""
    if "discriminator" in block:
        return _defined(block["discriminator"]["mapping"][key])
    node = block["properties"][key]
    return _block(node) or next(iter(node["patternProperties"].values()))


def _block(node: dict) -> dict | None:
    """The schema of a block, of a block or null, or of blocks by name; None for another value."""
    for one in (node, *node.get("patternProperties", {}).values(), *node.get("anyOf", ())):
        if "$ref" in one:
            return _defined(one["$ref"])
    return None


def _defined(reference: str) -> dict:
    return _SCHEMA["$defs"][reference.rpartition("/")[2]]


def _default(default: Any, path: tuple[str, ...]) -> str:
    """The default of a setting, and its value in config.yaml if that differs."""
    text = f"`{_yaml(default)}`"
    value = _shipped(default, path)
    if value == default:
        return text
    short = f"{len(value)} entries" if len(_yaml(value)) > _LONG else f"`{_yaml(value)}`"
    return f"{text} (`config.yaml`: {short})"


def _shipped(default: Any, path: tuple[str, ...]) -> Any:
    """The value of a setting in config.yaml."""
    value = _shipped_settings()
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return default
        value = value[key]
    return value


@cache
def _shipped_settings() -> dict:
    return parse(yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))).model_dump(mode="json", exclude_unset=True)


def _yaml(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("\n").removesuffix("\n...")
    return text.replace("e-0", "e-")


def _type(node: dict, plural: str = "") -> str:
    """The type of a value in words."""
    match node.get("anyOf"):
        case [{"enum": words}, {"type": "null"}]:
            return _either([*words, "null"])
        case [one, {"type": "null"}]:
            return f"{_type(one)} or `null`"
        case [*others, {"type": "null"}]:
            return f"{', '.join(_type(one, plural) for one in others)}, or `null`"
        case [*others, last]:
            return f"{', '.join(_type(one, plural) for one in others)}, or {_type(last, plural)}"
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return _either(node["enum"])
    if "$ref" in node or "oneOf" in node:
        return f"block{plural}"
    match node.get("type"):
        case "array":
            return f"list{plural} of {_type(node['items'], 's')}"
        case "object":
            values = node.get("additionalProperties")
            return f"{_type(values, 's')} by name" if values else "blocks by name"
        case "null":
            return "`null`"
        case "boolean":
            return "`true` or `false`"
        case "string" if "pattern" in node and not PATTERNS[node["pattern"]].startswith("lowercase letters"):
            return PATTERNS[node["pattern"]]
        case "string":
            return ("path" if node.get("format") == "path" else "name" if "pattern" in node else "string") + plural
    return f"{'whole ' if node['type'] == 'integer' else ''}number{plural}{_range(node)}"


def _either(words: list[str]) -> str:
    *others, last = (f"`{word}`" for word in words)
    return f"{', '.join(others)} or {last}"


def _range(node: dict) -> str:
    limits = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}
    given = [f"{sign} {node[key]:,.10g}" for key, sign in limits.items() if node.get(key, _UNBOUNDED) != _UNBOUNDED]
    return f" {' and '.join(given)}" if given else ""


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
