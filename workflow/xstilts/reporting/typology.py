"""How figures group and order languages, and how far each is from English."""

from collections.abc import Iterable

from xstilts.languages import Language, language

LATIN = "Latn"

STEPS = ("English", "same branch", "same family", "other family")
"""Distances from English, from none to the largest: itself, Germanic, Indo-European, everything else."""

_BRANCHES = ("Germanic", "Italic", "Balto-Slavic", "Graeco-Phrygian", "Indo-Iranian")
"""The order of the branches of Indo-European in figures, from west to east; one that is not here comes last."""


def group(code: str) -> str:
    """The family of a language, or its branch of the one that nearly half of the languages belong to."""
    one = language(code)
    return one.branch or one.family


def ordered(codes: Iterable[str]) -> list[str]:
    """Languages in the order of figures.

    English's family first, branch by branch, then the other families by name; in a group English first, then by code.
    The order of two languages depends on nothing but their own facts.
    """
    return sorted(codes, key=lambda code: _place(language(code)))


def distance(code: str) -> str:
    """How far a language is from English, one of `STEPS`.

    Raises:
        UserError: there is no such language.
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
