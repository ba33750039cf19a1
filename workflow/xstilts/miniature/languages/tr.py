"""Turkish: verb-final, question words before the verb, vowel harmony, accusative on definite objects."""

from xstilts.miniature.events import Clause, Thing
from xstilts.miniature.languages.base import Phrase, Words, in_order
from xstilts.miniature.languages.tr_lexicon import (
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
LINKS = {"and": "ve", "but": ", ama", "because": ", çünkü"}
CONTRACTIONS: dict[str, tuple[tuple[str, str], ...]] = {}
_NUMBERS = {2: "iki", 3: "üç", 4: "dört"}
_PRONOUNS = {"she": "o", "he": "o", "somebody": "biri"}
_NOMINATIVE, _ACCUSATIVE, _DATIVE, _ABLATIVE = range(4)
_OTHER = {"give": _DATIVE, "sell": _DATIVE, "get": _ABLATIVE, "buy": _ABLATIVE}
_WHO = ("kim", "kimi", "kime", "kimden")
_ROLES = ("place", "source", "goal")
_QUESTION = {"source": "nereden", "goal": "nereye", "place": "nerede", "time": "ne zaman"}


def clause(c: Clause, asked: str = "", subordinate: bool = False) -> list[Phrase]:
    """The phrases of a clause, in order; a question word comes before the verb."""
    parts = _arguments(c)
    if asked == "polar":
        parts["particle"] = tagged(ADJECTIVES[c.quality][1] if c.verb == "be" else VERBS[c.verb][2])
    elif asked:
        parts |= {asked: (), "question": _question(c, asked)}
    subject, by = ("patient", "agent") if c.passive else ("agent", "")
    front = f"then {'time' if c.fronted else ''} {subject} time source goal place other {by}"
    objects = "patient question" if _is_definite(c) else "question patient"
    return in_order(f"{front} {objects} quality verb particle", parts)


def _is_definite(c: Clause) -> bool:
    return not isinstance(c.patient, Thing) or c.patient.definite


def _arguments(c: Clause) -> dict[str, Words]:
    return {
        "agent": _np(c.agent, _NOMINATIVE) + (tagged("tarafından") if c.passive else ()),
        "patient": _patient(c),
        "other": tagged(f"[{NAMES[c.other][_OTHER[c.verb]]}]", "PER") if c.other else (),
        "quality": tagged(ADJECTIVES[c.quality][0], tag="ADJ") if c.quality else (),
        "time": tagged(TIMES[c.time]) if c.time else (),
        "then": tagged("sonra") if c.then else (),
        "verb": _verb(c),
    } | {role: _where(getattr(c, role), role) for role in _ROLES}


def _verb(c: Clause) -> Words:
    if c.verb == "be":
        return tagged("değil") if c.negated else ()
    *before, verb = VERBS[c.verb][3 if c.passive else int(c.negated)].split()
    return tagged(" ".join(before)) + tagged(verb, tag="VERB")


def _np(who: str | Thing, case: int) -> Words:
    if isinstance(who, Thing):
        return _thing(who, case)
    if who in _PRONOUNS:
        return tagged(_PRONOUNS[who])
    if who in ORGANISATIONS:
        return tagged(ORGANISATIONS[who][0], "ORG")
    return tagged(f"[{NAMES[who][case]}]", "PER")


def _patient(c: Clause) -> Words:
    if c.patient is None:
        return ()
    if c.verb in ("work", "study") and not isinstance(c.patient, Thing):
        return tagged(ORGANISATIONS[c.patient][1], "ORG")
    case = _NOMINATIVE if c.passive else _DATIVE if c.verb == "help" else _ACCUSATIVE
    return _np(c.patient, case)


def _thing(thing: Thing, case: int) -> Words:
    nominative, accusative = NOUNS[thing.noun]
    if thing.count > 1:
        return tagged(f"{_NUMBERS[thing.count]} {nominative}")
    adjective = tagged(ADJECTIVES[thing.adjective][0], tag="ADJ") if thing.adjective else ()
    if thing.definite:
        return adjective + tagged(nominative if case == _NOMINATIVE else accusative)
    return adjective + tagged(f"bir {nominative}")


def _where(place: str, role: str) -> Words:
    if not place:
        return ()
    form = _ROLES.index(role)
    return tagged(f"[{CITIES[place][form]}]", "LOC") if place in CITIES else tagged(SITES[place][form])


def _question(c: Clause, asked: str) -> Words:
    if asked == "agent":
        return tagged("kim tarafından" if c.passive else "kim")
    if asked == "other":
        return tagged(_WHO[_OTHER[c.verb]])
    if asked != "patient":
        return tagged(_QUESTION[asked])
    if isinstance(c.patient, Thing):
        return tagged("ne")
    if c.verb in ("work", "study"):
        return tagged("nerede")
    return tagged(_WHO[_NOMINATIVE if c.passive else _DATIVE if c.verb == "help" else _ACCUSATIVE])
