"""German: three genders, cases on articles and adjectives, verb-second main clauses, verb-final subordinate clauses."""

from xstilts.miniature.events import COMPANIES, Clause, Thing
from xstilts.miniature.languages.base import Phrase, Words, in_order
from xstilts.miniature.languages.de_lexicon import (
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
LINKS = {"and": "und", "but": ", aber", "because": ", weil"}
CONTRACTIONS = {
    "am": (("an", "ADP"), ("dem", "DET")),
    "im": (("in", "ADP"), ("dem", "DET")),
    "vom": (("von", "ADP"), ("dem", "DET")),
    "zum": (("zu", "ADP"), ("dem", "DET")),
    "zur": (("zu", "ADP"), ("der", "DET")),
}
_NUMBERS = {2: "zwei", 3: "drei", 4: "vier"}
_PRONOUNS = {"she": "sie", "he": "er", "somebody": "jemand"}
_DATIVE = ("help", "follow")
_ENDINGS = {("m", "acc"): "en", ("f", "nom"): "e", ("f", "acc"): "e"}
_DEFINITE = {("m", "nom"): "der", ("m", "acc"): "den", ("f", "nom"): "die", ("f", "acc"): "die"}
_STRONG = {("m", "nom"): "er", ("m", "acc"): "en", ("f", "nom"): "e", ("f", "acc"): "e"}
_PREPOSITIONS = {"place": "in", "source": "von", "goal": "nach"}
_QUESTION = {"source": "von wo", "goal": "wohin", "place": "wo", "time": "wann"}


def clause(c: Clause, asked: str = "", subordinate: bool = False) -> list[Phrase]:
    """The phrases of a statement, question or subordinate clause, in order."""
    parts = _arguments(c)
    subject = "patient" if c.passive else "agent"
    field = _middle_field(c, subject)
    if subordinate:
        return in_order(f"{field} participle verb", parts)
    first = "" if asked == "polar" else "then" if c.then else "time" if c.fronted else subject
    if asked in parts:
        first, parts = "question", {**parts, asked: (), "question": _question(c, asked)}
    return in_order(f"{first} verb {field} participle", parts)


def _middle_field(c: Clause, subject: str) -> str:
    """The roles in order: subject, dative, definite object, adverbials, indefinite object."""
    receiver, giver = ("other", "") if c.verb in ("give", "sell") else ("", "other")
    definite, indefinite = ("patient", "") if _is_definite(c) else ("", "patient")
    return f"{subject} {receiver} {definite} time negation place {giver} agent source goal {indefinite} quality"


def _is_definite(c: Clause) -> bool:
    return c.patient.definite if isinstance(c.patient, Thing) else c.verb not in ("work", "study")


def _arguments(c: Clause) -> dict[str, Words]:
    finite, *participle = VERBS.get(c.verb, ("",))
    other = f"[{NAMES[c.other][0]}]" if c.other else ""
    return {
        "agent": (_by(c.agent) if c.passive else _np(c.agent)),
        "patient": _patient(c),
        "other": tagged(other if c.verb in ("give", "sell") or not other else f"von {other}", "PER"),
        "quality": tagged(ADJECTIVES[c.quality][0], tag="ADJ") if c.quality else (),
        "negation": tagged("nicht") if c.negated else (),
        "time": tagged(TIMES[c.time]) if c.time else (),
        "then": tagged("dann") if c.then else (),
        "verb": tagged("wurde" if c.passive else "ist") if c.passive or c.quality else tagged(finite, tag="VERB"),
        "participle": tagged(participle[0], tag="VERB") if c.passive else (),
    } | {role: _where(getattr(c, role), role) for role in _PREPOSITIONS}


def _np(who: str | Thing, case: str = "nom") -> Words:
    if isinstance(who, Thing):
        return _thing(who, case)
    if who in _PRONOUNS:
        return tagged(_PRONOUNS[who])
    if who in NAMES:
        return tagged(f"[{NAMES[who][0]}]", "PER")
    company = "Firma " if who in COMPANIES else ""
    return tagged(f"{'der' if case == 'dat' else 'die'} {company}[{ORGANISATIONS[who][0]}]", "ORG")


def _by(who: str | Thing) -> Words:
    return tagged("von") + _np(who, "dat")


def _patient(c: Clause) -> Words:
    if c.patient is None:
        return ()
    if c.verb in ("work", "study"):
        return tagged("bei" if c.patient in COMPANIES else "an") + _np(c.patient, "dat")
    return _np(c.patient, "nom" if c.passive else "acc")


def _thing(thing: Thing, case: str) -> Words:
    gender, one, many = NOUNS[thing.noun]
    if thing.count > 1:
        return tagged(f"{_NUMBERS[thing.count]} {many}")
    key = gender, case
    word = _DEFINITE.get(key, "das") if thing.definite else "ein" + _ENDINGS.get(key, "")
    if not thing.adjective:
        return tagged(f"{word} {one}")
    ending = ("en" if key == ("m", "acc") else "e") if thing.definite else _STRONG.get(key, "es")
    return tagged(word) + tagged(ADJECTIVES[thing.adjective][1] + ending, tag="ADJ") + tagged(one)


def _where(place: str, role: str) -> Words:
    if not place:
        return ()
    if place in CITIES:
        return tagged(f"{_PREPOSITIONS[role]} [{CITIES[place][0]}]", "LOC")
    return tagged(SITES[place][tuple(_PREPOSITIONS).index(role)])


def _question(c: Clause, asked: str) -> Words:
    if asked == "agent":
        return tagged("von wem" if c.passive else "wer")
    if asked == "other":
        return tagged("wem" if c.verb in ("give", "sell") else "von wem")
    if asked != "patient":
        return tagged(_QUESTION[asked])
    if isinstance(c.patient, Thing):
        return tagged("was")
    return tagged({"work": "bei wem", "study": "wo"}.get(c.verb, "wem" if c.verb in _DATIVE else "wen"))
