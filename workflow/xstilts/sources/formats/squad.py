"""Questions on paragraphs in the JSON of SQuAD: SQuAD itself, XQuAD, MLQA and TyDiQA-GoldP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xstilts.errors import DataError, shorten
from xstilts.languages import LANGUAGES
from xstilts.sources.formats import objects
from xstilts.tasks.base import Row, Task

_NO_ANSWERS = [{"answer_start": 0, "text": ""}]
_NAMES = {language.name.lower(): code for code, language in LANGUAGES.items()}


def read(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Every question with its context and its answers.

    XTREME takes the answers out of test files and leaves one at 0 without text in each question: such questions are
    unlabelled.

    Raises:
        DataError: another nesting than SQuAD's, or an answer that does not stand at its place in the context.
    """
    (path,) = paths
    for place, paragraph in _paragraphs(path):
        context = objects.member(path, place, paragraph, "context", str)
        for number, question in enumerate(objects.member(path, place, paragraph, "qas", list)):
            where = f"{place}.qas[{number}]"
            yield where, _question(path, where, question, context)


def of_language(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """As `read`, from a file of all languages of TyDiQA, whose ids begin with the name of the language."""
    for place, row in read(paths, task=task, lang=lang):
        name = row["id"].partition("-")[0]
        if name not in _NAMES:
            raise DataError(paths[0], f"{place}.id", shorten(row["id"]), "an id that begins with a language's name")
        if _NAMES[name] == lang:
            yield place, row


def without_ids(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """As `read`, for XTREME's TyDiQA training files.

    Their ids are what follows the last dash of the original ones (`english-123-2` became `2`), so that many questions
    share one; they are numbered anew, and only here: anywhere else a repeated id is an error.
    """
    for place, row in read(paths, task=task, lang=lang):
        yield place, {key: value for key, value in row.items() if key != "id"}


def _paragraphs(path: Path) -> Iterator[tuple[str, Any]]:
    articles = objects.member(path, "", objects.document(path), "data", list)
    for outer, article in enumerate(articles):
        paragraphs = objects.member(path, f"data[{outer}]", article, "paragraphs", list)
        for inner, paragraph in enumerate(paragraphs):
            yield f"data[{outer}].paragraphs[{inner}]", paragraph


def _question(path: Path, place: str, question: Any, context: str) -> dict:
    identifier = objects.member(path, place, question, "id", str)
    answers = objects.member(path, place, question, "answers", list)
    return {
        "id": identifier,
        "question": objects.member(path, place, question, "question", str),
        "context": context,
        "answers": None if answers == _NO_ANSWERS else _answers(path, place, identifier, answers, context),
    }


def _answers(path: Path, place: str, identifier: str, answers: list, context: str) -> list[dict]:
    if not answers:
        hint = "Questions without an answer (SQuAD 2.0) are no part of this task."
        raise DataError(path, f"{place}.answers", f"an empty list for question {identifier!r}", "an answer", hint)
    return [
        _answer(path, f"{place}.answers[{number}]", identifier, answer, context)
        for number, answer in enumerate(answers)
    ]


def _answer(path: Path, place: str, identifier: str, answer: Any, context: str) -> dict:
    start = objects.member(path, place, answer, "answer_start", int)
    answer_text = objects.member(path, place, answer, "text", str)
    there = context[start : start + len(answer_text)] if start >= 0 else ""
    if not answer_text or there != answer_text:
        raise DataError(
            path,
            place,
            f"{shorten(there)} at character {start} of the context of question {identifier!r}",
            f"its answer {shorten(answer_text)}" if answer_text else "an answer with text",
            "Use the original file: copies that strip or normalise the context no longer fit their offsets.",
        )
    return {"start": start, "text": answer_text}
