"""Labelled sentence pairs in the formats of their releases, of GLUE and of XTREME."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from xstilts.errors import DataError, shorten
from xstilts.sources.formats import objects, quoted, text
from xstilts.task import ANOTHER_LANGUAGE, NO_MAJORITY, UNTRANSLATED, LeftOut, Row, Task

_XTREME = ("sentence1", "sentence2", "label")
_TRANSLATION = ("first text", "second text", "translation of the first", "translation of the second", "label")
_SPELLINGS = {"contradictory": "contradiction"}
_UNDECIDED = "-"
_ANLI = {"c": "contradiction", "e": "entailment", "n": "neutral"}
_ANNOTATORS = (1, 5)
_QQP = ("question1", "question2", "is_duplicate")
_TORN = LeftOut("torn by a line feed")
_NO_TRANSLATION = ("", "NS")
_WHOLE_LINES = 1000
"""The minimum number of lines for each torn line."""


def xtreme(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XTREME's `{split}-{lang}.tsv`: without a header, quoted by Python's `csv`, unlabelled in test files."""
    (path,) = paths
    split = quoted.splitter(path, by_csv=True)
    for number, line in text.lines(path):
        values = split(line)
        if len(values) not in (2, 3):
            raise text.wrong_columns(path, number, values, _XTREME)
        yield f"line {number}", row_of(*values)


def xtreme_train(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XTREME's `train-{lang}.tsv`, without the pairs that lack a translation."""
    yield from only_translated(xtreme(paths, task=task, lang=lang))


def xtreme_translation(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XTREME's `en-{lang}-translated.tsv`: the English pair, its translation and the label, without header or quoting.

    Pairs that lack a translation are left out.
    """
    yield from only_translated(_translations(paths))


def _translations(paths: list[Path]) -> Iterator[Row]:
    (path,) = paths
    for number, line in text.lines(path):
        _, _, *pair = text.columns(path, number, line, _TRANSLATION)
        yield f"line {number}", row_of(*pair)


def xnli_tsv(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XNLI-1.0's `xnli.dev.tsv` and `xnli.test.tsv`: all languages in one file."""
    (path,) = paths
    for place, (own, *pair) in _unquoted(path, ("language", "sentence1", "sentence2", "gold_label")):
        yield place, row_of(*pair) if own == lang else ANOTHER_LANGUAGE


def xnli_jsonl(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XNLI-1.0's `xnli.dev.jsonl` and `xnli.test.jsonl`: all languages in one file."""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        own = objects.member(path, place, value, "language", str)
        yield place, _from_object(path, place, value) if own == lang else ANOTHER_LANGUAGE


def xnli_mt(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """XNLI-MT-1.0's `multinli.train.{lang}.tsv`."""
    (path,) = paths
    for place, pair in _unquoted(path, ("premise", "hypo", "label")):
        yield place, row_of(*pair)


def multinli_jsonl(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """JSON lines of MultiNLI 1.0 and SNLI 1.0; pairs without a majority of annotators, gold label `-`, are left out."""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        undecided = objects.member(path, place, value, "gold_label", str) == _UNDECIDED
        yield place, NO_MAJORITY if undecided else _from_object(path, place, value)


def glue_mnli(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """MultiNLI as distributed by GLUE; pairs without a majority are left out."""
    (path,) = paths
    for place, pair in _unquoted(path, ("sentence1", "sentence2", "gold_label")):
        yield place, NO_MAJORITY if pair[2] == _UNDECIDED else row_of(*pair)


def glue_snli(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """SNLI as distributed by GLUE; pairs without a majority are left out.

    A row has the labels of one or five annotators before the gold label, regardless of the number in the header.
    """
    (path,) = paths
    names = text.header(path, ("sentence1", "sentence2", "label1", "gold_label"))
    positions = names.index("sentence1"), names.index("sentence2"), -1
    widths = [names.index("label1") + annotators + 1 for annotators in _ANNOTATORS]
    split = quoted.splitter(path, by_csv=False)
    for number, line in islice(text.lines(path), 1, None):
        values = split(line)
        if len(values) not in widths:
            raise text.wrong_columns(path, number, values, names)
        pair = [values[position] for position in positions]
        yield f"line {number}", NO_MAJORITY if pair[2] == _UNDECIDED else row_of(*pair)


def anli(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """A file of one round of ANLI, with the labels `c`, `e` and `n`."""
    (path,) = paths
    for place, value in objects.one_a_line(path):
        uid, context, hypothesis, label = (
            objects.member(path, place, value, key, str) for key in ("uid", "context", "hypothesis", "label")
        )
        if label not in _ANLI:
            raise DataError(path, place, f"the label {shorten(label)}", f"one of {', '.join(_ANLI)}")
        yield place, {"id": uid, **row_of(context, hypothesis, _ANLI[label])}


def glue_qqp(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Quora Question Pairs as distributed by GLUE.

    Line feeds within questions split a few rows of the training file, about twenty lines. These lines have too few
    columns and are left out, as in all published sizes of the data set.

    Raises:
        DataError: the file is damaged: more than 1 in 1,000 lines have too few columns, or the last line has.
    """
    (path,) = paths
    for place, pair in text.records(path, _QQP, torn=_torn(path)):
        yield place, row_of(*pair) if pair else _TORN


def _torn(path: Path) -> set[int]:
    """The numbers of the lines with fewer columns than the header."""
    names = text.header(path, _QQP)
    torn: dict[int, list[str]] = {}
    for number, line in text.lines(path):
        if line.count("\t") < len(names) - 1:
            torn[number] = line.split("\t")
    if number in torn or len(torn) * _WHOLE_LINES > number:
        raise text.wrong_columns(path, *next(iter(torn.items())), names)
    return set(torn)


def pawsx(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """The files in `x-final` of PAWS-X; some of the sentences are empty."""
    (path,) = paths
    for place, (_, *pair) in _unquoted(path, ("id", "sentence1", "sentence2", "label")):
        yield place, row_of(*pair)


def pawsx_train(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """The training files in `x-final` of PAWS-X, without the pairs that lack a translation."""
    yield from only_translated(pawsx(paths, task=task, lang=lang))


def only_translated(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows of training data, without the pairs of which a text is empty or `NS`, that is, not translated.

    The id of a pair is its position among all pairs, so that it is the same in each language.
    """
    for number, (place, row) in enumerate(rows):
        if isinstance(row, LeftOut):
            yield place, row
        elif row["text_a"] in _NO_TRANSLATION or row["text_b"] in _NO_TRANSLATION:
            yield place, UNTRANSLATED
        else:
            yield place, {"id": str(number), **row}


def _unquoted(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """The wanted columns of a release without quoting, or of a copy that was written with quoting."""
    return text.records(path, wanted, split=quoted.splitter(path, by_csv=False))


def _from_object(path: Path, place: str, value: dict) -> dict:
    return row_of(*(objects.member(path, place, value, key, str) for key in ("sentence1", "sentence2", "gold_label")))


def row_of(first: str, second: str, label: str | None = None) -> dict:
    """The canonical row of a pair of texts."""
    if label is not None:
        label = _SPELLINGS.get(label.strip(), label.strip())
    return {"text_a": first.strip(), "text_b": second.strip(), "label": label}
