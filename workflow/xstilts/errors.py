"""Errors that a user can act on. Each says what was found, what was expected and what to do."""

import difflib
from collections.abc import Iterable
from pathlib import Path


class UserError(Exception):
    """A problem with the configuration, the data or the environment; shown as a message without a traceback."""


class DataError(UserError):
    """A file that violates its format.

    Args:
        path: the file.
        where: the position in the file, such as `line 12` or `data[0].paragraphs[3].qas[1]`.
        found: the wrong value, or a description of it.
        expected: a description of a correct value.
        hint: how to fix it.
    """

    def __init__(self, path: Path | str, where: str, found: str, expected: str, hint: str = ""):
        self.path, self.where, self.found, self.expected, self.hint = Path(path), where, found, expected, hint
        place = f"{path}, {where}" if where else str(path)
        super().__init__(f"{place}: found {found}; expected {expected}." + (f" {hint}" if hint else ""))


def shorten(value: object, length: int = 80) -> str:
    """The repr of a value, truncated to `length` characters, for messages about possibly long values."""
    text = repr(value)
    return text if len(text) <= length else text[: length - 1] + "…"


def nearest(word: str, allowed: Iterable[str]) -> str:
    """The suffix ` Did you mean …?` if an allowed word is similar to the given one, else an empty string."""
    near = difflib.get_close_matches(word, list(allowed), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
