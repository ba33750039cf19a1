"""Multiple choice: HellaSwag, Cosmos QA, CommonsenseQA, Social IQa and COPA, as released.

A row's `label` is the position of the right choice, from 0, whatever the files call it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from xstilts.errors import DataError, shorten
from xstilts.sources.formats import objects, quoted, text
from xstilts.task import Row, Task

_LETTERS = "ABCDE"
_COSMOS = ("id", "context", "question", "answer0", "answer1", "answer2", "answer3")
_COPA = {"cause": "What was the cause?", "effect": "What happened as a result?"}


def hellaswag(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """HellaSwag's JSON lines: a context, and how it goes on after the words `ctx_b`, which may be none."""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        yield place, hellaswag_row(path, place, value, str(objects.member(path, place, value, "label", int)))


def hellaswag_row(path: Path, place: str, value: Any, label: str) -> dict:
    """A question of HellaSwag under its own keys as a canonical row."""
    context, beginning = _texts(path, place, value, ("ctx_a", "ctx_b"))
    endings = objects.member(path, place, value, "endings", list)
    choices = [
        _joined(beginning, objects.require(path, f"{place}.endings[{number}]", ending, str))
        for number, ending in enumerate(endings)
    ]
    return _row(context, choices, label)


def cosmosqa_csv(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Cosmos QA's `train.csv` and `valid.csv`."""
    (path,) = paths
    for place, (*texts, label) in quoted.records(path, (*_COSMOS, "label")):
        yield place, _cosmosqa(texts, label)


def cosmosqa_jsonl(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Cosmos QA's columns as the keys of JSON lines."""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        yield place, cosmosqa_row(path, place, value)


def cosmosqa_row(path: Path, place: str, value: Any) -> dict:
    """A question of Cosmos QA under its own keys as a canonical row."""
    return _cosmosqa(_texts(path, place, value, _COSMOS), str(objects.member(path, place, value, "label", int)))


def commonsenseqa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """CommonsenseQA's JSON lines: a question, and choices with letters."""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        yield place, commonsenseqa_row(path, place, value, task)


def commonsenseqa_row(path: Path, place: str, value: Any, task: Task) -> dict:
    """A question of CommonsenseQA under its own keys as a canonical row."""
    letters = _LETTERS[: len(task.labels)]
    question = objects.member(path, place, value, "question", dict)
    (stem,) = _texts(path, f"{place}.question", question, ("stem",))
    identifier, answer = _texts(path, place, value, ("id", "answerKey"))
    choices = _lettered(path, f"{place}.question", question, letters)
    return {"id": identifier, **_row(stem, choices, _position(path, f"{place}.answerKey", answer, letters))}


def siqa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Social IQa's JSON lines with the letter of the right answer in `correct`."""
    (path,) = paths
    letters = _LETTERS[: len(task.labels)]
    for place, value in objects.one_a_line(path):
        correct = objects.member(path, place, value, "correct", str)
        label = _position(path, f"{place}.correct", correct, letters)
        yield place, _siqa(path, place, value, letters, label)


def siqa_and_labels(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Social IQa's `train.jsonl` with `train-labels.lst`: a line of each for every question, labels from 1.

    Raises:
        DataError: one of the files has more lines than the other.
    """
    path, labels = paths
    for question, label in zip_longest(objects.one_a_line(path), text.lines(labels)):
        if label is None:
            raise DataError(labels, "its end", "no more labels", f"a label for {question[0]} of {path.name}")
        if question is None:
            raise DataError(path, "its end", "no more questions", f"a question for line {label[0]} of {labels.name}")
        (place, value), (line, number) = question, label
        yield place, siqa_row(path, place, value, task, (labels, f"line {line}", number))


def siqa_row(path: Path, place: str, value: Any, task: Task, label: tuple[Path, str, str]) -> dict:
    """A question of Social IQa under its own keys as a canonical row.

    Args:
        label: the number of the right answer, from 1, behind its file and its place there.
    """
    letters, numbers = _LETTERS[: len(task.labels)], [str(number) for number in range(1, len(task.labels) + 1)]
    return _siqa(path, place, value, letters, _position(*label, numbers))


def copa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """COPA's JSON lines as in SuperGLUE and XTREME-R: is a choice the cause or the effect of the premise?"""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        yield place, copa_row(path, place, value, str(objects.member(path, place, value, "label", int)))


def copa_row(path: Path, place: str, value: Any, label: str) -> dict:
    """A question of COPA under its own keys as a canonical row."""
    premise, asked, *choices = _texts(path, place, value, ("premise", "question", "choice1", "choice2"))
    if asked not in _COPA:
        raise DataError(path, f"{place}.question", shorten(asked), f"one of {', '.join(_COPA)}")
    identifier = str(objects.member(path, place, value, "idx", int))
    return {"id": identifier, **_row(_joined(premise, _COPA[asked]), choices, label)}


def _cosmosqa(texts: Sequence[str], label: str) -> dict:
    identifier, context, question, *answers = texts
    return {"id": identifier, **_row(_joined(context, question), answers, label)}


def _siqa(path: Path, place: str, value: Any, letters: str, label: str) -> dict:
    context, question = _texts(path, place, value, ("context", "question"))
    answers = _texts(path, place, value, [f"answer{letter}" for letter in letters])
    return _row(_joined(context, question), answers, label)


def _lettered(path: Path, place: str, question: dict, letters: str) -> list[str]:
    """The texts of the choices of a question, in the order of their letters."""
    choices = [
        _texts(path, f"{place}.choices[{number}]", choice, ("label", "text"))
        for number, choice in enumerate(objects.member(path, place, question, "choices", list))
    ]
    found = sorted(letter for letter, _ in choices)
    if found != list(letters):
        raise DataError(path, f"{place}.choices", f"the labels {shorten(found)}", f"{', '.join(letters)}, each once")
    return [choice for _, choice in sorted(choices)]


def _texts(path: Path, place: str, value: Any, keys: Iterable[str]) -> list[str]:
    return [objects.member(path, place, value, key, str) for key in keys]


def _position(path: Path, place: str, name: str, names: Sequence[str]) -> str:
    """The position, from 0, of the choice that a file calls by its letter or number."""
    if name not in list(names):
        raise DataError(path, place, shorten(name), f"one of {', '.join(names)}")
    return str(names.index(name))


def _joined(*texts: str) -> str:
    """Texts as one, with a blank between them; an empty one adds nothing."""
    return " ".join(filter(None, map(str.strip, texts)))


def _row(prompt: str, choices: Iterable[str], label: str) -> dict:
    return {"prompt": prompt.strip(), "choices": [choice.strip() for choice in choices], "label": label}
