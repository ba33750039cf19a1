"""Multiple choice: HellaSwag, Cosmos QA, CommonsenseQA, Social IQa and COPA."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.errors import DataError
from xstilts.sources.formats import choices, objects, parquet
from xstilts.task import Row, Task

_COPA = {"choice1": "0", "choice2": "1"}


def hellaswag(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """HellaSwag, with labels as strings."""
    (path,) = paths
    for place, row in parquet.rows(path, "ctx_a", "ctx_b", "endings", "label"):
        yield place, choices.hellaswag_row(path, place, row, objects.member(path, place, row, "label", str))


def cosmosqa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Cosmos QA."""
    (path,) = paths
    for place, row in parquet.rows(path, "id", "context", "question", *(f"answer{n}" for n in range(4)), "label"):
        yield place, choices.cosmosqa_row(path, place, row)


def commonsenseqa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """CommonsenseQA, with the letters and the texts of the choices in two columns."""
    (path,) = paths
    for place, row in parquet.rows(path, "id", "question", "choices", "answerKey"):
        columns = objects.member(path, place, row, "choices", dict)
        letters, texts = (objects.strings(path, f"{place}.choices", columns, key) for key in ("label", "text"))
        if len(letters) != len(texts):
            found = f"{len(letters)} labels and {len(texts)} texts"
            raise DataError(path, f"{place}.choices", found, "one label for each text")
        listed = [{"label": letter, "text": text} for letter, text in zip(letters, texts, strict=True)]
        question = {"stem": row["question"], "choices": listed}
        yield place, choices.commonsenseqa_row(path, place, row | {"question": question}, task)


def siqa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Social IQa, with labels from 1."""
    (path,) = paths
    for place, row in parquet.rows(path, "context", "question", "answerA", "answerB", "answerC", "label"):
        label = objects.member(path, place, row, "label", str)
        yield place, choices.siqa_row(path, place, row, task, (path, f"{place}.label", label))


def copa(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """COPA in SuperGLUE, with the labels `choice1` and `choice2`."""
    (path,) = paths
    for place, row in parquet.rows(path, "premise", "choice1", "choice2", "question", "idx", "label"):
        label = objects.member(path, place, row, "label", str)
        yield place, choices.copa_row(path, place, row, _COPA.get(label, label))
