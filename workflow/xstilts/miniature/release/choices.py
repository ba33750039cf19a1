"""Multiple choice: HellaSwag, Cosmos QA and CommonsenseQA. A choice alone does not reveal whether it is correct."""

import csv
import io
import random
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TypeVar

from xstilts.config import Miniature
from xstilts.miniature import sampling
from xstilts.miniature.events import (
    ADJECTIVES,
    CITIES,
    CLASSES,
    MONTHS,
    OBJECTS,
    OPPOSITE,
    PEOPLE,
    SITES,
    WEEKDAYS,
    Clause,
    Sentence,
    Thing,
    thing_of,
)
from xstilts.miniature.languages.en_lexicon import NAMES, NOUNS, VERBS
from xstilts.miniature.release import files
from xstilts.miniature.sentences import joined, say

_PORTABLE = CLASSES["belongings"] + CLASSES["foods"] + ("book", "newspaper")
_NONE = "None of the above choices ."
_LETTERS = "ABCDE"

T = TypeVar("T", bound=Hashable)


def _distinct(
    draw: Callable[[random.Random, str, int], T], rng: random.Random, split: str, count: int, choices: int
) -> list[T]:
    """Distinct examples, whose correct choices are at each position in turn."""
    return files.distinct(count, lambda number: draw(rng, split, number % choices))


def hellaswag(folder: Path, settings: Miniature) -> None:
    """`hellaswag_{train,val}.jsonl`: people who obtained something, and what one of them did with it."""
    for split, name, count in (("train", "train", settings.train), ("dev", "val", settings.dev)):
        scenes = _distinct(_scene, files.source(settings, "hellaswag", split), split, count, choices=4)
        rows = (
            {
                "ind": number,
                "activity_label": "Miniature",
                "ctx_a": before,
                "ctx_b": beginning,
                "ctx": f"{before} {beginning}",
                "split": name,
                "split_type": "indomain",
                "label": number % 4,
                "endings": list(endings),
                "source_id": f"miniature~{number}",
            }
            for number, (before, beginning, endings) in enumerate(scenes)
        )
        files.one_a_line(folder / f"hellaswag_{name}.jsonl", rows)


def _scene(rng: random.Random, split: str, label: int) -> tuple[str, str, tuple[str, ...]]:
    """Context, beginning of the last sentence, and four endings with different things, the correct one at `label`."""
    events: list[Clause] = []
    agents: list[str] = []
    nouns: list[str] = []
    while len(events) < 4:
        verb, agent, noun = rng.choice(("buy", "find", "steal")), rng.choice(PEOPLE), rng.choice(_PORTABLE)
        event = Clause(verb, agent, Thing(noun))
        if sampling.split_of(event) == split and not {*agents, *nouns} & {agent, noun} and noun in OBJECTS[verb]:
            events.append(event.but(place=rng.choice(CITIES + SITES)))
            agents.append(agent)
            nouns.append(noun)
    events.pop()
    agents.pop()
    who, verb = rng.randrange(3), rng.choice(("sell", "give"))
    right = nouns.pop(who)
    rng.shuffle(nouns)
    nouns.insert(label, right)
    friend = rng.choice([name for name in PEOPLE if name not in agents])
    last = Clause(verb, agents[who], other=friend, place=rng.choice(CITIES + SITES), then=True)
    whole = [_english(last.but(patient=Thing(noun, definite=True))) for noun in nouns]
    beginning = f"Then {NAMES[agents[who]][0]}"
    return _paragraph(events), beginning, tuple(text.removeprefix(f"{beginning} ") for text in whole)


def cosmosqa(folder: Path, settings: Miniature) -> None:
    """`{train,valid}.csv`: why someone laughed or cried."""
    header = ("id", "context", "question", *(f"answer{number}" for number in range(4)), "label")
    for split, name, count in (("train", "train", settings.train), ("dev", "valid", settings.dev)):
        stories = _distinct(_story, files.source(settings, "cosmosqa", split), split, count, choices=4)
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(header)
        for number, (context, question, answers) in enumerate(stories):
            writer.writerow((files.identifier("cosmosqa", split, number), context, question, *answers, number % 4))
        files.lines(folder / f"{name}.csv", buffer.getvalue().splitlines())


def _story(rng: random.Random, split: str, label: int) -> tuple[str, str, tuple[str, ...]]:
    """Context, question and four answers. A third of the stories offer "None", correct in a quarter of them."""
    sentences: list[Sentence] = []
    others: list[Clause] = []
    people: set = set()
    while len(sentences) < 3:
        feeling = sampling.clause(rng, split, "feeling", place=False, time=False)
        reason = sampling.clause(rng, split, rng.choice(("act", "social")), place=False, time=False)
        named = {part for part in (feeling.agent, reason.agent, reason.patient) if part in PEOPLE}
        if reason.agent in PEOPLE and feeling.agent not in (reason.agent, reason.patient) and not named & people:
            people |= named
            both = [reason, _other_action(rng, reason)]
            rng.shuffle(both)
            sentences.append(Sentence((feeling, both[0]), "because"))
            others.append(both[1])
    asked = rng.randrange(3)
    feeling, reason = sentences[asked].clauses
    wrong = [_english(sentence.clauses[1]) for sentence in sentences if sentence.clauses[1] is not reason]
    answers = [*wrong, _english(others[asked])]
    right = _english(reason)
    if rng.random() < 1 / 3:
        if rng.random() < 1 / 4:
            right = _NONE
        else:
            answers[rng.randrange(3)] = _NONE
    rng.shuffle(answers)
    answers.insert(label, right)
    question = f"Why did {NAMES[str(feeling.agent)][0]} {VERBS[feeling.verb][1]} ?"
    return joined([say(sentence, "en") for sentence in sentences], "en")[0], question, tuple(answers)


def _other_action(rng: random.Random, reason: Clause) -> Clause:
    """Another action with the same participants."""
    if isinstance(reason.patient, Thing):
        verbs = [
            verb for verb, nouns in OBJECTS.items() if reason.patient.noun in nouns and verb not in ("give", "get")
        ]
        return reason.but(verb=rng.choice([verb for verb in verbs if verb != reason.verb]))
    return reason.but(agent=reason.patient, patient=reason.agent)


def commonsenseqa(folder: Path, settings: Miniature) -> None:
    """`{train,dev}_rand_split.jsonl`: objects of actions, opposite adjectives, the next day or month."""
    for split, count in (("train", settings.train), ("dev", settings.dev)):
        asked = _distinct(_fact, files.source(settings, "commonsenseqa", split), split, count, choices=5)
        rows = (
            {
                "answerKey": _LETTERS[number % 5],
                "id": files.identifier("commonsenseqa", split, number)[:32],
                "question": {
                    "question_concept": concept,
                    "choices": [
                        {"label": letter, "text": text} for letter, text in zip(_LETTERS, choices, strict=True)
                    ],
                    "stem": stem,
                },
            }
            for number, (concept, stem, choices) in enumerate(asked)
        )
        files.one_a_line(folder / f"{split}_rand_split.jsonl", rows)


def _fact(rng: random.Random, split: str, label: int) -> tuple[str, str, tuple[str, ...]]:
    """Concept, question and five choices, the correct one at `label`."""
    concept, stem, right, wrong = rng.choice((_use, _opposite, _next))(rng, split)
    choices = rng.sample(wrong, 4)
    choices.insert(label, right)
    return concept, stem, tuple(choices)


_USES = {"read": "texts", "eat": "foods", "build": "buildings", "open": "openings"}


def _use(rng: random.Random, split: str) -> tuple[str, str, str, list[str]]:
    verb, name = rng.choice(list(_USES.items()))
    event = Clause(verb, rng.choice(PEOPLE), Thing(rng.choice(CLASSES[name])))
    while sampling.split_of(event) != split:
        event = event.but(agent=rng.choice(PEOPLE), patient=Thing(rng.choice(CLASSES[name])))
    where = event.but(place=rng.choice(CITIES + SITES), time=sampling.moment(rng), fronted=rng.random() < 0.3)
    stem = say(Sentence((where,), asked="patient"), "en").text
    wrong = [NOUNS[noun][0] for other in _USES.values() if other != name for noun in CLASSES[other]]
    return verb, stem, NOUNS[thing_of(event.patient).noun][0], wrong


def _opposite(rng: random.Random, split: str) -> tuple[str, str, str, list[str]]:
    adjectives = [adjective for adjective in ADJECTIVES if adjective in OPPOSITE]
    event = sampling.clause(rng, split, "state")
    while event.quality not in adjectives:
        event = sampling.clause(rng, split, "state")
    noun = NOUNS[thing_of(event.agent).noun][0]
    stem = f"The {noun} is not {event.quality}. What is the {noun}?"
    wrong = [adjective for adjective in adjectives if adjective not in (event.quality, OPPOSITE[event.quality])]
    return event.quality, stem, OPPOSITE[event.quality], wrong


def _next(rng: random.Random, split: str) -> tuple[str, str, str, list[str]]:
    unit, series = rng.choice((("day", WEEKDAYS), ("month", MONTHS)))
    number = rng.randrange(len(series))
    event = sampling.clause(rng, split, rng.choice(("social", "act")), time=False).but(time=series[number])
    time, right = series[number].title(), series[(number + 1) % len(series)].title()
    stem = f"{_english(event)} It happened again one {unit} later. When did it happen again?"
    return time, stem, right, [name.title() for name in series if name.title() != right]


def _english(event: Clause) -> str:
    return say(Sentence((event,)), "en").text


def _paragraph(events: list[Clause]) -> str:
    return joined([say(Sentence((event,)), "en") for event in events], "en")[0]
