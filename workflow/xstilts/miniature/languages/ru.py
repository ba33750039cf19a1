"""Russian: cases as listed forms, gender agreement in the past tense, no articles and no copula."""

from xstilts.miniature.events import CITIES as CITY_KEYS
from xstilts.miniature.events import Clause, Thing, gender, thing_of
from xstilts.miniature.languages.base import Phrase, Words, in_order
from xstilts.miniature.languages.ru_lexicon import (
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

SPACED, END, ASKED, OPENING = True, ".", "?", ""
LINKS = {"and": ", а", "but": ", но", "because": ", потому что"}
CONTRACTIONS: dict[str, tuple[tuple[str, str], ...]] = {}
_NUMBERS = {2: "два", 3: "три", 4: "четыре"}
_PRONOUNS = {"she": "она", "he": "он", "somebody": "кто-то"}
_NOM, _GEN, _DAT, _ACC, _INS = range(5)
_OBJECT = {"help": ("", _DAT), "follow": ("за", _INS)}
_OTHER = {"give": ("", _DAT), "sell": ("", _DAT), "get": ("от", _GEN), "buy": ("у", _GEN)}
_WHO = ("кто", "кого", "кому", "кого", "кем")
_ROLES = ("place", "source", "goal")
_QUESTION = {"source": "откуда", "goal": "куда", "place": "где", "time": "когда"}


def clause(c: Clause, asked: str = "", subordinate: bool = False) -> list[Phrase]:
    """The phrases of a clause, in order; a question word comes first and the rest does not change."""
    parts = _arguments(c, asked)
    subject, by = ("patient", "agent") if c.passive else ("agent", "")
    receiver, giver = ("other", "") if c.verb in ("give", "sell") else ("", "other")
    if asked in parts:
        parts |= {asked: (), "question": _question(c, asked)}
    front = f"then {'time' if c.fronted else ''} question"
    return in_order(f"{front} {subject} verb {receiver} patient quality {giver} {by} source goal place time", parts)


def _arguments(c: Clause, asked: str) -> dict[str, Words]:
    return {
        "agent": _np(c.agent, _INS if c.passive else _NOM),
        "patient": _patient(c),
        "other": _person(c.other, *_OTHER[c.verb]) if c.other else (),
        "quality": tagged(_agreeing(c.quality, thing_of(c.agent).noun, _NOM), tag="ADJ") if c.quality else (),
        "time": tagged(TIMES[c.time]) if c.time else (),
        "then": tagged("потом") if c.then else (),
        "verb": _verb(c, asked),
    } | {role: _where(getattr(c, role), role) for role in _ROLES}


def _verb(c: Clause, asked: str) -> Words:
    negation = tagged("не") if c.negated else ()
    if c.verb == "be":
        return negation
    if c.passive:
        stem = VERBS[c.verb][2]
        auxiliary, ending = {"m": ("был", ""), "f": ("была", "а"), "n": ("было", "о")}[_gender(c.patient)]
        return (
            negation + tagged(auxiliary) + tagged((stem.replace("ён", "ен") if ending else stem) + ending, tag="VERB")
        )
    feminine = asked != "agent" and _gender(c.agent) == "f"
    return negation + tagged(VERBS[c.verb][feminine], tag="VERB")


def _gender(who: str | Thing | None) -> str:
    if isinstance(who, Thing):
        return NOUNS[who.noun][0]
    return ORGANISATIONS[who][0] if who in ORGANISATIONS else gender(who)


def _np(who: str | Thing, case: int) -> Words:
    if isinstance(who, Thing):
        return _thing(who, case)
    if who in _PRONOUNS:
        return tagged(_PRONOUNS[who])
    if who in ORGANISATIONS:
        return tagged(ORGANISATIONS[who][1 if case == _NOM else 2], "ORG")
    return _person(who, "", case)


def _person(who: str, preposition: str, case: int) -> Words:
    return tagged(f"{preposition} [{NAMES[who][case]}]", "PER")


def _patient(c: Clause) -> Words:
    if c.patient is None:
        return ()
    if isinstance(c.patient, Thing) or c.passive:
        return _np(c.patient, _NOM if c.passive else _ACC)
    if c.verb in ("work", "study"):
        return tagged(ORGANISATIONS[c.patient][3], "ORG")
    return _person(c.patient, *_OBJECT.get(c.verb, ("", _ACC)))


def _thing(thing: Thing, case: int) -> Words:
    kind, nominative, accusative, few = NOUNS[thing.noun]
    if thing.count > 1:
        number = "две" if thing.count == 2 and kind == "f" else _NUMBERS[thing.count]
        return tagged(f"{number} {few}")
    adjective = tagged(_agreeing(thing.adjective, thing.noun, case), tag="ADJ") if thing.adjective else ()
    return adjective + tagged(nominative if case == _NOM else accusative)


def _agreeing(adjective: str, noun: str, case: int) -> str:
    kind = NOUNS[noun][0]
    return ADJECTIVES[adjective]["mnf".index(kind) + (kind == "f" and case == _ACC)]


def _where(place: str, role: str) -> Words:
    if not place:
        return ()
    return tagged((CITIES if place in CITY_KEYS else SITES)[place][_ROLES.index(role)], "LOC")


def _question(c: Clause, asked: str) -> Words:
    if asked == "agent":
        return tagged(_WHO[_INS if c.passive else _NOM])
    if asked == "other":
        preposition, case = _OTHER[c.verb]
        return tagged(f"{preposition} {_WHO[case]}")
    if asked != "patient":
        return tagged(_QUESTION[asked])
    if isinstance(c.patient, Thing):
        return tagged("что")
    if c.verb in ("work", "study"):
        return tagged("где")
    preposition, case = _OBJECT.get(c.verb, ("", _ACC))
    return tagged(f"{preposition} {_WHO[_NOM if c.passive else case]}")
