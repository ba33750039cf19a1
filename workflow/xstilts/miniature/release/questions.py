"""Question answering: SQuAD 1.1 and 2.0, XQuAD, MLQA and TyDiQA.

A paragraph describes several events, two of which are the same action with other people at another time and place. A
question mentions all of an event but what it asks for, so exactly one event answers it, and all others provide
candidates.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from xstilts.config import Miniature
from xstilts.languages import language
from xstilts.miniature import sampling
from xstilts.miniature.events import CITIES, PEOPLE, Clause, Sentence
from xstilts.miniature.release import files
from xstilts.miniature.sentences import joined, say, span

_PER_PARAGRAPH = 3
_SLOTS = ("verb", "agent", "patient", "other", "source", "goal", "place", "time")
_FRAMES = ("act", "act", "social", "social", "transfer", "journey")
_XQUAD = ("en", "es", "de", "ru", "tr", "zh", "hi")
_MLQA = ("en", "es", "de", "hi", "zh")
_TYDIQA = ("en", "ru")


@dataclass(frozen=True)
class Question:
    """A question about a paragraph.

    Args:
        sentence: the question.
        event: the index of the event that it is about.
        asked: the slot that it asks for.
        possible: whether the paragraph answers it.
    """

    sentence: Sentence
    event: int
    asked: str
    possible: bool = True


Paragraph = tuple[tuple[Sentence, ...], tuple[Question, ...]]


def squad_v1(folder: Path, settings: Miniature) -> None:
    """`{train,dev}-v1.1.json`."""
    for split, count in (("train", settings.train), ("dev", settings.dev)):
        paragraphs = _paragraphs(files.source(settings, "squad_v1", split), split, count)
        files.document(folder / f"{split}-v1.1.json", {"data": _articles(paragraphs, "en", split), "version": "1.1"})


def squad_v2(folder: Path, settings: Miniature) -> None:
    """`{train,dev}-v2.0.json`: no event of their paragraph answers a third of the questions."""
    for split, count in (("train", settings.train), ("dev", settings.dev)):
        paragraphs = _paragraphs(files.source(settings, "squad_v2", split), split, count, impossible=1 / 3)
        articles = _articles(paragraphs, "en", split, marked=True)
        files.document(folder / f"{split}-v2.0.json", {"version": "v2.0", "data": articles})


def xquad(folder: Path, settings: Miniature) -> None:
    """`xquad.<lang>.json`, parallel."""
    paragraphs = _paragraphs(files.source(settings, "xquad"), "test", settings.test)
    for lang in _XQUAD:
        files.document(folder / f"xquad.{lang}.json", {"data": _articles(paragraphs, lang, "xquad"), "version": "1.1"})


def mlqa(folder: Path, settings: Miniature) -> None:
    """`MLQA_V1/{dev,test}/{dev,test}-context-<lang>-question-<lang>.json`, parallel."""
    for split, count in (("dev", settings.dev), ("test", settings.test)):
        paragraphs = _paragraphs(files.source(settings, "mlqa", split), split, count)
        for lang in _MLQA:
            name = f"{split}-context-{lang}-question-{lang}.json"
            articles = _articles(paragraphs, lang, f"mlqa-{split}", digits=40)
            files.document(folder / "MLQA_V1" / split / name, {"version": 1.0, "data": articles})


def tydiqa(folder: Path, settings: Miniature) -> None:
    """`tydiqa-goldp-v1.1-train.json` of all languages, and `tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-<language>.json`."""
    release = "tydiqa-goldp-v1.1"
    train = [
        article
        for lang in _TYDIQA
        for article in _named(_paragraphs(files.source(settings, "tydiqa", lang), "train", settings.train), lang)
    ]
    files.document(folder / f"{release}-train.json", {"data": train, "version": release})
    for lang in _TYDIQA:
        paragraphs = _paragraphs(files.source(settings, "tydiqa", "dev", lang), "test", settings.test)
        path = folder / f"{release}-dev" / f"tydiqa-goldp-dev-{language(lang).name.lower()}.json"
        files.document(path, {"data": _named(paragraphs, lang), "version": release})


def _named(paragraphs: list[Paragraph], lang: str) -> list[dict]:
    """Articles with question ids like `english-12-0`."""
    articles = _articles(paragraphs, lang, "")
    for number, article in enumerate(articles):
        for place, question in enumerate(article["paragraphs"][0]["qas"]):
            question["id"] = f"{language(lang).name.lower()}-{number}-{place}"
    return articles


def _articles(paragraphs: list[Paragraph], lang: str, name: str, digits: int = 24, marked: bool = False) -> list[dict]:
    """An article for each paragraph.

    Args:
        name: enters the ids of questions.
        digits: the length of the ids.
        marked: whether questions have `is_impossible`.
    """
    articles = []
    for number, (sentences, questions) in enumerate(paragraphs):
        texts = [say(sentence, lang) for sentence in sentences]
        context, starts = joined(texts, lang)
        qas = []
        for place, question in enumerate(questions):
            start, answer = span(texts[question.event], question.asked)
            answers = [{"text": answer, "answer_start": starts[question.event] + start}]
            entry: dict[str, object] = {
                "id": files.identifier(name, number, place)[:digits],
                "question": say(question.sentence, lang).text,
                "answers": answers if question.possible else [],
            }
            if marked:
                entry["is_impossible"] = not question.possible
                entry |= {} if question.possible else {"plausible_answers": answers}
            qas.append(entry)
        articles.append({"title": f"Miniature {number}", "paragraphs": [{"context": context, "qas": qas}]})
    return articles


def _paragraphs(rng: random.Random, split: str, count: int, impossible: float = 0) -> list[Paragraph]:
    """Paragraphs with `count` questions in total."""
    paragraphs = files.distinct(-(-count // _PER_PARAGRAPH), lambda _: _paragraph(rng, split, impossible))
    last = count - _PER_PARAGRAPH * (len(paragraphs) - 1)
    return [*paragraphs[:-1], (paragraphs[-1][0], paragraphs[-1][1][:last])]


def _paragraph(rng: random.Random, split: str, impossible: float) -> Paragraph:
    events = _events(rng, split)
    possible = [asked for event in range(len(events)) for asked in _askable(events, event)]
    if len({asked for _, asked, _ in possible}) < _PER_PARAGRAPH:
        return _paragraph(rng, split, impossible)
    questions = [
        Question(Sentence((clause,), asked=asked), event, asked)
        for event, asked, clause in rng.sample(possible, _PER_PARAGRAPH)
    ]
    questions = [_astray(rng, events, one) if rng.random() < impossible else one for one in questions]
    return tuple(Sentence((event.but(fronted=rng.random() < 0.3),)) for event in events), tuple(questions)


def _events(rng: random.Random, split: str) -> list[Clause]:
    """Three to five events with different people, times and places, two of them with the same action."""
    frame = rng.choice(_FRAMES)
    first = sampling.clause(rng, split, frame, place=True, time=True)
    events = [first]
    for _ in range(50):
        twin = _twin(rng, split, first)
        if twin and not _shared([first], twin):
            events.append(twin)
            break
    count = rng.randint(3, 5)
    while len(events) < count:
        event = sampling.clause(rng, split, rng.choice(_FRAMES), place=True, time=True)
        if not _shared(events, event):
            events.append(event)
    rng.shuffle(events)
    return events


def _twin(rng: random.Random, split: str, event: Clause) -> Clause | None:
    """The same action with other people, at another time and place; None if it belongs to another split."""
    agent, other = rng.sample(PEOPLE, 2)
    twin = event.but(agent=agent, other=other if event.other else None, time=sampling.moment(rng))
    if event.place:
        twin = twin.but(place=rng.choice(CITIES))
    if event.patient in PEOPLE:
        twin = twin.but(**rng.choice(({"patient": other}, {"patient": event.patient})))
    return twin if sampling.split_of(twin) == split and twin.agent != twin.patient else None


def _shared(events: Iterable[Clause], new: Clause) -> bool:
    """Whether an event shares its agent, time or place with another one, or involves the agent of another one."""
    for old in events:
        if new.agent in (old.agent, old.patient, old.other) or new.time == old.time or (new.place == old.place != ""):
            return True
        if old.agent in (new.patient, new.other):
            return True
    return False


def _askable(events: list[Clause], number: int) -> list[tuple[int, str, Clause]]:
    """The slots of an event that a question can ask for with a unique answer, each with the question's clause."""
    event = events[number]
    return [
        (number, asked, event)
        for asked in sampling.slots(event)
        if not any(_answers(other, event, asked) for place, other in enumerate(events) if place != number)
    ]


def _answers(event: Clause, question: Clause, asked: str) -> bool:
    """Whether an event agrees with a question in all slots but the one that it asks for."""
    return all(getattr(event, slot) == getattr(question, slot) for slot in _SLOTS if slot != asked)


def _astray(rng: random.Random, events: list[Clause], question: Question) -> Question:
    """The question with the time, place or agent of another event, so that no event answers it; else unchanged."""
    (clause,) = question.sentence.clauses
    changes = [
        {slot: getattr(other, slot)}
        for other in events
        for slot in ("time", "place", "agent")
        if slot != question.asked and getattr(clause, slot) and getattr(other, slot) not in ("", getattr(clause, slot))
        if not (slot == "agent" and getattr(other, slot) in (clause.patient, clause.other))
    ]
    changed = [clause.but(**change) for change in changes]
    astray = [new for new in changed if not any(_answers(event, new, question.asked) for event in events)]
    if not astray:
        return question
    return Question(
        Sentence((rng.choice(astray),), asked=question.asked), question.event, question.asked, possible=False
    )
