"""Sentence pairs with a label: XNLI, MultiNLI and PAWS-X, as released and as XTREME rewrites them."""

import csv
from collections.abc import Iterator
from pathlib import Path

from xstilts.errors import DataError
from xstilts.sources.formats import objects, text
from xstilts.tasks.base import Row, Task

_XTREME = ("sentence1", "sentence2", "label")
_SPELLINGS = {"contradictory": "contradiction"}
_NO_MAJORITY = "-"


def xtreme(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XTREME's `{split}-{lang}.tsv`: no header, quoted by Python's `csv`, without the label in test files."""
    (path,) = paths
    reader = csv.reader((line + "\n" for _, line in text.lines(path)), delimiter="\t", strict=True)
    number = 1
    try:
        for values in reader:
            if len(values) not in (2, 3):
                raise text.wrong_columns(path, number, values, _XTREME)
            yield f"line {number}", _pair(*values)
            number = reader.line_num + 1
    except csv.Error as error:
        hint = "XTREME's files are written by csv.writer: a field that holds a quote is quoted, and its quotes doubled."
        found = str(error).replace("\t", "TAB")
        raise DataError(path, f"line {number}", found, "fields quoted as CSV", hint) from None


def xnli_tsv(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XNLI-1.0's `xnli.dev.tsv` and `xnli.test.tsv`: all languages in one file."""
    (path,) = paths
    for place, (own, *pair) in text.records(path, ("language", "sentence1", "sentence2", "gold_label")):
        if own == lang:
            yield place, _pair(*pair)


def xnli_jsonl(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XNLI-1.0's `xnli.dev.jsonl` and `xnli.test.jsonl`: all languages in one file."""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        if objects.member(path, place, value, "language", str) == lang:
            yield place, _from_object(path, place, value)


def xnli_mt(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XNLI-MT-1.0's `multinli.train.{lang}.tsv`."""
    (path,) = paths
    for place, pair in text.records(path, ("premise", "hypo", "label")):
        yield place, _pair(*pair)


def multinli_jsonl(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """MultiNLI 1.0's JSON lines; pairs on which the annotators had no majority, gold label `-`, are left out."""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        if objects.member(path, place, value, "gold_label", str) != _NO_MAJORITY:
            yield place, _from_object(path, place, value)


def glue_mnli(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """MultiNLI as GLUE distributes it; pairs without a majority are left out."""
    (path,) = paths
    for place, pair in text.records(path, ("sentence1", "sentence2", "gold_label")):
        if pair[2] != _NO_MAJORITY:
            yield place, _pair(*pair)


def pawsx(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """PAWS-X's files in `x-final`; some of its sentences are empty."""
    (path,) = paths
    for place, (_, *pair) in text.records(path, ("id", "sentence1", "sentence2", "label")):
        yield place, _pair(*pair)


def _from_object(path: Path, place: str, value: dict) -> dict:
    return _pair(*(objects.member(path, place, value, key, str) for key in ("sentence1", "sentence2", "gold_label")))


def _pair(first: str, second: str, label: str | None = None) -> dict:
    if label is not None:
        label = _SPELLINGS.get(label.strip(), label.strip())
    return {"text_a": first.strip(), "text_b": second.strip(), "label": label}
