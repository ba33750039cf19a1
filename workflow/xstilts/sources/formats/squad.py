"""Question answering in SQuAD's JSON format: SQuAD 1.1 and 2.0, XQuAD, MLQA and TyDiQA-GoldP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xstilts.errors import DataError, shorten
from xstilts.languages import LANGUAGES
from xstilts.sources.formats import objects
from xstilts.task import ANOTHER_LANGUAGE, UNALIGNED, Row, Task

_NO_ANSWERS = [{"answer_start": 0, "text": ""}]
_NAMES = {language.name.lower(): code for code, language in LANGUAGES.items()}


def read(paths: list[Path], *, task: Task, lang: str) -> Iterator[tuple[str, dict]]:
    """All questions with their contexts and answers.

    XTREME replaces the answers in test files by one empty answer at 0: such questions are unlabelled. In SQuAD 2.0 a
    question may be marked as impossible and has no answers then; its plausible answers are ignored.

    Raises:
        DataError: the file does not have SQuAD's structure, an answer is not at its offset in the context, or a
            question has no answers, unless the task has unanswerable questions and it is marked as one.
    """
    (path,) = paths
    for place, question, context in _questions(path):
        yield place, row_of(path, place, question, context, task.unanswerable)


def translation(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Like `read`, for machine translations; questions whose answer was not found in the translation are left out."""
    (path,) = paths
    for place, question, context in _questions(path):
        yield place, row_of(path, place, question, context, False) if _is_aligned(question, context) else UNALIGNED


def _is_aligned(question: Any, context: str) -> bool:
    """Whether a question has answers, and all are at their place; True for a question that is malformed."""
    try:
        answers = [(answer["answer_start"], answer["text"]) for answer in question["answers"]]
        return bool(answers) and all(text and context[start : start + len(text)] == text for start, text in answers)
    except (TypeError, KeyError):
        return True


def of_language(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Like `read`, for TyDiQA files of all languages, in which ids begin with the name of the language."""
    for place, row in read(paths, task=task, lang=lang):
        yield place, row if language_of(paths[0], f"{place}.id", row["id"]) == lang else ANOTHER_LANGUAGE


def language_of(path: Path, place: str, identifier: str) -> str:
    """The code of the language of a TyDiQA question, from its id.

    Raises:
        DataError: the id does not begin with the name of a language.
    """
    name = identifier.partition("-")[0]
    if name not in _NAMES:
        raise DataError(path, place, shorten(identifier), "an id that begins with the name of a language")
    return _NAMES[name]


def without_ids(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Like `read`, for XTREME's TyDiQA training files, whose ids are replaced by row numbers.

    XTREME kept only the part after the last dash of the original ids (`english-123-2` became `2`), so ids repeat.
    Everywhere else a repeated id is an error.
    """
    for place, row in read(paths, task=task, lang=lang):
        yield place, {key: value for key, value in row.items() if key != "id"}


def _questions(path: Path) -> Iterator[tuple[str, Any, str]]:
    """The questions, each with its position and its context."""
    for place, paragraph in _paragraphs(path):
        context = objects.member(path, place, paragraph, "context", str)
        for number, question in enumerate(objects.member(path, place, paragraph, "qas", list)):
            yield f"{place}.qas[{number}]", question, context


def _paragraphs(path: Path) -> Iterator[tuple[str, Any]]:
    articles = objects.member(path, "", objects.document(path), "data", list)
    for outer, article in enumerate(articles):
        paragraphs = objects.member(path, f"data[{outer}]", article, "paragraphs", list)
        for inner, paragraph in enumerate(paragraphs):
            yield f"data[{outer}].paragraphs[{inner}]", paragraph


def row_of(path: Path, place: str, question: Any, context: str, unanswerable: bool) -> dict:
    """The canonical row of a question.

    Raises:
        DataError: as for `read`.
    """
    identifier = objects.member(path, place, question, "id", str)
    answers = objects.member(path, place, question, "answers", list)
    impossible = unanswerable and objects.member(path, place, question, "is_impossible", bool)
    if impossible == bool(answers):
        listed = shorten(answers) if answers else "an empty list"
        hint = "Only questions of SQuAD 2.0 with is_impossible true have no answers."
        expected = "no answer" if impossible else "an answer"
        raise DataError(path, f"{place}.answers", f"{listed} for question {identifier!r}", expected, hint)
    return {
        "id": identifier,
        "question": objects.member(path, place, question, "question", str),
        "context": context,
        "answers": None if answers == _NO_ANSWERS else _answers(path, place, identifier, answers, context),
    }


def _answers(path: Path, place: str, identifier: str, answers: list, context: str) -> list[dict]:
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
            "Use the original file: stripping or normalising a context invalidates the offsets of its answers.",
        )
    return {"start": start, "text": answer_text}
