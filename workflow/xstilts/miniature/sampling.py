"""Random generation of plausible events and sentences for a split.

A hash of the content of its clauses assigns every sentence to one of the three splits.
"""

import random
from zlib import crc32

from xstilts.miniature.events import (
    ADJECTIVES,
    CITIES,
    COMPANIES,
    FEELINGS,
    INVERSE,
    MONTHS,
    OBJECTS,
    PASSIVE,
    PEOPLE,
    PRESENT,
    SITES,
    SOCIAL,
    THINGS,
    UNIVERSITIES,
    WEEKDAYS,
    YEARS,
    Clause,
    Sentence,
    Thing,
    gender,
)

_SPLITS = ("train",) * 6 + ("dev", "test") * 2
_FRAMES = ("act",) * 6 + ("social",) * 5 + ("transfer",) * 3 + ("journey",) * 3 + ("state",) * 3 + ("feeling",)


def split_of(clause: Clause) -> str:
    """The split of an event, which depends on its participants, but not on when and where it happens."""
    parts = [clause.agent, clause.patient, clause.other, clause.source, clause.goal, clause.quality]
    parts += [clause.verb] if clause.verb in FEELINGS else [clause.place] if clause.verb == "live" else []
    names = sorted(part.noun if isinstance(part, Thing) else part for part in parts if part)
    return _SPLITS[crc32(" ".join(names).encode()) % len(_SPLITS)]


def clause(
    rng: random.Random, split: str, frame: str = "", place: bool | None = None, time: bool | None = None
) -> Clause:
    """A random event of a split.

    Args:
        frame: `act`, `social`, `transfer`, `journey`, `state` or `feeling`; by default random.
        place: whether it has a place, if its frame allows one; by default random.
        time: whether it has a time, likewise.
    """
    while True:
        drawn = _DRAW[frame or rng.choice(_FRAMES)](rng)
        if split_of(drawn) == split:
            return _situated(rng, drawn, place, time)


def _situated(rng: random.Random, event: Clause, place: bool | None, time: bool | None) -> Clause:
    if event.verb in ("be", "live", "work", "study"):
        return event
    place = rng.random() < 0.6 if place is None else place
    time = rng.random() < 0.6 if time is None else time
    where = rng.choice(CITIES + SITES) if place and not event.goal else ""
    return event.but(place=where, time=moment(rng) if time else "")


def moment(rng: random.Random) -> str:
    """A weekday, a month or a year."""
    return rng.choice(rng.choice((WEEKDAYS, MONTHS, YEARS)))


def thing(rng: random.Random, nouns: tuple[str, ...] = THINGS) -> Thing:
    """A thing, such as `a car`, `the red car` or `two cars`."""
    noun = rng.choice(nouns)
    if rng.random() < 0.1:
        return Thing(noun, count=rng.choice((2, 3, 4)))
    return Thing(noun, rng.choice(ADJECTIVES) if rng.random() < 0.5 else "", rng.random() < 0.5)


def _act(rng: random.Random) -> Clause:
    verb = rng.choice([verb for verb in OBJECTS if verb not in ("give", "get")])
    agents = UNIVERSITIES + COMPANIES if verb in ("build", "destroy", "buy", "sell") and rng.random() < 0.3 else PEOPLE
    return Clause(verb, rng.choice(agents), thing(rng, OBJECTS[verb]))


def _social(rng: random.Random) -> Clause:
    verb, (agent, patient) = rng.choice(SOCIAL), rng.sample(PEOPLE, 2)
    return Clause(verb, agent, patient)


def _transfer(rng: random.Random) -> Clause:
    verb, (agent, other) = rng.choice(list(INVERSE)), rng.sample(PEOPLE, 2)
    return Clause(verb, agent, thing(rng, OBJECTS[verb]), other)


def _journey(rng: random.Random) -> Clause:
    verb = rng.choice(("travel", "fly", "go"))
    source, goal = rng.sample(SITES if verb == "go" else CITIES, 2)
    return Clause(verb, rng.choice(PEOPLE), source=source if rng.random() < 0.7 else "", goal=goal)


def _state(rng: random.Random) -> Clause:
    verb = rng.choice(("be", "live", "work", "study"))
    if verb == "be":
        return Clause(verb, Thing(rng.choice(THINGS), definite=True), quality=rng.choice(ADJECTIVES))
    if verb == "live":
        return Clause(verb, rng.choice(PEOPLE), place=rng.choice(CITIES))
    return Clause(verb, rng.choice(PEOPLE), rng.choice(UNIVERSITIES if verb == "study" else COMPANIES + UNIVERSITIES))


def _feeling(rng: random.Random) -> Clause:
    return Clause(rng.choice(FEELINGS), rng.choice(PEOPLE))


_DRAW = {
    "act": _act,
    "social": _social,
    "transfer": _transfer,
    "journey": _journey,
    "state": _state,
    "feeling": _feeling,
}


def sentence(rng: random.Random, split: str) -> Sentence:
    """A random sentence: a statement of one or two clauses, or a question."""
    drawn = rng.random()
    if drawn < 0.15:
        return question(rng, clause(rng, split))
    if drawn < 0.75:
        return Sentence((varied(rng, clause(rng, split)),))
    link = rng.choice(("and", "but", "because"))
    first = clause(rng, split, "feeling") if link == "because" else clause(rng, split)
    second = clause(rng, split)
    while second.agent == first.agent:
        second = clause(rng, split)
    return Sentence((first, second), link)


def varied(rng: random.Random, event: Clause) -> Clause:
    """The same event, at random negated, passive, or beginning with its time or with "then"."""
    if event.verb in PASSIVE and not event.other and rng.random() < 0.3:
        event = event.but(passive=True, patient=definite(event.patient))
    elif rng.random() < 0.15:
        event = event.but(negated=True, patient=definite(event.patient))
    elif event.verb not in PRESENT and event.agent in PEOPLE and rng.random() < 0.2:
        return rng.choice(
            (event.but(then=True), event.but(then=True, agent=pronoun(event)), event.but(agent="somebody"))
        )
    return event.but(fronted=bool(event.time) and rng.random() < 0.3)


def pronoun(event: Clause) -> str:
    """`she` or `he` for the agent of an event."""
    return "she" if gender(event.agent) == "f" else "he"


def definite(patient: Thing | str | None) -> Thing | str | None:
    """A thing as a single, definite one; everything else unchanged."""
    return Thing(patient.noun, patient.adjective, definite=True) if isinstance(patient, Thing) else patient


def question(rng: random.Random, event: Clause) -> Sentence:
    """A question about an event, for one of its slots, or a yes-no question."""
    return Sentence((event,), asked=rng.choice([*slots(event), "polar"]))


def slots(event: Clause) -> list[str]:
    """The slots of an event that a question can ask for."""
    if event.verb == "be":
        return []
    return [role for role in ("agent", "patient", "other", "source", "goal", "place", "time") if getattr(event, role)]
