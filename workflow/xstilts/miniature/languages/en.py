"""English: subject-verb-object order; questions and negation with `do`."""

from xstilts.miniature.events import COMPANIES, Clause, Thing
from xstilts.miniature.languages.base import Phrase, Words, in_order
from xstilts.miniature.languages.en_lexicon import (
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
LINKS = {"and": "and", "but": ", but", "because": "because"}
CONTRACTIONS: dict[str, tuple[tuple[str, str], ...]] = {}
_NUMBERS = {2: "two", 3: "three", 4: "four"}
_PRONOUNS = {"she": "she", "he": "he", "somebody": "somebody"}
_QUESTION = {"other": "who", "source": "from where", "goal": "where", "place": "where", "time": "when"}
_GIVER = {"give": "to", "sell": "to", "get": "from", "buy": "from"}


def clause(c: Clause, asked: str = "", subordinate: bool = False) -> list[Phrase]:
    """The phrases of a statement or question, in order."""
    parts = {role: words for role, words in _arguments(c).items() if words}
    front = [Phrase("then", tagged("then"))] if c.then else []
    if c.fronted and asked != "time":
        front += [Phrase("time", parts.pop("time")), Phrase("comma", tagged(","))]
    subject = "patient" if c.passive else "agent"
    rest = f"patient quality other {'agent' if c.passive else ''} source goal place time"
    if not asked:
        return front + in_order(f"{subject} verb {rest}", parts | {"verb": _verb(c)})
    helper, verb = _split(c)
    if asked == "polar":
        return front + in_order(f"helper {subject} verb {rest}", parts | {"helper": helper, "verb": verb})
    if asked == subject:
        return front + in_order(f"question verb {rest}", parts | {"question": _question(c, asked), "verb": _verb(c)})
    parts = parts | {"question": _question(c, asked), "helper": helper, "verb": verb, "last": _stranded(c, asked)}
    order = " ".join(role for role in rest.split() if role != asked)
    return front + in_order(f"question helper {subject} verb {order.replace('source', 'last source', 1)}", parts)


def _arguments(c: Clause) -> dict[str, Words]:
    other = tagged(f"{_GIVER[c.verb]} [{NAMES[c.other][0]}]", "PER") if c.other else ()
    return {
        "agent": tagged("by") + _np(c.agent) if c.passive else _np(c.agent),
        "patient": _patient(c),
        "other": other,
        "quality": tagged(ADJECTIVES[c.quality][0], tag="ADJ") if c.quality else (),
        "source": _where(c.source, "from"),
        "goal": _where(c.goal, "to"),
        "place": _where(c.place, "in"),
        "time": _when(c.time) if c.time else (),
    }


def _patient(c: Clause) -> Words:
    if c.patient is None:
        return ()
    preposition = {"work": "for", "study": "at"}.get(c.verb)
    return (tagged(preposition) if preposition else ()) + _np(c.patient)


def _np(who: str | Thing) -> Words:
    if isinstance(who, Thing):
        return _thing(who)
    if who in _PRONOUNS:
        return tagged(_PRONOUNS[who])
    if who in NAMES:
        return tagged(f"[{NAMES[who][0]}]", "PER")
    name = ORGANISATIONS[who][0]
    return tagged(f"the company [{name}]" if who in COMPANIES else f"the [{name}]", "ORG")


def _thing(thing: Thing) -> Words:
    one, many = NOUNS[thing.noun]
    if thing.count > 1:
        return tagged(f"{_NUMBERS[thing.count]} {many}")
    adjective = ADJECTIVES[thing.adjective][0] if thing.adjective else ""
    article = "the" if thing.definite else "an" if (adjective or one)[0] in "aeiou" else "a"
    return tagged(article) + tagged(adjective, tag="ADJ") + tagged(one)


def _when(time: str) -> Words:
    preposition, name = TIMES[time].split()
    return tagged(preposition) + tagged(name, tag="PROPN")


def _where(place: str, preposition: str) -> Words:
    if not place:
        return ()
    if place in CITIES:
        return tagged(f"{preposition} [{CITIES[place][0]}]", "LOC")
    at, name = SITES[place]
    return tagged(f"{at if preposition == 'in' else preposition} the {name}")


def _verb(c: Clause) -> Words:
    if c.passive or c.negated or c.verb == "be":
        helper, verb = _split(c)
        return helper + (tagged("not") if c.negated else ()) + verb
    return tagged(VERBS[c.verb][0], tag="VERB")


def _split(c: Clause) -> tuple[Words, Words]:
    """The auxiliary, which is fronted in questions, and the rest of the verb."""
    if c.verb == "be":
        return tagged("is"), ()
    finite, base, *participle = VERBS[c.verb]
    if c.passive:
        return tagged("was"), tagged(participle[0], tag="VERB")
    return tagged("does" if finite.endswith("s") else "did"), tagged(base, tag="VERB")


def _question(c: Clause, asked: str) -> Words:
    if asked == "agent":
        return tagged("by whom" if c.passive else "who")
    if asked == "patient":
        return tagged("what" if isinstance(c.patient, Thing) else "where" if c.verb == "study" else "who")
    return tagged(_QUESTION[asked])


def _stranded(c: Clause, asked: str) -> Words:
    """The preposition that a question word strands."""
    if asked == "other":
        return tagged(_GIVER[c.verb])
    return tagged("for" if asked == "patient" and c.verb == "work" else "")
