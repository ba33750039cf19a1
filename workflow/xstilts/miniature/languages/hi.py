"""Hindi: verb-final, postpositions, split ergativity: with `ne` on the agent the verb agrees with the object."""

from xstilts.miniature.events import PRESENT, Clause, Thing, gender, thing_of
from xstilts.miniature.languages.base import Phrase, Words, in_order
from xstilts.miniature.languages.hi_lexicon import (
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

SPACED, END, ASKED, OPENING = True, "।", "?", ""
LINKS = {"and": "और", "but": ", लेकिन", "because": "क्योंकि"}
CONTRACTIONS: dict[str, tuple[tuple[str, str], ...]] = {}
_NUMBERS = {2: "दो", 3: "तीन", 4: "चार"}
_AGREES_WITH_AGENT = PRESENT | {"visit", "travel", "fly", "go", "laugh", "cry", "dance"}
_AGENT = {
    "": {"she": "वह", "he": "वह", "somebody": "कोई", "who": "कौन"},
    "ने": {"she": "उसने", "he": "उसने", "somebody": "किसी ने", "who": "किसने"},
    "को": {"she": "उसे", "he": "उसे", "somebody": "किसी को", "who": "किसे"},
    "द्वारा": {"somebody": "किसी के द्वारा", "who": "किसके द्वारा"},
}
_OBJECT = {"visit": "से", "follow": "का", "help": "की", "praise": "की", "criticise": "की"}
_OTHER = {"give": "को", "sell": "को", "get": "से", "buy": "से"}
_WHOM = {"को": "किसे", "से": "किससे", "का": "किसका", "की": "किसकी"}
_POSITIONS = {"place": " में", "source": " से", "goal": ""}
_QUESTION = {"source": "कहाँ से", "goal": "कहाँ", "place": "कहाँ", "time": "कब"}


def clause(c: Clause, asked: str = "", subordinate: bool = False) -> list[Phrase]:
    """The phrases of a clause, in order; question words stay in the position of the answer."""
    parts = _arguments(c, asked)
    start = "time agent" if c.fronted else "agent time"
    if c.passive:
        start = f"{'time patient' if c.fronted else 'patient time'} place agent"
    question = f"{'particle' if asked == 'polar' else ''} then {start} source goal place other patient quality"
    return in_order(f"{question} before negation verb", parts)


def _arguments(c: Clause, asked: str) -> dict[str, Words]:
    before, _ = VERBS.get(c.verb, ("", ""))
    parts = {
        "agent": _np(c.agent, _marker(c)),
        "patient": _patient(c),
        "other": tagged(f"[{NAMES[c.other][0]}] {_OTHER[c.verb]}", "PER") if c.other else (),
        "quality": tagged(_agreeing(c.quality, thing_of(c.agent).noun), tag="ADJ") if c.quality else (),
        "time": tagged(TIMES[c.time]) if c.time else (),
        "then": tagged("फिर") if c.then else (),
        "negation": tagged("नहीं") if c.negated else (),
        "before": tagged(before),
        "particle": tagged("क्या"),
        "verb": _verb(c, asked),
    } | {role: _where(getattr(c, role), role) for role in _POSITIONS}
    return parts | ({asked: _question(c, asked)} if asked in parts else {})


def _marker(c: Clause) -> str:
    """The postposition of the agent: none, `ne`, `ko` with a verb of receiving, or `dvara` in the passive."""
    if c.passive:
        return "द्वारा"
    return "को" if c.verb == "get" else "" if c.verb in _AGREES_WITH_AGENT else "ने"


def _verb(c: Clause, asked: str) -> Words:
    if c.verb == "be":
        return tagged("है")
    stored = VERBS[c.verb][1]
    if c.verb in _AGREES_WITH_AGENT:
        form = _inflected(stored, "m" if asked == "agent" else gender(c.agent), 1)
        return tagged(form, tag="VERB") + (tagged("है") if c.verb in PRESENT else ())
    kind, count = _agreement(c, asked)
    passive = tagged(_inflected("गया", "f" if stored == "की" else kind, count), tag="AUX") if c.passive else ()
    return tagged(_inflected(stored, kind, count), tag="VERB") + passive


def _agreement(c: Clause, asked: str) -> tuple[str, int]:
    """Gender and number of the object; masculine singular if the object is marked or unknown."""
    if not isinstance(c.patient, Thing) or asked == "patient":
        return "m", 1
    return NOUNS[c.patient.noun][0], c.patient.count


def _inflected(form: str, kind: str, count: int) -> str:
    """The form of a perfective or habitual participle in -ā; a participle in -ī does not change."""
    if not form.endswith("ा") or (kind == "m" and count == 1):
        return form
    plural = count > 1
    if form.endswith("िया"):
        return form[:-3] + ("िए" if kind == "m" else "ीं" if plural else "ी")
    if form.endswith("या"):
        return form[:-2] + ("ए" if kind == "m" else "ईं" if plural else "ई")
    return form[:-1] + ("े" if kind == "m" else "ीं" if plural else "ी")


def _np(who: str | Thing, marker: str) -> Words:
    if isinstance(who, Thing):
        return _thing(who)
    if who in _AGENT[marker]:
        form = _AGENT[marker][who]
        return tagged(form, tag="PRON" if form == "वह" else "")
    if who in ORGANISATIONS:
        return tagged(f"{ORGANISATIONS[who][0]} {marker}", "ORG")
    return tagged(f"[{NAMES[who][0]}] {marker}", "PER")


def _patient(c: Clause) -> Words:
    if c.patient is None:
        return ()
    if isinstance(c.patient, Thing):
        return _thing(c.patient)
    if c.patient in ORGANISATIONS:
        return tagged(f"{ORGANISATIONS[c.patient][0]} में", "ORG")
    return tagged(f"[{NAMES[c.patient][0]}] {_OBJECT.get(c.verb, 'को')}", "PER")


def _thing(thing: Thing) -> Words:
    _, one, many = NOUNS[thing.noun]
    if thing.count > 1:
        return tagged(f"{_NUMBERS[thing.count]} {many}")
    adjective = tagged(_agreeing(thing.adjective, thing.noun), tag="ADJ") if thing.adjective else ()
    return tagged("वह" if thing.definite else "एक") + adjective + tagged(one)


def _agreeing(adjective: str, noun: str) -> str:
    return ADJECTIVES[adjective][NOUNS[noun][0] == "f"]


def _where(place: str, role: str) -> Words:
    if not place:
        return ()
    if place in CITIES:
        return tagged(f"[{CITIES[place][0]}]{_POSITIONS[role]}", "LOC")
    there, name = SITES[place]
    return tagged(there if role == "place" else name + _POSITIONS[role])


def _question(c: Clause, asked: str) -> Words:
    if asked == "agent":
        return tagged(_AGENT[_marker(c)]["who"])
    if asked == "other":
        return tagged(_WHOM[_OTHER[c.verb]])
    if asked != "patient":
        return tagged(_QUESTION[asked])
    if isinstance(c.patient, Thing):
        return tagged("क्या")
    return tagged("कहाँ" if c.verb in ("work", "study") else _WHOM[_OBJECT.get(c.verb, "को")])
