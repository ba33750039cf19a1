"""Configuration files as they are written: what a reader of YAML passes over in silence is a mistake here.

YAML readers keep the last of two equal keys, and take some words for something else than they look like.
"""

import json
from pathlib import Path

import yaml

from xstilts.errors import UserError

_WORDS = {"bool": "true or false", "int": "a number", "float": "a number", "null": "nothing", "timestamp": "a date"}
_PREFIX = "tag:yaml.org,2002:"


def require_unambiguous(file: Path) -> None:
    """Refuse a file, YAML or JSON, in which something is said twice or would be misread.

    A key of a block that `<<` merges in may be given again in the block itself: it stands for the merged one.

    Raises:
        UserError: the first such place, with its line.
    """
    try:
        root = yaml.compose(text_of(file), Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise UserError(f"{file}: {error}") from None
    _check(file, root, (), set())


def text_of(file: Path) -> str:
    """A configuration file as text that PyYAML reads, JSON with tabs included."""
    text = file.read_text(encoding="utf-8")
    try:
        json.loads(text)
    except ValueError:
        return text
    # In JSON a tab can only stand between values, where YAML wants a blank.
    return text.replace("\t", " ")


def _check(file: Path, node: yaml.Node | None, keys: tuple[str, ...], seen: set[int]) -> None:
    """Check a value and all below it; `seen` are those that an alias may lead to again."""
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
    """Text in which JSON may have written a character as two escapes, which PyYAML leaves as two."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _twice(file: Path, keys: tuple[str, ...], first: int, again: int) -> UserError:
    return UserError(
        f"{file}: the key {'.'.join(keys)!r} is given in line {first} and again in line {again}; only the last one "
        "would count. Put what belongs together into one block, and remove the other."
    )


def _check_key(file: Path, key: yaml.Node, keys: tuple[str, ...]) -> None:
    if not isinstance(key, yaml.ScalarNode):
        where = f" below {'.'.join(keys)!r}" if keys else ""
        raise UserError(f"{file}, line {_line(key)}: a list or a block stands for a key{where}; a key is a word.")
    kind = key.tag.removeprefix(_PREFIX)
    if kind not in ("str", "merge"):
        where = ".".join((*keys, key.value))
        raise UserError(
            f"{file}, line {_line(key)}: YAML reads the key {where!r} as {_WORDS.get(kind, kind)}; "
            f'put it into quotes, as in "{key.value}".'
        )


def _check_value(file: Path, node: yaml.ScalarNode, keys: tuple[str, ...]) -> None:
    """Refuse numbers to the base of 8 or 60, which look like decimal numbers or text.

    Unquoted yes, no, on and off are left to the typed configuration, which knows where true and false belong.
    """
    kind, digits = node.tag.removeprefix(_PREFIX), node.value.lstrip("+-").replace("_", "")
    is_octal = kind == "int" and digits.isdigit() and digits != "0" and digits.startswith("0")
    is_sexagesimal = kind in ("int", "float") and ":" in digits
    if is_octal or is_sexagesimal:
        read = json.dumps(yaml.safe_load(node.value))
        raise UserError(
            f"{file}, line {_line(node)}: YAML reads an unquoted {node.value} as {read}, for {'.'.join(keys)!r}; "
            f'write {read} if that is meant, else put it into quotes, as in "{node.value}".'
        )


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1
