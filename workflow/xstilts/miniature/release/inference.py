"""Natural language inference: MultiNLI, SNLI, ANLI and XNLI.

The content of a hypothesis is independent of the label: only the premise entails, contradicts or leaves it open. A
premise has all but one of the slots of an event, and a hypothesis has at most as many.
"""

import random
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from xstilts.config import Miniature
from xstilts.miniature import sampling
from xstilts.miniature.events import (
    ADJECTIVES,
    CITIES,
    COLOURS,
    INVERSE,
    MONTHS,
    OPPOSITE,
    PASSIVE,
    SITES,
    WEEKDAYS,
    YEARS,
    Clause,
    Sentence,
    Thing,
    thing_of,
)
from xstilts.miniature.release import files
from xstilts.miniature.sentences import LANGUAGES, joined, say

_LABELS = ("contradiction", "entailment", "neutral")
_MIXED = ("act", "act", "transfer", "social")
_XNLI = (
    "language gold_label sentence1_binary_parse sentence2_binary_parse sentence1_parse sentence2_parse sentence1 "
    "sentence2 promptID pairID genre label1 label2 label3 label4 label5 sentence1_tokenized sentence2_tokenized match"
)
_TRANSLATED = "XNLI-MT-1.0/multinli/multinli.train.{lang}.tsv"
_XNLI_MT = {"contradiction": "contradictory"}
"""Labels that XNLI-MT spells in another way."""
Pair = tuple[tuple[Sentence, ...], Sentence, str]
"""Premise, hypothesis and label."""


def mnli(folder: Path, settings: Miniature) -> None:
    """`multinli_1.0_{train,dev_matched}.jsonl`, translations of the training data as in XNLI-MT, and XNLI's dev set."""
    for split, name, count in (("train", "train", settings.train), ("dev", "dev_matched", settings.dev)):
        pairs = _pairs(files.source(settings, "mnli", split), split, count, _MIXED)
        files.one_a_line(folder / f"multinli_1.0_{name}.jsonl", _objects(pairs, "promptID"))
        for lang in LANGUAGES if split == "train" else ():
            if lang != "en":
                rows = (
                    (_text(one, lang), say(two, lang).text, _XNLI_MT.get(label, label)) for one, two, label in pairs
                )
                files.table(folder / _TRANSLATED.format(lang=lang), "premise hypo label", rows)
    _xnli_split(folder, settings, "dev", settings.dev)


def snli(folder: Path, settings: Miniature) -> None:
    """`snli_1.0_{train,dev}.jsonl`: single actions."""
    for split, count in (("train", settings.train), ("dev", settings.dev)):
        pairs = _pairs(files.source(settings, "snli", split), split, count, ("act",))
        files.one_a_line(folder / f"snli_1.0_{split}.jsonl", _objects(pairs, "captionID"))


def anli(folder: Path, settings: Miniature) -> None:
    """`R1` to `R3`, each with `train.jsonl` and `dev.jsonl`: premises of three sentences."""
    for part in ("R1", "R2", "R3"):
        for split, count in (("train", settings.train), ("dev", settings.dev)):
            pairs = _pairs(files.source(settings, "anli", part, split), split, count // 3, _MIXED, others=2)
            rows = (
                {
                    "uid": files.identifier("anli", part, split, number)[:36],
                    "context": _text(premise, "en"),
                    "hypothesis": say(hypothesis, "en").text,
                    "label": label[0],
                    "reason": "",
                    "tag": f"{part.lower()}_{split}",
                }
                for number, (premise, hypothesis, label) in enumerate(pairs)
            )
            files.one_a_line(folder / part / f"{split}.jsonl", rows)


def xnli(folder: Path, settings: Miniature) -> None:
    """`XNLI-1.0/xnli.{dev,test}.tsv`, the same pairs in all languages."""
    for split, count in (("dev", settings.dev), ("test", settings.test)):
        _xnli_split(folder, settings, split, count)


def _xnli_split(folder: Path, settings: Miniature, split: str, count: int) -> None:
    pairs = _pairs(files.source(settings, "xnli", split), split, count, _MIXED)
    rows = [
        _xnli_row(lang, str(number), _text(premise, lang), say(hypothesis, lang).text, label)
        for lang in LANGUAGES
        for number, (premise, hypothesis, label) in enumerate(pairs, 1)
    ]
    files.table(folder / "XNLI-1.0" / f"xnli.{split}.tsv", _XNLI, rows)


def _xnli_row(lang: str, number: str, premise: str, hypothesis: str, label: str) -> list[str]:
    pair = [premise, hypothesis]
    return [lang, label, *[""] * 4, *pair, number, number, "miniature", *[label] * 5, *pair, "True"]


def _objects(pairs: list[Pair], prompt: str) -> list[dict]:
    return [
        {
            "annotator_labels": [label],
            "gold_label": label,
            "pairID": f"{number}{label[0]}",
            prompt: str(number),
            "sentence1": _text(premise, "en"),
            "sentence2": say(hypothesis, "en").text,
        }
        for number, (premise, hypothesis, label) in enumerate(pairs)
    ]


def _text(sentences: tuple[Sentence, ...], lang: str) -> str:
    return joined([say(sentence, lang) for sentence in sentences], lang)[0]


def _pairs(rng: random.Random, split: str, count: int, frames: tuple[str, ...], others: int = 0) -> list[Pair]:
    def draw(number: int) -> Pair:
        label = _LABELS[number % 3]
        premise, hypothesis = pair(rng, split, label, rng.choice(frames))
        sentences = [Sentence((premise,))]
        while len(sentences) <= others:
            event = sampling.clause(rng, split, "act")
            if event.agent not in {premise.agent, hypothesis.agent}:
                sentences.append(Sentence((event,)))
        rng.shuffle(sentences)
        return tuple(sentences), Sentence((hypothesis,)), label

    return files.distinct(count, draw)


def pair(rng: random.Random, split: str, label: str, frame: str) -> tuple[Clause, Clause]:
    """A premise and a hypothesis about the same event."""
    event = _full(rng, sampling.clause(rng, split, frame, place=True, time=True))
    every = ["place", "time", "adjective"] if isinstance(event.patient, Thing) else ["place", "time"]
    anonymous = rng.random() < 0.1
    operation = "slot" if anonymous else _operation(rng, event, label)
    stated = rng.choice(list(combinations(every, len(every) - 1)))
    size = len(stated) if operation == "negation" else rng.randint(1, len(stated))
    follows = label != "neutral" or operation == "swap"
    asserted = rng.choice([kept for kept in combinations(every, size) if (set(kept) <= set(stated)) == follows])
    premise, hypothesis = _only(event, stated), _only(event, asserted)
    if operation == "negation":
        negated = (rng.random() < 0.5,) * 2
        both = label != "contradiction"
        premise = premise.but(negated=both or negated[0])
        hypothesis = hypothesis.but(negated=both or not negated[1])
    elif operation == "swap":
        hypothesis = hypothesis.but(agent=event.patient, patient=event.agent)
    elif operation == "opposite":
        hypothesis = hypothesis.but(verb=OPPOSITE[event.verb])
    elif label == "contradiction":
        hypothesis = _changed(rng, hypothesis, rng.choice(asserted))
    premise, hypothesis = _retold(rng, premise), _retold(rng, hypothesis)
    if premise == hypothesis:
        hypothesis = _reordered(hypothesis)
    if anonymous and not hypothesis.passive:
        hypothesis = hypothesis.but(agent="somebody")
    return premise, hypothesis


def _full(rng: random.Random, event: Clause) -> Clause:
    """The event with an adjective and a definite thing as patient; unchanged if its patient is not a thing."""
    if not isinstance(event.patient, Thing):
        return event
    return event.but(
        patient=Thing(event.patient.noun, event.patient.adjective or rng.choice(ADJECTIVES), definite=True)
    )


def _operation(rng: random.Random, event: Clause, label: str) -> str:
    """The operation that produces the label; negation of the hypothesis is equally frequent for all labels."""
    drawn = rng.random()
    if drawn < (0.24 if label == "contradiction" else 0.12):
        return "negation"
    if label == "contradiction" and drawn < 0.5 and event.verb in OPPOSITE and not event.other:
        return "opposite"
    return "swap" if label == "neutral" and drawn > 0.7 and not isinstance(event.patient, Thing) else "slot"


def _only(event: Clause, kept: tuple[str, ...]) -> Clause:
    patient = event.patient
    if isinstance(patient, Thing) and "adjective" not in kept:
        patient = replace(patient, adjective="")
    return event.but(patient=patient, **{slot: "" for slot in ("place", "time") if slot not in kept})


def _changed(rng: random.Random, event: Clause, slot: str) -> Clause:
    """The event with another place, time or adjective of the same kind."""
    if slot == "adjective":
        thing = thing_of(event.patient)
        return event.but(patient=replace(thing, adjective=_other_adjective(rng, thing.adjective)))
    old = getattr(event, slot)
    sorts = (CITIES, SITES) if slot == "place" else (WEEKDAYS, MONTHS, YEARS)
    return event.but(**{slot: rng.choice([new for sort in sorts if old in sort for new in sort if new != old])})


def _other_adjective(rng: random.Random, adjective: str) -> str:
    if adjective in OPPOSITE:
        return OPPOSITE[adjective]
    return rng.choice([colour for colour in COLOURS if colour != adjective])


def _retold(rng: random.Random, event: Clause) -> Clause:
    """The event in one of its possible expressions, all equally likely."""
    event = _reordered(event) if rng.random() < 0.5 else event
    return _turned(event) if rng.random() < 0.5 else event


def _reordered(event: Clause) -> Clause:
    """The event with its time moved to or from the front; an event without a time is turned."""
    return event.but(fronted=not event.fronted) if event.time else _turned(event)


def _turned(event: Clause) -> Clause:
    """The event from the other perspective: with the inverse verb, or active and passive exchanged."""
    if event.other:
        return event.but(verb=INVERSE[event.verb], agent=event.other, other=event.agent)
    return event.but(passive=not event.passive) if event.verb in PASSIVE and not event.negated else event
