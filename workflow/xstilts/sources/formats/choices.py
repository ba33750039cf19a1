"""Multiple choice: HellaSwag, Cosmos QA, CommonsenseQA, Social IQa and COPA, as released.

The `label` of a row is the 0-based position of the correct choice, whatever the files call it.
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
    """HellaSwag's JSON lines: a context, the beginning of the next sentence in `ctx_b`, perhaps empty, and endings."""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        yield place, hellaswag_row(path, place, value, str(objects.member(path, place, value, "label", int)))


def hellaswag_row(path: Path, place: str, value: Any, label: str) -> dict:
    """The canonical row of a HellaSwag example with the keys of its release."""
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
    """Cosmos QA as JSON lines, with the columns of the CSV files as keys."""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        yield place, cosmosqa_row(path, place, value)


def cosmosqa_row(path: Path, place: str, value: Any) -> dict:
    """The canonical row of a Cosmos QA example with the keys of its release."""
    return _cosmosqa(_texts(path, place, value, _COSMOS), str(objects.member(path, place, value, "label", int)))


def commonsenseqa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """CommonsenseQA's JSON lines: a question and choices labelled with letters."""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        yield place, commonsenseqa_row(path, place, value, task)


def commonsenseqa_row(path: Path, place: str, value: Any, task: Task) -> dict:
    """The canonical row of a CommonsenseQA example with the keys of its release."""
    letters = _LETTERS[: len(task.labels)]
    question = objects.member(path, place, value, "question", dict)
    (stem,) = _texts(path, f"{place}.question", question, ("stem",))
    identifier, answer = _texts(path, place, value, ("id", "answerKey"))
    choices = _lettered(path, f"{place}.question", question, letters)
    return {"id": identifier, **_row(stem, choices, _position(path, f"{place}.answerKey", answer, letters))}


def siqa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Social IQa's JSON lines with the letter of the correct answer in `correct`."""
    (path,) = paths
    letters = _LETTERS[: len(task.labels)]
    for place, value in objects.one_a_line(path):
        correct = objects.member(path, place, value, "correct", str)
        label = _position(path, f"{place}.correct", correct, letters)
        yield place, _siqa(path, place, value, letters, label)


def siqa_and_labels(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Social IQa's `train.jsonl` and `train-labels.lst`, parallel line by line; labels count from 1.

    Raises:
        DataError: the files differ in their number of lines.
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
    """The canonical row of a Social IQa example with the keys of its release.

    Args:
        label: the file and position of the label, and the label itself: the 1-based number of the correct answer.
    """
    letters, numbers = _LETTERS[: len(task.labels)], [str(number) for number in range(1, len(task.labels) + 1)]
    return _siqa(path, place, value, letters, _position(*label, numbers))


def copa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """COPA's JSON lines as in SuperGLUE and XTREME-R: which choice is the cause or the effect of the premise."""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        yield place, copa_row(path, place, value, str(objects.member(path, place, value, "label", int)))


def copa_row(path: Path, place: str, value: Any, label: str) -> dict:
    """The canonical row of a COPA example with the keys of its release."""
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
    """The 0-based position of a choice from its letter or number in the file."""
    if name not in list(names):
        raise DataError(path, place, shorten(name), f"one of {', '.join(names)}")
    return str(names.index(name))


def _joined(*texts: str) -> str:
    """The non-empty texts joined by a space."""
    return " ".join(filter(None, map(str.strip, texts)))


def _row(prompt: str, choices: Iterable[str], label: str) -> dict:
    return {"prompt": prompt.strip(), "choices": [choice.strip() for choice in choices], "label": label}
