"""Spanish: two genders, the personal `a`, clitic doubling, inversion of subject and verb in questions."""

from xstilts.miniature.events import COMPANIES, WOMEN, Clause, Thing, thing_of
from xstilts.miniature.languages.base import Phrase, Words, in_order
from xstilts.miniature.languages.es_lexicon import (
    ADJECTIVES,
    CITIES,
    NAMES,
    NOUNS,
    ORGANISATIONS,
    SITES,
    TIMES,
    VERBS,
    tagged,
)

SPACED, END, ASKED, OPENING = True, ".", "?", "¿"
LINKS = {"and": "y", "but": ", pero", "because": "porque"}
CONTRACTIONS = {"al": (("a", "ADP"), ("el", "DET")), "del": (("de", "ADP"), ("el", "DET"))}
_NUMBERS = {2: "dos", 3: "tres", 4: "cuatro"}
_PRONOUNS = {"she": "ella", "he": "él", "somebody": "alguien"}
_PREPOSITIONS = {"place": "en", "source": "de", "goal": "a"}
_QUESTION = {"source": "de dónde", "goal": "adónde", "place": "dónde", "time": "cuándo"}
_TWICE = ("give", "sell", "buy")


def clause(c: Clause, asked: str = "", subordinate: bool = False) -> list[Phrase]:
    """The phrases of a statement or question, in order."""
    parts = _arguments(c)
    subject, by = ("patient", "agent") if c.passive else ("agent", "")
    rest = f"patient quality other {by} source goal place time"
    if not asked:
        return in_order(f"then {'time' if c.fronted else ''} {subject} verb {rest}", parts)
    if asked != "polar":
        parts = {**parts, asked: (), "question": _question(c, asked)}
    return in_order(f"{'time' if c.fronted else ''} question verb {subject} {rest}", parts)


def _arguments(c: Clause) -> dict[str, Words]:
    giver = "de" if c.verb == "get" else "a"
    return {
        "agent": (tagged("por") if c.passive else ()) + _np(c.agent),
        "patient": _patient(c),
        "other": tagged(f"{giver} [{NAMES[c.other][0]}]", "PER") if c.other else (),
        "quality": tagged(_agreeing(c.quality, thing_of(c.agent).noun), tag="ADJ") if c.quality else (),
        "time": tagged(TIMES[c.time]) if c.time else (),
        "then": tagged("luego") if c.then else (),
        "verb": _verb(c),
    } | {role: _where(getattr(c, role), role) for role in _PREPOSITIONS}


def _verb(c: Clause) -> Words:
    before = ("no " if c.negated else "") + ("le " if c.other and c.verb in _TWICE else "")
    if c.verb == "be":
        return tagged(f"{before}es")
    finite, *participle = VERBS[c.verb]
    if not c.passive:
        return tagged(before) + tagged(finite, tag="VERB")
    feminine = NOUNS[c.patient.noun][0] == "f" if isinstance(c.patient, Thing) else c.patient in WOMEN
    return tagged(f"{before}fue") + tagged(participle[0][:-1] + ("a" if feminine else "o"), tag="VERB")


def _np(who: str | Thing) -> Words:
    if isinstance(who, Thing):
        return _thing(who)
    if who in _PRONOUNS:
        return tagged(_PRONOUNS[who])
    if who in NAMES:
        return tagged(f"[{NAMES[who][0]}]", "PER")
    return tagged(f"la {'empresa ' if who in COMPANIES else ''}[{ORGANISATIONS[who][0]}]", "ORG")


def _patient(c: Clause) -> Words:
    if c.patient is None:
        return ()
    if isinstance(c.patient, Thing) or c.passive:
        return _np(c.patient)
    return tagged("en" if c.verb in ("work", "study") else "a") + _np(c.patient)


def _thing(thing: Thing) -> Words:
    gender, one, many = NOUNS[thing.noun]
    if thing.count > 1:
        return tagged(f"{_NUMBERS[thing.count]} {many}")
    article = {"m": ("un", "el"), "f": ("una", "la")}[gender][thing.definite]
    adjective = tagged(_agreeing(thing.adjective, thing.noun), tag="ADJ") if thing.adjective else ()
    return tagged(f"{article} {one}") + adjective


def _agreeing(adjective: str, noun: str) -> str:
    return ADJECTIVES[adjective][NOUNS[noun][0] == "f"]


def _where(place: str, role: str) -> Words:
    if not place:
        return ()
    if place in CITIES:
        return tagged(f"{_PREPOSITIONS[role]} [{CITIES[place][0]}]", "LOC")
    return tagged(SITES[place][tuple(_PREPOSITIONS).index(role)])


def _question(c: Clause, asked: str) -> Words:
    if asked == "agent":
        return tagged("por quién" if c.passive else "quién")
    if asked == "other":
        return tagged("de quién" if c.verb == "get" else "a quién")
    if asked != "patient":
        return tagged(_QUESTION[asked])
    if isinstance(c.patient, Thing):
        return tagged("qué")
    return tagged({"work": "dónde", "study": "dónde"}.get(c.verb, "quién" if c.passive else "a quién"))
