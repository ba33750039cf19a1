r"""Grapheme clusters (Unicode Standard Annex 29): what readers see as one character, with all its marks.

They are matched by `\X` of `regex`, whose version therefore decides results.
"""

from functools import cache

import regex

_CLUSTER = regex.compile(r"\X")
_VISIBLE = regex.compile(r"\S*[\p{L}\p{M}\p{N}\p{P}\p{S}]\S*")


def split(text: str) -> list[str]:
    """The clusters of a text, in order."""
    return _CLUSTER.findall(text)


@cache
def is_blank(cluster: str) -> bool:
    """Whether a cluster separates words."""
    return regex.search(r"\s", cluster) is not None


@cache
def is_visible(cluster: str) -> bool:
    """Whether a cluster is a letter, number, punctuation or symbol, and not a space or an invisible character."""
    return _VISIBLE.fullmatch(cluster) is not None
