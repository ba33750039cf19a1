"""Sentence pairs: MultiNLI, XNLI, SNLI, ANLI, QQP and PAWS-X."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.formats import objects, pairs, parquet
from xstilts.task import NO_MAJORITY, Row, Task

_DUPLICATE = {"not_duplicate": "0", "duplicate": "1"}


def nli(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """MultiNLI in `nyu-mll/glue`, and XNLI."""
    yield from _pairs(paths, ("premise", "hypothesis"))


def snli(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """SNLI; pairs without a majority of annotators (label -1) are left out, as its dataset card recommends."""
    for place, row in _pairs(paths, ("premise", "hypothesis")):
        yield place, NO_MAJORITY if row["label"] is None else row


def anli(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """One round of ANLI."""
    yield from _pairs(paths, ("premise", "hypothesis"), identifier="uid")


def qqp(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Quora Question Pairs in `nyu-mll/glue`, with the labels `not_duplicate` and `duplicate`."""
    for place, row in _pairs(paths, ("question1", "question2")):
        yield place, row | {"label": _DUPLICATE.get(row["label"], row["label"])}


def pawsx(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """PAWS-X, including the pairs with untranslated sentences, which are `NS`."""
    yield from _pairs(paths, ("sentence1", "sentence2"))


def pawsx_train(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """The training data of PAWS-X, without the pairs that lack a translation."""
    yield from pairs.only_translated(pawsx(paths, task=task, lang=lang))


def _pairs(paths: list[Path], texts: tuple[str, str], identifier: str | None = None) -> Iterator[tuple[str, dict]]:
    (path,) = paths
    names = (identifier,) if identifier else ()
    for place, row in parquet.rows(path, *names, *texts, "label"):
        first, second, *own = (objects.member(path, place, row, column, str) for column in (*texts, *names))
        yield place, dict(zip(("id",), own, strict=False)) | pairs.row_of(first, second, _label(path, place, row))


def _label(path: Path, place: str, row: dict) -> str | None:
    return None if row["label"] is None else objects.member(path, place, row, "label", str)
