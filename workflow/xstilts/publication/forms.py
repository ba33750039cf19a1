"""Checks of predictions against the form that the evaluator of XTREME expects."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from xstilts.errors import shorten
from xstilts.prediction.xtreme_files import Predictions, form_of
from xstilts.task import Task


def problem(task: Task, examples: pa.Table, predictions: Predictions) -> str | None:
    """The first problem found in the predictions of a language; None if they are valid.

    Args:
        examples: the test examples of the language, in the order of the benchmark.
    """
    return _CHECKS[form_of(task.kind, task.metric)](task, examples, predictions)


def _labels(task: Task, examples: pa.Table, predictions: list[str]) -> str | None:
    if task.kind == "retrieval":
        return _count("lines", predictions, _ids(examples, "english")) or _strange(
            predictions, _ids(examples, "foreign")
        )
    return _count("lines", predictions, examples) or _strange(predictions, task.labels)


def _tags(task: Task, examples: pa.Table, predictions: list[list[str]]) -> str | None:
    words = pc.list_value_length(examples["words"]).to_pylist()
    if wrong := _count("sentences", predictions, words):
        return wrong
    for number, (tags, expected) in enumerate(zip(predictions, words, strict=True), start=1):
        if len(tags) != expected:
            return f"sentence {number} has {len(tags)} tags; expected {expected}, one for each word"
    return _strange((tag for tags in predictions for tag in tags), task.labels)


def _answers(task: Task, examples: pa.Table, predictions: dict[str, str]) -> str | None:
    questions = examples["id"].to_pylist()
    absent = [question for question in questions if question not in predictions]
    if absent:
        return f"{len(absent)} of {len(questions)} questions have no answer, the first is {absent[0]!r}"
    return _strange(predictions, questions)


def _pairs(task: Task, examples: pa.Table, predictions: list[tuple[str, str]]) -> str | None:
    if not predictions:
        return "no pairs"
    for number, side in enumerate(("foreign", "english")):
        found = [pair[number] for pair in predictions]
        if len(set(found)) < len(found):
            return f"a {side} sentence occurs in more than one pair"
        if wrong := _strange(found, _ids(examples, side)):
            return wrong
    return None


def _ids(examples: pa.Table, side: str) -> list[str]:
    return examples.filter(pc.equal(examples["side"], side))["id"].to_pylist()


def _count(unit: str, found: Sequence, expected: Sequence | pa.Table) -> str | None:
    return None if len(found) == len(expected) else f"{len(found)} {unit}; expected {len(expected)}"


def _strange(found: Iterable[str], allowed: Iterable[str]) -> str | None:
    known = set(allowed)
    return next(
        (f"{shorten(value)} is not one of {len(known)} labels or ids" for value in found if value not in known), None
    )


_CHECKS: dict[str, Callable[[Task, pa.Table, Any], str | None]] = {
    "labels": _labels,
    "tags": _tags,
    "answers": _answers,
    "pairs": _pairs,
}
"""By form of prediction file (`xstilts.prediction.xtreme_files`), which determines the type of the predictions."""
