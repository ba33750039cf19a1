"""Chinese: no inflection, no spaces; measure words, time and place before the verb, `le` for completed actions."""

from xstilts.miniature.events import PRESENT, Clause, Thing
from xstilts.miniature.languages.base import Phrase, Words, in_order
from xstilts.miniature.languages.zh_lexicon import (
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

SPACED, END, ASKED, OPENING = False, "。", "？", ""
LINKS = {"and": "， 而", "but": "， 但是", "because": "， 因为"}
CONTRACTIONS: dict[str, tuple[tuple[str, str], ...]] = {}
_NUMBERS = {1: "一", 2: "两", 3: "三", 4: "四"}
_PRONOUNS = {"she": "她", "he": "他", "somebody": "有人"}
_MADE = frozenset("read write buy sell build open close repair".split())
"""The actions whose passive is expressed as `it is she who did it`, without `bei`."""
_DIRECT = ("旧", "新", "大", "小")
"""The adjectives that precede a noun without `de`."""


def clause(c: Clause, asked: str = "", subordinate: bool = False) -> list[Phrase]:
    """The phrases of a clause, in order; question words stay in the position of the answer."""
    parts = _arguments(c, asked)
    subject, by = ("patient", "agent") if c.passive else ("agent", "")
    start = f"time {subject}" if c.fronted and asked != "time" else f"{subject} time"
    if c.passive and c.verb in _MADE:
        return in_order("patient is agent time place verb particle", parts | {"is": tagged("是")})
    if c.verb == "live":
        return in_order(f"then {start} negation verb place particle", parts)
    giver, receiver = ("other", "") if c.verb in ("get", "buy") else ("", "other")
    where = "institution" if c.verb in ("work", "study") else ""
    order = f"then {start} negation source place {giver} {where} {by} verb {receiver} goal patient quality particle"
    return in_order(order, parts)


def _arguments(c: Clause, asked: str) -> dict[str, Words]:
    parts = {
        "agent": _np(c.agent),
        "patient": _np(c.patient) if c.patient else (),
        "other": tagged(f"[{NAMES[c.other][0]}]", "PER") if c.other else (),
        "quality": tagged(ADJECTIVES[c.quality][0], tag="ADJ") + tagged("的") if c.quality else (),
        "source": _where(c.source),
        "goal": _where(c.goal),
        "place": _where(c.place),
        "time": tagged(TIMES[c.time]) if c.time else (),
        "then": tagged("然后") if c.then else (),
        "negation": tagged("不" if c.verb in PRESENT else "没有") if c.negated else (),
        "verb": _verb(c),
        "particle": tagged("吗") if asked == "polar" else (),
    }
    if asked in parts:
        parts[asked] = _question(c, asked)
    return _marked(c, parts)


def _marked(c: Clause, parts: dict[str, Words]) -> dict[str, Words]:
    """The phrases with their prepositions."""
    before = {"source": "从", "place": "在"} | ({"agent": "被"} if c.passive and c.verb not in _MADE else {})
    parts |= {role: tagged(word) + parts[role] for role, word in before.items() if parts[role]}
    if c.verb in ("work", "study"):
        parts |= {"patient": (), "institution": tagged("在") + parts["patient"]}
    if c.verb in ("get", "buy") and parts["other"]:
        parts["other"] = tagged("从") + parts["other"] + tagged("那里")
    return parts


def _verb(c: Clause) -> Words:
    if c.verb == "be":
        return tagged("是")
    if c.passive and c.verb in _MADE:
        return tagged(VERBS[c.verb][0], tag="VERB") + tagged("的")
    form = "卖给" if c.verb == "sell" and c.other else VERBS[c.verb][0]
    finished = tagged("了") if c.verb not in PRESENT and not c.negated else ()
    return tagged(form, tag="VERB") + finished


def _np(who: str | Thing) -> Words:
    if isinstance(who, Thing):
        return _thing(who)
    if who in _PRONOUNS:
        return tagged(_PRONOUNS[who])
    if who in ORGANISATIONS:
        return tagged(ORGANISATIONS[who][0], "ORG")
    return tagged(f"[{NAMES[who][0]}]", "PER")


def _thing(thing: Thing) -> Words:
    measure, noun = NOUNS[thing.noun]
    start = tagged("那" if thing.definite else _NUMBERS[thing.count]) + tagged(measure)
    if not thing.adjective:
        return start + tagged(noun)
    form = ADJECTIVES[thing.adjective][0]
    return start + tagged(form, tag="ADJ") + (() if form in _DIRECT else tagged("的")) + tagged(noun)


def _where(place: str) -> Words:
    if not place:
        return ()
    return tagged(f"[{CITIES[place][0]}]", "LOC") if place in CITIES else tagged(SITES[place][0])


def _question(c: Clause, asked: str) -> Words:
    if asked == "time":
        return tagged("什么 时候")
    if asked in ("agent", "other") or (asked == "patient" and c.patient in NAMES):
        return tagged("谁")
    return tagged("什么" if isinstance(c.patient, Thing) and asked == "patient" else "哪里")
