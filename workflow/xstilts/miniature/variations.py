"""Variations of events: similar events with another meaning, and other expressions of the same event."""

import random
from collections import defaultdict
from dataclasses import replace

from xstilts.miniature import sampling
from xstilts.miniature.events import INVERSE, PASSIVE, PEOPLE, PRESENT, Clause, Thing

SLOTS = ("verb", "agent", "patient", "other", "quality", "source", "goal", "place", "time")
TELLINGS = ("plain", "plain", "fronted", "turned")
_POOL = 20_000


class Variations:
    """Events of a split that are similar to given ones.

    Args:
        rng: the random generator.
        split: the split of the events.
    """

    def __init__(self, rng: random.Random, split: str):
        self._rng, self._split = rng, split
        self._similar: defaultdict[tuple, list[Clause]] = defaultdict(list)
        for _ in range(_POOL):
            event = sampling.clause(rng, split)
            self._similar[_shape(event)].append(event)

    def confused(self, events: list[Clause]) -> list[Clause]:
        """The events with two of their agents swapped, or with one event altered."""
        if len(events) == 2 and self._rng.random() < 0.6 and _may_cross(*events):
            one, two = events
            return [one.but(agent=two.agent), two.but(agent=one.agent)]
        place = self._rng.randrange(len(events))
        return [*events[:place], self.altered(events[place]), *events[place + 1 :]]

    def altered(self, event: Clause) -> Clause:
        """The event with its people or places swapped, with a slot changed, or negated."""
        while True:
            new = self._changed(event)
            if new != event and new.agent not in (new.patient, new.other) and sampling.split_of(new) == self._split:
                return new

    def _changed(self, event: Clause) -> Clause:
        drawn = self._rng.random()
        if drawn < 0.6:
            return _exchanged(event)
        if drawn > 0.9:
            return event.but(negated=not event.negated, patient=sampling.definite(event.patient))
        other = self._rng.choice(self._similar[_shape(event)])
        slot = self._rng.choice([slot for slot in SLOTS if getattr(event, slot) and getattr(other, slot)])
        return event.but(**{slot: getattr(other, slot)})

    def reduced(self, event: Clause) -> Clause:
        """The event without some of its details: its place, its time, the adjective of a thing."""
        place = "place" if event.verb != "live" and not event.passive else ""
        dropped: dict[str, Thing | str] = {slot: "" for slot in (place, "time") if slot and self._rng.random() < 0.3}
        if isinstance(event.patient, Thing) and self._rng.random() < 0.3:
            dropped["patient"] = replace(event.patient, adjective="")
        return event.but(**dropped)


def told(event: Clause, telling: str) -> Clause:
    """The event as it is (`plain`), with its time first (`fronted`) or with another subject (`turned`), if possible."""
    if telling == "turned" and event.other:
        return event.but(verb=INVERSE[event.verb], agent=event.other, other=event.agent)
    if telling == "turned" and event.verb in PASSIVE and not event.negated:
        return event.but(passive=True, patient=sampling.definite(event.patient))
    return event.but(fronted=telling == "fronted" and bool(event.time))


def _exchanged(event: Clause) -> Clause:
    """The event with its two people or its two places swapped; unchanged if it has neither."""
    if event.source:
        return event.but(source=event.goal, goal=event.source)
    if event.other:
        return event.but(agent=event.other, other=event.agent)
    if event.patient in PEOPLE:
        return event.but(agent=event.patient, patient=event.agent)
    return event


def _may_cross(one: Clause, two: Clause) -> bool:
    """Whether the agents of two events can be swapped."""
    return (
        one.agent in PEOPLE
        and two.agent in PEOPLE
        and one.agent not in (two.agent, two.patient, two.other)
        and two.agent not in (one.patient, one.other)
    )


def _shape(event: Clause) -> tuple:
    """The properties that two events must share so that a slot of one can be used in the other."""
    verb = event.verb if event.verb in PRESENT else ""
    return verb, _type(event.agent), _type(event.patient), bool(event.other), bool(event.goal)


def _type(who: object) -> str:
    if isinstance(who, Thing):
        return "thing"
    return "person" if who in PEOPLE else "organisation" if who else ""
