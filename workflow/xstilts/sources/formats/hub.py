"""The tables of the hub's repositories: the same rows as in the releases, in other columns.

Labels are taken by their names, for their numbers differ from repository to repository.
"""

from collections.abc import Iterator
from pathlib import Path

from xstilts.errors import DataError
from xstilts.sources.formats import bitext, choices, objects, pairs, parquet, squad
from xstilts.tasks.base import Row, Task

_DUPLICATE = {"not_duplicate": "0", "duplicate": "1"}
_QUESTION = ("id", "question", "context", "answers")
_COPA = {"choice1": "0", "choice2": "1"}


def nli(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """MultiNLI in `nyu-mll/glue`, and XNLI."""
    yield from _pairs(paths, ("premise", "hypothesis"))


def snli(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """SNLI; pairs without a majority of annotators, label -1, are left out, as its card says."""
    return ((place, row) for place, row in _pairs(paths, ("premise", "hypothesis")) if row["label"] is not None)


def anli(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """A round of ANLI."""
    yield from _pairs(paths, ("premise", "hypothesis"), identifier="uid")


def qqp(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Quora's question pairs in `nyu-mll/glue`, labelled `not_duplicate` and `duplicate`."""
    for place, row in _pairs(paths, ("question1", "question2")):
        yield place, row | {"label": _DUPLICATE.get(row["label"], row["label"])}


def pawsx(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """PAWS-X, all of it; a sentence that has no translation is `NS`."""
    yield from _pairs(paths, ("sentence1", "sentence2"))


def _pairs(paths: list[Path], texts: tuple[str, str], identifier: str | None = None) -> Iterator[Row]:
    (path,) = paths
    names = (identifier,) if identifier else ()
    for place, row in parquet.rows(path, *names, *texts, "label"):
        first, second, *own = (objects.member(path, place, row, column, str) for column in (*texts, *names))
        yield place, dict(zip(("id",), own, strict=False)) | pairs.row_of(first, second, _label(path, place, row))


def _label(path: Path, place: str, row: dict) -> str | None:
    return None if row["label"] is None else objects.member(path, place, row, "label", str)


def panx(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """PAN-X in `google/xtreme`."""
    (path,) = paths
    for place, row in parquet.rows(path, "tokens", "ner_tags"):
        words = _strings(path, place, row, "tokens")
        yield place, {"words": [word.strip() for word in words], "tags": _strings(path, place, row, "ner_tags")}


def _strings(path: Path, place: str, row: dict, column: str) -> list[str]:
    values = objects.member(path, place, row, column, list)
    return [objects.require(path, f"{place}.{column}[{number}]", value, str) for number, value in enumerate(values)]


def questions(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """SQuAD 1.1 and 2.0; in the latter a question without answers is one that its paragraph does not answer."""
    (path,) = paths
    for place, row in parquet.rows(path, *_QUESTION):
        yield place, _question(path, place, row, _answers(path, place, row), task)


def moved_questions(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XQuAD and MLQA, whose contexts were stripped while the offsets of their answers stayed.

    Each answer is put back to where its text stands.
    """
    (path,) = paths
    yield from _put_back(path, parquet.rows(path, *_QUESTION), task, lang)


def tydiqa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """As `moved_questions`, from TyDiQA-GoldP, which has all languages in one table."""
    (path,) = paths
    rows = (
        (place, row)
        for place, row in parquet.rows(path, *_QUESTION)
        if squad.language_of(path, f"{place}.id", objects.member(path, place, row, "id", str)) == lang
    )
    yield from _put_back(path, rows, task, lang)


def _put_back(path: Path, rows: Iterator[Row], task: Task, lang: str) -> Iterator[Row]:
    moved = 0
    try:
        for place, row in rows:
            answers, context = _answers(path, place, row), objects.member(path, place, row, "context", str)
            found = [{"text": one["text"], "answer_start": _start(context, **one)} for one in answers]
            moved += found != answers
            yield place, _question(path, place, row, found, task)
    finally:
        if moved:
            print(f"{path.name}: answers of {moved} questions in {lang!r} were off their place and are put back to it")


def _start(context: str, text: str, answer_start: int) -> int:
    """The place of an answer: its own if it stands there, else the last one before, else the first one behind.

    The space that was stripped stood before the context, so offsets are too large. Of 29,920 answers (XQuAD, TyDiQA's
    dev set and three languages of its training set) this puts all on their text, and all but two on the right place.
    """
    if context[answer_start : answer_start + len(text)] == text:
        return answer_start
    before = context.rfind(text, 0, answer_start + len(text))
    return before if before >= 0 else max(answer_start, context.find(text, answer_start))


def _question(path: Path, place: str, row: dict, answers: list[dict], task: Task) -> dict:
    question = row | {"answers": answers, "is_impossible": not answers}
    return squad.row_of(path, place, question, objects.member(path, place, row, "context", str), task.unanswerable)


def _answers(path: Path, place: str, row: dict) -> list[dict]:
    """The answers to a question as SQuAD lists them; in a table their texts and starts are lists of their own."""
    table, place = objects.member(path, place, row, "answers", dict), f"{place}.answers"
    texts, starts = (objects.member(path, place, table, key, list) for key in ("text", "answer_start"))
    if len(texts) != len(starts):
        raise DataError(path, place, f"{len(texts)} texts and {len(starts)} starts", "a start for each text")
    return [
        {
            "text": objects.require(path, f"{place}.text[{number}]", text, str),
            "answer_start": objects.require(path, f"{place}.answer_start[{number}]", start, int),
        }
        for number, (text, start) in enumerate(zip(texts, starts, strict=True))
    ]


def hellaswag(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """HellaSwag, whose labels are text here."""
    (path,) = paths
    for place, row in parquet.rows(path, "ctx_a", "ctx_b", "endings", "label"):
        yield place, choices.hellaswag_row(path, place, row, objects.member(path, place, row, "label", str))


def cosmosqa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Cosmos QA."""
    (path,) = paths
    for place, row in parquet.rows(path, "id", "context", "question", *(f"answer{n}" for n in range(4)), "label"):
        yield place, choices.cosmosqa_row(path, place, row)


def commonsenseqa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """CommonsenseQA, whose choices are columns of letters and texts here."""
    (path,) = paths
    for place, row in parquet.rows(path, "id", "question", "choices", "answerKey"):
        columns = objects.member(path, place, row, "choices", dict)
        letters, texts = (_strings(path, f"{place}.choices", columns, key) for key in ("label", "text"))
        listed = [{"label": letter, "text": text} for letter, text in zip(letters, texts, strict=False)]
        question = {"stem": row["question"], "choices": listed}
        yield place, choices.commonsenseqa_row(path, place, row | {"question": question}, task)


def siqa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Social IQa, whose labels count from 1."""
    (path,) = paths
    for place, row in parquet.rows(path, "context", "question", "answerA", "answerB", "answerC", "label"):
        label = objects.member(path, place, row, "label", str)
        yield place, choices.siqa_row(path, place, row, task, (path, f"{place}.label", label))


def copa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """COPA in SuperGLUE, labelled `choice1` and `choice2`."""
    (path,) = paths
    for place, row in parquet.rows(path, "premise", "choice1", "choice2", "question", "idx", "label"):
        label = objects.member(path, place, row, "label", str)
        yield place, choices.copa_row(path, place, row, _COPA.get(label, label))


def tatoeba(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Tatoeba in `mteb/tatoeba-bitext-mining`: JSON lines of a sentence and its English translation."""
    (path,) = paths
    foreign, english = [], []
    for place, value in objects.one_a_line(path):
        for side, key in ((foreign, "sentence1"), (english, "sentence2")):
            side.append(bitext.sentence_of(path, len(side) + 1, objects.member(path, place, value, key, str)))
    yield from bitext.aligned(foreign, english)
