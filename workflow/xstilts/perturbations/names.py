"""The names of perturbations, such as `typos10`. This module is light: configurations are parsed with it."""

import re

ALLOWED = "typosN, with N from 0 to 100 typos in 100 words, such as typos10; word_order; mixed_language"
"""The names, for messages."""

_NAME = re.compile(r"(?P<form>typos)(?P<rate>0|[1-9]\d?|100)|word_order|mixed_language", re.ASCII)


def is_name(text: str) -> bool:
    """Whether a text is the name of a perturbation."""
    return _NAME.fullmatch(text) is not None


def parsed(name: str) -> tuple[str, int | None]:
    """The form of a perturbation, which is its module, and its rate in percent if it has one.

    Raises:
        ValueError: there is no such perturbation.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(f"unknown perturbation {name!r}; expected one of {ALLOWED}")
    return (found["form"], int(found["rate"])) if found["rate"] else (name, None)
