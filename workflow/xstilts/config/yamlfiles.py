"""Checks of configuration files for what a YAML parser accepts silently.

A YAML parser keeps only the last of duplicate keys, and reads some unquoted values as another type.
"""

import json
from pathlib import Path

import yaml

from xstilts.errors import UserError

_WORDS = {"bool": "true or false", "int": "a number", "float": "a number", "null": "null", "timestamp": "a date"}
_PREFIX = "tag:yaml.org,2002:"


def require_unambiguous(file: Path) -> None:
    """Reject a YAML or JSON file with duplicate keys or values that YAML would misread.

    A key of a block that is merged with `<<` may be given again in the block itself, which overrides it.

    Raises:
        UserError: the first problem found, with its line.
    """
    try:
        root = yaml.compose(text_of(file), Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise UserError(f"{file}: {error}") from None
    _check(file, root, (), set())


def text_of(file: Path) -> str:
    """The text of a configuration file in a form that PyYAML can parse, including JSON with tabs."""
    text = file.read_text(encoding="utf-8")
    try:
        json.loads(text)
    except ValueError:
        return text
    # In JSON, unescaped tabs only occur between values, where YAML requires spaces.
    return text.replace("\t", " ")


def _check(file: Path, node: yaml.Node | None, keys: tuple[str, ...], seen: set[int]) -> None:
    """Check a node and everything below it; `seen` holds the nodes that aliases may refer to."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            _check_key(file, key, keys)
            name = _joined(key.value)
            if name in lines:
                raise _twice(file, (*keys, name), lines[name], _line(key))
            lines[name] = _line(key)
            _check(file, value, (*keys, name), seen)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _check(file, item, (*keys, str(number)), seen)
    else:
        _check_value(file, node, keys)


def _joined(text: str) -> str:
    """A string with its surrogate pairs joined: JSON may escape one character as two, which PyYAML keeps apart."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _twice(file: Path, keys: tuple[str, ...], first: int, again: int) -> UserError:
    return UserError(
        f"{file}: duplicate key {'.'.join(keys)!r} in lines {first} and {again}, of which YAML would keep only the "
        "last. Merge them into one, or remove one."
    )


def _check_key(file: Path, key: yaml.Node, keys: tuple[str, ...]) -> None:
    if not isinstance(key, yaml.ScalarNode):
        where = f" in {'.'.join(keys)!r}" if keys else ""
        raise UserError(f"{file}, line {_line(key)}: a list or block is used as a key{where}; expected a string.")
    kind = key.tag.removeprefix(_PREFIX)
    if kind not in ("str", "merge"):
        where = ".".join((*keys, key.value))
        raise UserError(
            f"{file}, line {_line(key)}: YAML reads the key {where!r} as {_WORDS.get(kind, kind)}; "
            f'put it in quotes, as in "{key.value}".'
        )


def _check_value(file: Path, node: yaml.ScalarNode, keys: tuple[str, ...]) -> None:
    """Reject octal and sexagesimal numbers, which look like decimal numbers or text.

    Unquoted yes, no, on and off are checked with the typed configuration, which knows where a boolean is expected.
    """
    kind, digits = node.tag.removeprefix(_PREFIX), node.value.lstrip("+-").replace("_", "")
    is_octal = kind == "int" and digits.isdigit() and digits != "0" and digits.startswith("0")
    is_sexagesimal = kind in ("int", "float") and ":" in digits
    if is_octal or is_sexagesimal:
        read = json.dumps(yaml.safe_load(node.value))
        raise UserError(
            f"{file}, line {_line(node)}: YAML reads the unquoted value {node.value} of {'.'.join(keys)!r} as {read}; "
            f'write {read} if this is intended, or put the value in quotes, as in "{node.value}".'
        )


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1
