"""Paraphrase detection: QQP and PAWS-X.

Two sentences express an event in two ways. In the negative pairs, two people or two places are swapped in one of them,
so the words of a pair do not reveal its label.
"""

import random
from collections.abc import Callable
from pathlib import Path

from xstilts.config import Miniature
from xstilts.miniature import sampling
from xstilts.miniature.events import INVERSE, PASSIVE, PEOPLE, Clause, Sentence
from xstilts.miniature.release import files
from xstilts.miniature.sentences import say

_LANGUAGES = ("de", "en", "es", "zh")
Pair = tuple[Sentence, Sentence, str]


def pawsx(folder: Path, settings: Miniature) -> None:
    """`<lang>/{train,dev_2k,test_2k}.tsv`; the training data of other languages are in `translated_train.tsv`."""
    for split, name, count in (
        ("train", "train", settings.train),
        ("dev", "dev_2k", settings.dev),
        ("test", "test_2k", settings.test),
    ):
        pairs = _pairs(files.source(settings, "pawsx", split), split, count, _statements)
        for lang in _LANGUAGES:
            rows = (
                (str(number), say(one, lang).text, say(other, lang).text, label)
                for number, (one, other, label) in enumerate(pairs, 1)
            )
            translated = "translated_" if split == "train" and lang != "en" else ""
            files.table(folder / lang / f"{translated}{name}.tsv", "id sentence1 sentence2 label", rows)


def qqp(folder: Path, settings: Miniature) -> None:
    """`{train,dev}.tsv` as in GLUE."""
    for split, count in (("train", settings.train), ("dev", settings.dev)):
        pairs = _pairs(files.source(settings, "qqp", split), split, count, _questions)
        rows = (
            (str(number), str(2 * number), str(2 * number + 1), say(one, "en").text, say(other, "en").text, label)
            for number, (one, other, label) in enumerate(pairs)
        )
        files.table(folder / f"{split}.tsv", "id qid1 qid2 question1 question2 is_duplicate", rows)


def _pairs(rng: random.Random, split: str, count: int, draw_two: Callable[..., list[Sentence]]) -> list[Pair]:
    def draw(number: int) -> Pair:
        one, other = rng.sample(draw_two(rng, split, same=bool(number % 2)), 2)
        return one, other, str(number % 2)

    return files.distinct(count, draw)


def _statements(rng: random.Random, split: str, same: bool) -> list[Sentence]:
    if rng.random() < 0.3:
        return _of_two_clauses(rng, split, same)
    event = sampling.clause(rng, split, rng.choice(("social", "transfer", "journey")), time=True)
    if event.verb in ("travel", "fly", "go") and not event.source:
        return _statements(rng, split, same)
    other = _retold(rng, event if same else _exchanged(event))
    return [Sentence((event,)), Sentence((other,))]


def _of_two_clauses(rng: random.Random, split: str, same: bool) -> list[Sentence]:
    """Two clauses with different agents, and the same in reverse order, with or without the agents swapped."""
    while True:
        one, two = (sampling.clause(rng, split, "act") for _ in range(2))
        crossed = one.but(agent=two.agent), two.but(agent=one.agent)
        people = {one.agent, two.agent} <= set(PEOPLE) and one.agent != two.agent and one.patient != two.patient
        if people and all(sampling.split_of(event) == split for event in crossed):
            return [Sentence((one, two), "and"), Sentence((two, one) if same else crossed[::-1], "and")]


def _questions(rng: random.Random, split: str, same: bool) -> list[Sentence]:
    event = sampling.clause(rng, split, rng.choice(("social", "transfer", "journey")), time=True)
    other = _retold(rng, event if same else _exchanged(event))
    if event.verb in ("travel", "fly", "go") and not event.source:
        return _questions(rng, split, same)
    asked = rng.choice(["polar", "place"] if event.place else ["polar"] if other.fronted else ["polar", "time"])
    return [Sentence((event,), asked=asked), Sentence((other,), asked=asked)]


def _exchanged(event: Clause) -> Clause:
    """The event with its two people or its two places swapped."""
    if event.source:
        return event.but(source=event.goal, goal=event.source)
    if event.other:
        return event.but(agent=event.other, other=event.agent)
    return event.but(agent=event.patient, patient=event.agent)


def _retold(rng: random.Random, event: Clause) -> Clause:
    """The same event in another form: in the passive, with the inverse verb, or with its time first."""
    if event.other and rng.random() < 0.7:
        return event.but(verb=INVERSE[event.verb], agent=event.other, other=event.agent)
    if event.verb in PASSIVE and not event.other and rng.random() < 0.7:
        return event.but(passive=True)
    return event.but(fronted=True)
