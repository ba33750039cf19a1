"""The errors that a user can act on; every one says what was found, what was expected and what to do."""

import difflib
from collections.abc import Iterable
from pathlib import Path


class UserError(Exception):
    """A mistake in the configuration, the data or the surroundings; shown as its message, without a traceback."""


class DataError(UserError):
    """A file that is not what its format says.

    Args:
        path: the file.
        where: the place in it, as a person would look it up: `line 12`, `data[0].paragraphs[3].qas[1]`.
        found: the value that is wrong, or what is wrong with it.
        expected: what should stand there.
        hint: what to do about it.
    """

    def __init__(self, path: Path | str, where: str, found: str, expected: str, hint: str = ""):
        self.path, self.where, self.found, self.expected, self.hint = Path(path), where, found, expected, hint
        place = f"{path}, {where}" if where else str(path)
        super().__init__(f"{place}: found {found}; expected {expected}." + (f" {hint}" if hint else ""))


def shorten(value: object, length: int = 80) -> str:
    """The repr of a value, cut to `length` characters, for messages about rows that may be whole paragraphs."""
    text = repr(value)
    return text if len(text) <= length else text[: length - 1] + "…"


def nearest(word: str, allowed: Iterable[str]) -> str:
    """` Did you mean …?` for a word that is not allowed but close to one that is, else nothing."""
    near = difflib.get_close_matches(word, list(allowed), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
