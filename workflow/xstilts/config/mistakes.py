"""Messages about invalid configurations: what is wrong with a value, what is allowed, and where it comes from."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel

from xstilts.config import yamlfiles
from xstilts.config.former import RENAMED, REPLACED

UNWRITABLE = "cannot be part of a file name in this locale; if the value is correct, set PYTHONUTF8=1"

PATTERNS = {
    r"^[a-z0-9][a-z0-9_.+-]*$": "lowercase letters, digits and '_', '.', '+', '-', the first a letter or a digit",
    r"^[a-z0-9][a-z0-9_.-]*$": "lowercase letters, digits and '_', '.', '-', the first a letter or a digit",
    r"^[0-9]{1,3}[.]{2}[0-9]{1,3}$": "a range such as 2..3",
    r"^[0-9a-f]{40}$": "40 hexadecimal digits in lowercase",
    r"^[0-9a-f]{64}$": "64 hexadecimal digits in lowercase",
}
"""The patterns of strings, in words."""

_NOT_A_STRING = (
    "YAML reads {} as a number or a date, not as a string. Put it in quotes; with --config on the command line, where "
    "quotes are lost, use a name that contains a letter"
)
_EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "a block of named entries",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than": "a number greater than {gt}",
    "greater_than_equal": "a number greater than or equal to {ge}",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number with fewer digits",
    "int_type": "a whole number",
    "invalid_key": "a string as the key; put it in quotes",
    "less_than": "a number less than {lt}",
    "less_than_equal": "a number less than or equal to {le}",
    "list_type": "a list",
    "literal_error": "one of the allowed values",
    "model_attributes_type": "a block of settings",
    "model_type": "a block of settings",
    "path_type": "a path",
    "string_too_long": "at most {max_length} characters",
    "string_type": "a string",
    "string_unicode": "valid Unicode",
    "too_short": "a list with at least {min_length} value",
    "tuple_type": "a list",
}
"""What is expected instead of a value, by pydantic's type of the error."""

_METHOD = "method"
"""The key whose value says which of several blocks is meant."""

_ABSENT = object()


def unwritable(raw: object, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """The strings that cannot be part of a file name in this locale, each with the keys that lead to it."""
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
        # Jobs read the configuration as UTF-8; file names are in the encoding of the locale.
        text.encode("utf-8")
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


def keys(error: Mapping[str, Any], raw: object) -> tuple[str, ...]:
    """The keys that lead to the value of an error of pydantic, which also names the branches of a union."""
    location = error["loc"] + ((_METHOD,) if error["type"] == "union_tag_invalid" else ())
    found: list[str] = []
    for part in location:
        below = _below(raw, part)
        if below is not _ABSENT:
            found.append(str(part))
            raw = below
    return tuple(found)


def is_of_another_type(error: Mapping[str, Any]) -> bool:
    """Whether an error only says that a block is not a string, where a name could stand as well."""
    return error["type"] == "string_type" and isinstance(error["input"], Mapping)


def found(error: Mapping[str, Any], keys: tuple[str, ...]) -> object:
    """The key or the value that is wrong."""
    if error["type"] == "extra_forbidden":
        return keys[-1]
    return error["input"][_METHOD] if error["type"] == "union_tag_invalid" else error["input"]


def problem(errors: Sequence[Mapping[str, Any]], keys: tuple[str, ...], top: type[BaseModel]) -> str:
    """What is wrong with a value or a key.

    Args:
        errors: the errors of pydantic about it, one for each type that it may have.
        keys: the keys that lead to the value.
        top: the type of the whole configuration.
    """
    first, *others = (_problem(error, keys, top) for error in errors)
    return ", or ".join([first, *(other.removeprefix("expected ") for other in others)])


def _problem(error: Mapping[str, Any], keys: tuple[str, ...], top: type[BaseModel]) -> str:
    if error["type"] == "extra_forbidden":
        if present := _present(RENAMED, error, keys, top):
            return f"renamed to {present!r}"
        if present := _present(REPLACED, error, keys, top):
            return f"replaced by {present!r}, which is described in docs/config.md; remove the key"
        if method := _method(_block(keys[:-1], error, top)):
            return f"unknown key for the method {method!r}"
        having = (place or "the top level" for place, block in _blocks(top) if keys[-1] in block.model_fields)
        places = list(dict.fromkeys(having))
        return f"unknown key here; it belongs to {_either(places)}" if places else "unknown key"
    if error["type"] == "missing":
        return f"the key {error['loc'][-1]!r} is missing"
    if error["type"] == "union_tag_not_found":
        return f"the key {_METHOD!r} is missing"
    if error["type"] == "union_tag_invalid":
        return f"expected {_EXPECTED['literal_error']}"
    if error["type"] == "string_type" and isinstance(error["input"], bool):
        return 'YAML reads an unquoted yes, no, on or off as true or false; quote it, as in "no"'
    if error["type"] == "string_type" and not isinstance(error["input"], list | dict | NoneType):
        return _NOT_A_STRING.format(error["input"])
    if error["type"] == "path_type" and error["input"] is None:
        return 'YAML reads an unquoted ~ and an empty value as null; quote the path, as in "~/results"'
    if error["type"] == "string_pattern_mismatch":
        return f"expected {PATTERNS[error['ctx']['pattern']]}"
    if expected := _EXPECTED.get(error["type"]):
        return f"expected {expected.format(**_whole(error.get('ctx', {})))}"
    return error["msg"].removeprefix("Value error, ")


def _whole(limits: Mapping[str, Any]) -> dict[str, Any]:
    """Limits in which whole numbers have no decimals."""
    return {key: int(one) if isinstance(one, float) and one.is_integer() else one for key, one in limits.items()}


def allowed(error: Mapping[str, Any], keys: tuple[str, ...], top: type[BaseModel]) -> list[str]:
    """The values or keys that are allowed instead; empty if they cannot be listed, or if the key was renamed."""
    if error["type"] == "literal_error":
        return [part.strip(" '") for part in error["ctx"]["expected"].replace(" or ", ", ").split(",")]
    if error["type"] == "union_tag_invalid":
        return [part.strip(" '") for part in error["ctx"]["expected_tags"].split(",")]
    if error["type"] == "union_tag_not_found":
        return [name for one in _types(_annotation(keys, error, top)) if (name := _method(one))]
    if error["type"] != "extra_forbidden" or _present({**RENAMED, **REPLACED}, error, keys, top):
        return []
    return sorted(_block(keys[:-1], error, top).model_fields)


def _present(
    former: Mapping[str, str], error: Mapping[str, Any], keys: tuple[str, ...], top: type[BaseModel]
) -> str | None:
    """The present key of a block that has taken the place of a former one."""
    present = former.get(keys[-1])
    return present if present in _block(keys[:-1], error, top).model_fields else None


def _blocks(block: type[BaseModel], place: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """The types of all blocks of settings, each with its place, such as `encoders.<name>.retrieval`."""
    yield place, block
    for key, field in block.model_fields.items():
        below, keys = field.annotation, [place, key] if place else [key]
        if get_origin(below) is dict:
            below, keys = get_args(below)[1], [*keys, "<name>"]
        for one in _types(below):
            yield from _blocks(one, ".".join(keys))


def _either(places: list[str]) -> str:
    *others, last = places
    return f"{', '.join(others)} or {last}" if others else last


def _block(keys: Iterable[str], error: Mapping[str, Any], top: type[BaseModel]) -> type[BaseModel]:
    """The type of the block to which keys lead; of several, the one that the location of an error names."""
    keys = tuple(keys)
    types = _types(_annotation(keys, error, top))
    # A key above may have the name of a method, as the shipped objectives do.
    return next((one for one in types if _method(one) in error["loc"][len(keys) :]), types[0])


def _annotation(keys: Iterable[str], error: Mapping[str, Any], top: type[BaseModel]) -> Any:
    """The type of the value to which keys lead, in blocks of settings or dictionaries of named blocks."""
    *above, last = ("", *keys)
    if not above:
        return top
    around = _annotation(above[1:], error, top)
    if get_origin(around) is dict:
        return get_args(around)[1]
    return _block(above[1:], error, top).model_fields[last].annotation


def _types(annotation: Any) -> list[type[BaseModel]]:
    """The types of the blocks that a value may be."""
    if isinstance(annotation, type):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [one for part in get_args(annotation) for one in _types(part)]


def _method(block: type[BaseModel]) -> str | None:
    """The method that a block is for."""
    field = block.model_fields.get(_METHOD)
    return get_args(field.annotation)[0] if field else None


def origin(keys: tuple[str, ...], raw: object, files: Sequence[Path]) -> str:
    """Where a value comes from, in parentheses: the last file that has its key, with the line, or the command line.

    Args:
        raw: the merged configuration, in which the command line takes precedence.
        files: the files that it was merged from, in order of increasing precedence.
    """
    # Imported here because it is slow and only errors need it.
    from snakemake.common.configfile import load_configfile
    from snakemake.utils import update_config

    given: dict[str, Any] = {}
    for file in files:
        update_config(given, load_configfile(file))
    if files and not _same(_value(given, keys), _value(raw, keys)):
        return f" (command line, --config {keys[0]})"
    for file in reversed(files):
        line = _line_of(keys, yaml.compose(yamlfiles.text_of(file)))
        if line is not None:
            return f" ({file}, line {line})"
    return ""


def _value(settings: object, keys: tuple[str, ...]) -> object:
    return reduce(_below, keys, settings)


def _below(settings: object, key: int | str) -> object:
    """The value of a key or an index; `_ABSENT` if there is none."""
    if isinstance(settings, Mapping):
        return next((value for name, value in settings.items() if str(name) == str(key)), _ABSENT)
    if isinstance(settings, list) and str(key).isdecimal():
        return settings[int(key)] if int(key) < len(settings) else _ABSENT
    return _ABSENT


def _same(one: object, other: object) -> bool:
    """Whether two values are equal, where NaN equals itself."""
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
