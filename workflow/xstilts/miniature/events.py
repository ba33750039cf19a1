"""The events of the miniature: people, places, things and actions.

Each of them has a key; the words are in `xstilts.miniature.languages`. A clause can be expressed in every language.
"""

from dataclasses import dataclass
from typing import Any

WOMEN = tuple("anna maria elena sofia laura clara nina emma leyla priya mei vera".split())
MEN = tuple("boris peter ivan david martin oscar daniel thomas emre ravi wei karl".split())
PEOPLE = WOMEN + MEN
CITIES = tuple("rome paris madrid berlin moscow london istanbul delhi beijing cairo new_york cape_town".split())
SITES = tuple("market park station library museum".split())
UNIVERSITIES = tuple("uni_rome uni_berlin uni_delhi uni_cairo".split())
COMPANIES = tuple("orion atlas sonata globus".split())
WEEKDAYS = tuple("monday tuesday wednesday thursday friday saturday sunday".split())
MONTHS = tuple("january february march april may june july august september october november december".split())
YEARS = tuple(str(year) for year in range(1985, 2025))
CLASSES = {
    "texts": tuple("book letter newspaper poem".split()),
    "vehicles": tuple("car bicycle boat bus".split()),
    "buildings": tuple("house bridge tower hotel".split()),
    "belongings": tuple("lamp clock bag camera".split()),
    "openings": tuple("door window box suitcase".split()),
    "foods": tuple("apple cake fish pizza".split()),
}
THINGS = tuple(thing for things in CLASSES.values() for thing in things)
ADJECTIVES = tuple("old new big small expensive cheap red blue green white".split())
COLOURS = ("red", "blue", "green", "white")
_OPPOSITES = "old-new big-small expensive-cheap buy-sell find-lose build-destroy open-close repair-damage"
_PAIRS = [pair.split("-") for pair in (_OPPOSITES + " praise-criticise laugh-cry").split()]
OPPOSITE = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
INVERSE = {"give": "get", "get": "give", "sell": "buy", "buy": "sell"}
"""`a gives c to b` means the same as `b gets c from a`."""

_GOODS = CLASSES["vehicles"] + CLASSES["belongings"] + CLASSES["foods"] + ("book", "newspaper", "house", "hotel")
_LOST = CLASSES["belongings"] + ("letter", "book", "bicycle", "box", "suitcase")
_REPAIRED = CLASSES["vehicles"] + ("lamp", "clock", "camera", "door")
OBJECTS = {
    "read": CLASSES["texts"],
    "write": ("letter", "poem", "book"),
    "buy": _GOODS,
    "sell": _GOODS,
    "find": _LOST,
    "lose": _LOST,
    "build": CLASSES["buildings"],
    "destroy": CLASSES["buildings"],
    "open": CLASSES["openings"],
    "close": CLASSES["openings"],
    "repair": _REPAIRED,
    "damage": _REPAIRED,
    "eat": CLASSES["foods"],
    "steal": CLASSES["belongings"] + CLASSES["foods"] + ("car", "bicycle", "boat", "suitcase"),
    "give": CLASSES["belongings"] + CLASSES["foods"] + ("book", "letter", "newspaper", "box", "suitcase"),
    "get": CLASSES["belongings"] + CLASSES["foods"] + ("book", "letter", "newspaper", "box", "suitcase"),
}
"""The possible objects of each action."""

SOCIAL = tuple("visit follow help see hug praise criticise rescue".split())
"""Actions whose object is a person."""
FEELINGS = ("laugh", "cry", "sing", "dance")
PASSIVE = frozenset(
    "read write buy sell build destroy open close repair damage eat steal praise criticise rescue".split()
)
"""Actions with a passive in every language."""
PRESENT = frozenset(("work", "live", "study", "be"))


@dataclass(frozen=True)
class Thing:
    """A thing, or several of the same kind.

    Args:
        noun: its key.
        adjective: the key of an adjective, or empty.
        definite: `the car` instead of `a car`.
        count: 1 to 4; from 2 on, there is neither an article nor an adjective.
    """

    noun: str
    adjective: str = ""
    definite: bool = False
    count: int = 1


Who = str
"""The key of a person or organisation, or one of `she`, `he` and `somebody`."""


@dataclass(frozen=True)
class Clause:
    """An event or a state.

    Args:
        verb: its key.
        agent: the person or organisation that acts; for `be`, the thing that is described.
        patient: the thing or person that is affected, or the organisation that someone works for or studies at.
        other: the person to whom something is given or sold, or from whom it is received or bought.
        quality: the adjective of `be`.
        source: the start of a journey.
        goal: the end of a journey.
        place: the location.
        time: a weekday, month or year.
        negated: whether the clause is negated.
        passive: whether the clause is passive.
        fronted: whether the time comes first.
        then: whether the clause begins with "then".
    """

    verb: str
    agent: Who | Thing
    patient: Thing | Who | None = None
    other: Who | None = None
    quality: str = ""
    source: str = ""
    goal: str = ""
    place: str = ""
    time: str = ""
    negated: bool = False
    passive: bool = False
    fronted: bool = False
    then: bool = False

    def but(self, **changes: Any) -> "Clause":
        """A copy with some slots changed."""
        return Clause(**{**vars(self), **changes})


@dataclass(frozen=True)
class Sentence:
    """A statement or question with one or two clauses.

    Args:
        clauses: one or two clauses.
        link: `and`, `but` or `because` between two clauses.
        asked: the slot that a question asks for, or `polar` for a yes-no question; empty for a statement.
    """

    clauses: tuple[Clause, ...]
    link: str = ""
    asked: str = ""


def gender(who: Who | Thing | None) -> str:
    """The grammatical gender of a person, `f` or `m`; `m` for `somebody`, organisations and things."""
    return "f" if who == "she" or who in WOMEN else "m"


def thing_of(part: Thing | Who | None) -> Thing:
    """A part of a clause that is known to be a thing.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(part, Thing):
        raise TypeError(f"{part!r} is not a thing")
    return part
