"""What can happen in the miniature world: people, places, things, and what people do with them.

Everything has a key; `xstilts.miniature.languages` has the words. A clause is built to be said in every language.
"""

from dataclasses import dataclass

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
"""`a gives c to b` says what `b gets c from a` says."""

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
"""The things that an action is done to."""

SOCIAL = tuple("visit follow help see hug praise criticise rescue".split())
"""What is done to a person."""
FEELINGS = ("laugh", "cry", "sing", "dance")
PASSIVE = frozenset(
    "read write buy sell build destroy open close repair damage eat steal praise criticise rescue".split()
)
"""The actions that have a passive in every language."""
PRESENT = frozenset(("work", "live", "study", "be"))


@dataclass(frozen=True)
class Thing:
    """A thing, or several of a kind.

    Args:
        noun: its key.
        adjective: what it is like.
        definite: `the car`, not `a car`.
        count: 2, 3 or 4; such things have neither an article nor an adjective.
    """

    noun: str
    adjective: str = ""
    definite: bool = False
    count: int = 1


Who = str
"""The key of a person or organisation, or one of `she`, `he` and `somebody`."""


@dataclass(frozen=True)
class Clause:
    """One thing that happens or is the case.

    Args:
        verb: its key.
        agent: who does it; of `be`, the thing that is described.
        patient: the thing or person that it is done to, or the organisation that one works for or studies at.
        other: who is given or sold something, or from whom one gets or buys it.
        quality: the adjective of `be`.
        source: where a journey begins.
        goal: where it ends.
        place: where it happens.
        time: a weekday, month or year.
        negated: whether it does not happen.
        passive: whether the patient is the subject.
        fronted: whether it begins with its time.
        then: whether it begins with "then".
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

    def but(self, **changes) -> "Clause":
        """The same with some slots changed."""
        return Clause(**{**vars(self), **changes})


@dataclass(frozen=True)
class Sentence:
    """One clause or two, stated or asked.

    Args:
        clauses: what is said.
        link: `and`, `but` or `because` between two clauses.
        asked: the slot that a question asks for, or `polar` for a question to be answered by yes or no.
    """

    clauses: tuple[Clause, ...]
    link: str = ""
    asked: str = ""


def gender(who: Who) -> str:
    """`f` or `m`; somebody of whom nothing is known, and every organisation, is `m`."""
    return "f" if who == "she" or who in WOMEN else "m"
