"""JSON and JSON-lines files, with the position of every error."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from xstilts.errors import DataError, shorten
from xstilts.sources.formats import text

T = TypeVar("T")

_NAMES = {dict: "an object", list: "a list", str: "a string", int: "a whole number", bool: "true or false"}


def document(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        DataError: the file is not UTF-8 or not one complete JSON value, an object has two values for a key, or a value
            is too long or nested too deeply.
    """
    return _parse(path, text.decode(path, path.read_bytes()), first_line=1)


def one_a_line(path: Path) -> Iterator[tuple[str, Any]]:
    """The values of a JSON-lines file, each with its position.

    Raises:
        DataError: as for `document`, for each line.
    """
    for number, line in text.lines(path):
        yield f"line {number}", _parse(path, line, first_line=number)


def _parse(path: Path, content: str, first_line: int) -> Any:
    try:
        return json.loads(content, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        where = f"line {first_line + error.lineno - 1} column {error.colno}"
        rest = shorten(content[error.pos :]) if error.pos < len(content) else "its end"
        hint = f"{error.msg}: the file may be truncated; download it again."
        raise DataError(path, where, rest, "valid JSON", hint) from None
    except (RecursionError, ValueError) as error:
        raise DataError(path, f"line {first_line}", f"{shorten(content)} ({error})", "plain JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict:
    """A JSON object; a repeated key must have the same value.

    Raises:
        ValueError: a key has two values.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        for key, value in pairs:
            if found[key] != value:
                raise ValueError(f"the key {shorten(key)} has two values")
    return found


def member(path: Path, place: str, holder: Any, key: str, kind: type[T]) -> T:
    """The value of a key in a JSON object.

    Raises:
        DataError: `holder` is not an object, the key is missing, or its value is not of type `kind`.
    """
    require(path, place, holder, dict)
    if key not in holder:
        raise DataError(path, place, f"an object with the keys {shorten(list(holder))}", f"the key {key!r}")
    return require(path, f"{place}.{key}" if place else key, holder[key], kind)


def strings(path: Path, place: str, holder: Any, key: str) -> list[str]:
    """The value of a key in a JSON object, which must be a list of strings.

    Raises:
        DataError: as for `member`.
    """
    values = member(path, place, holder, key, list)
    return [require(path, f"{place}.{key}[{number}]", value, str) for number, value in enumerate(values)]


def require(path: Path, place: str, value: Any, kind: type[T]) -> T:
    """The value, once it is known to be of type `kind`; a string must also be encodable as UTF-8.

    Raises:
        DataError: it is not.
    """
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise DataError(path, place, shorten(value), _NAMES[kind])
    if isinstance(value, str) and not _encodable(value):
        raise DataError(path, place, shorten(ascii(value)), "text without lone surrogates")
    return value


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
