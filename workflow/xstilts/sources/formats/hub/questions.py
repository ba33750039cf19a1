"""Question answering: SQuAD, XQuAD, MLQA and TyDiQA-GoldP."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.errors import DataError
from xstilts.sources.formats import objects, parquet, squad
from xstilts.task import ANOTHER_LANGUAGE, LeftOut, Row, Task

_COLUMNS = ("id", "question", "context", "answers")


def questions(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """SQuAD 1.1 and 2.0; in the latter, questions without answers are unanswerable."""
    (path,) = paths
    for place, row in parquet.rows(path, *_COLUMNS):
        yield place, _question(path, place, row, _answers(path, place, row), task)


def moved_questions(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XQuAD and MLQA, in which contexts were stripped without adjusting the offsets of answers.

    The offset of each answer is corrected.
    """
    (path,) = paths
    yield from _put_back(path, parquet.rows(path, *_COLUMNS), task, lang)


def tydiqa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Like `moved_questions`, for TyDiQA-GoldP, which has all languages in one table."""
    (path,) = paths
    rows = (
        (place, row if squad.language_of(path, f"{place}.id", _id(path, place, row)) == lang else ANOTHER_LANGUAGE)
        for place, row in parquet.rows(path, *_COLUMNS)
    )
    yield from _put_back(path, rows, task, lang)


def _id(path: Path, place: str, row: dict) -> str:
    return objects.member(path, place, row, "id", str)


def _put_back(path: Path, rows: Iterator[Row], task: Task, lang: str) -> Iterator[Row]:
    moved = 0
    try:
        for place, row in rows:
            if isinstance(row, LeftOut):
                yield place, row
                continue
            answers, context = _answers(path, place, row), objects.member(path, place, row, "context", str)
            found = [{"text": one["text"], "answer_start": _start(context, **one)} for one in answers]
            moved += found != answers
            yield place, _question(path, place, row, found, task)
    finally:
        if moved:
            print(f"{path.name}: corrected the answer offsets of {moved} questions in {lang!r}")


def _start(context: str, text: str, answer_start: int) -> int:
    """The offset of an answer: as given if the text is there, else its last occurrence before, else the first after.

    Whitespace was stripped from the start of contexts, so offsets are too large. Of 29,920 answers (XQuAD, TyDiQA's dev
    set and three languages of its training set), this finds the text of all and the right occurrence of all but two.
    """
    if context[answer_start : answer_start + len(text)] == text:
        return answer_start
    before = context.rfind(text, 0, answer_start + len(text))
    return before if before >= 0 else max(answer_start, context.find(text, answer_start))


def _question(path: Path, place: str, row: dict, answers: list[dict], task: Task) -> dict:
    question = row | {"answers": answers, "is_impossible": not answers}
    return squad.row_of(path, place, question, objects.member(path, place, row, "context", str), task.unanswerable)


def _answers(path: Path, place: str, row: dict) -> list[dict]:
    """The answers to a question in SQuAD's format, from a table with separate lists of texts and offsets."""
    table, place = objects.member(path, place, row, "answers", dict), f"{place}.answers"
    texts, starts = (objects.member(path, place, table, key, list) for key in ("text", "answer_start"))
    if len(texts) != len(starts):
        raise DataError(path, place, f"{len(texts)} texts and {len(starts)} starts", "one start for each text")
    return [
        {
            "text": objects.require(path, f"{place}.text[{number}]", text, str),
            "answer_start": objects.require(path, f"{place}.answer_start[{number}]", start, int),
        }
        for number, (text, start) in enumerate(zip(texts, starts, strict=True))
    ]
