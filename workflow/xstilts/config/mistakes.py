"""What to say of a mistake in the configuration: what is wrong with the value, what is allowed, and where it stands."""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel

from xstilts.config import yamlfiles

UNWRITABLE = "no file name can hold this text in this locale; set PYTHONUTF8=1 if it is right"

_TEXT = (
    "YAML reads {} as a number or a date, not as text. Put it in quotes; on the command line, where quotes get lost, "
    "choose a name with a letter in it"
)
_TYPES = {
    "path_type": "expected a path, as text",
    "string_type": "expected text",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "model_type": "expected a block of keys with values",
    "dict_type": "expected a block of names with settings",
}
"""What to say of a value of another type, in the words of YAML."""

_ABSENT = object()


def unwritable(raw: object, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """The texts, by the keys that lead to them, that cannot be part of a file name here."""
    if isinstance(raw, str):
        if "\0" in raw or not _is_encodable(raw):
            yield above, raw
    elif isinstance(raw, Mapping):
        for key, value in raw.items():
            yield from unwritable(value, (*above, str(key)))
    elif isinstance(raw, list):
        for place, value in enumerate(raw):
            yield from unwritable(value, (*above, str(place)))


def _is_encodable(text: str) -> bool:
    try:
        # The configuration is left to the jobs in UTF-8, and files have their names in the encoding of the locale.
        text.encode("utf-8")
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


def keys(location: Iterable[int | str], raw: object) -> tuple[str, ...]:
    """The keys that lead to a value, of what pydantic says, which names the branches of a union too."""
    found: list[str] = []
    for part in location:
        below = _below(raw, part)
        if below is not _ABSENT:
            found.append(str(part))
            raw = below
    return tuple(found)


def problem(error: Mapping[str, Any]) -> str:
    """What is wrong with a value, in words."""
    if error["type"] == "extra_forbidden":
        return "unknown key"
    if error["type"] == "string_type" and isinstance(error["input"], bool):
        return 'YAML reads an unquoted yes, no, on or off as true or false; quote it, as in "no"'
    if error["type"] == "string_type" and not isinstance(error["input"], list | dict | NoneType):
        return _TEXT.format(error["input"])
    if error["type"] == "path_type" and error["input"] is None:
        return 'YAML reads an unquoted ~, and nothing, as no value; quote it, as in "~/results"'
    return _TYPES.get(error["type"]) or error["msg"].removeprefix("Value error, ")


def allowed(error: Mapping[str, Any], keys: tuple[str, ...], top: type[BaseModel]) -> list[str]:
    """What could stand in the place of a value or a key; nothing where that cannot be listed."""
    if error["type"] == "literal_error":
        return [part.strip(" '") for part in error["ctx"]["expected"].replace(" or ", ", ").split(",")]
    if error["type"] != "extra_forbidden":
        return []
    return sorted(reduce(_block_of, keys[:-1], top).model_fields)


def _block_of(block: Any, key: str) -> Any:
    """The type of what is below a key: of a block of settings, or of a dictionary of named blocks."""
    below = get_args(block)[1] if get_origin(block) is dict else block.model_fields[key].annotation
    return get_args(below)[0] if get_origin(below) is UnionType else below


def origin(keys: tuple[str, ...], raw: object, files: Iterable[Path | str]) -> str:
    """Where a value comes from, in brackets: the last file that holds its key, with the line, or the command line.

    Args:
        raw: the merged configuration, in which the command line has the last word.
    """
    # Only a mistake needs Snakemake, which takes long to import.
    from snakemake.common.configfile import load_configfile
    from snakemake.utils import update_config

    files, given = [file for file in files if Path(file).is_file()], {}
    for file in files:
        update_config(given, load_configfile(file))
    if files and not _same(_value(given, keys), _value(raw, keys)):
        return f" (command line, --config {keys[0]})"
    for file in reversed(files):
        line = _line_of(keys, yaml.compose(yamlfiles.text_of(Path(file))))
        if line is not None:
            return f" ({file}, line {line})"
    return ""


def _value(settings: object, keys: tuple[str, ...]) -> object:
    return reduce(_below, keys, settings)


def _below(settings: object, key: int | str) -> object:
    """What is below a key or a place in a list; `_ABSENT` where there is nothing."""
    if isinstance(settings, Mapping):
        return next((value for name, value in settings.items() if str(name) == str(key)), _ABSENT)
    if isinstance(settings, list) and str(key).isdecimal():
        return settings[int(key)] if int(key) < len(settings) else _ABSENT
    return _ABSENT


def _same(one: object, other: object) -> bool:
    """Whether two values are equal; not a number is equal to itself here."""
    return one == other or (one != one and other != other)


def _line_of(keys: tuple[str, ...], node: yaml.Node | None) -> int | None:
    line = None
    for key in keys:
        if isinstance(node, yaml.SequenceNode):
            return node.value[int(key)].start_mark.line + 1
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        found = next(((k, v) for k, v in pairs if k.value == key), None)
        if found is None:
            return None
        line, node = found[0].start_mark.line + 1, found[1]
    return line
