"""Groups and order of languages in figures, and their distance from English."""

from collections.abc import Iterable

from xstilts.languages import Language, language

LATIN = "Latn"

STEPS = ("English", "same branch", "same family", "other family")
"""Distances from English, in increasing order: English itself, Germanic, Indo-European, all other languages."""

APART = ("same language", *STEPS[1:])
"""Distances between two languages, in increasing order. The branch counts in Indo-European only."""

_BRANCHES = ("Germanic", "Italic", "Balto-Slavic", "Graeco-Phrygian", "Indo-Iranian")
"""The order of the branches of Indo-European in figures, from west to east; other branches come last."""


def group(code: str) -> str:
    """The family of a language, or its branch if the family is Indo-European."""
    one = language(code)
    return one.branch or one.family


def ordered(codes: Iterable[str]) -> list[str]:
    """Languages in the order of the figures.

    The family of English comes first, branch by branch, then the other families by name. Within a group, English comes
    first, then languages are sorted by code. The order of two languages does not depend on which others are shown.
    """
    return sorted(codes, key=lambda code: _place(language(code)))


def ordered_with_scripts(codes: Iterable[str]) -> list[str]:
    """Languages by family, branch and script: as `ordered`, but within a group by script before code."""
    return sorted(codes, key=lambda code: (*_place(language(code))[:4], language(code).script, code != "en", code))


def between(one: str, other: str) -> str:
    """The distance between two languages, one of `APART`.

    Raises:
        UserError: a language is unknown.
    """
    here, there = language(one), language(other)
    if here == there:
        return APART[0]
    if here.family != there.family:
        return APART[3]
    return APART[1] if here.branch == there.branch else APART[2]


def distance(code: str) -> str:
    """The distance of a language from English, one of `STEPS`.

    Raises:
        UserError: the language is unknown.
    """
    here, english = language(code), language("en")
    if here == english:
        return STEPS[0]
    if here.family != english.family:
        return STEPS[3]
    return STEPS[1] if here.branch == english.branch else STEPS[2]


def _place(one: Language) -> tuple:
    branch = _BRANCHES.index(one.branch) if one.branch in _BRANCHES else len(_BRANCHES)
    return one.family != language("en").family, one.family, branch, one.branch, one.code != "en", one.code
