"""Readable examples of each kind of task: labelled texts, the gold label and the prediction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from xstilts.prediction.xtreme_files import Predictions
from xstilts.task import Task

ELLIPSIS = "…"
NOTHING = "(nothing)"

Answer = str | list[str]
"""A gold label or prediction: a text, or `word/TAG` for each word of a sentence."""


@dataclass(frozen=True)
class Shown:
    """An example with its prediction.

    Args:
        texts: pairs of a label and a text, one for each part of the example.
        gold: the gold label.
        predicted: the prediction.
    """

    texts: list[tuple[str, str]]
    gold: Answer
    predicted: Answer


@dataclass(frozen=True)
class Examples:
    """The examples of a task in one language.

    Args:
        table: canonical rows (`xstilts.sources.columns`).
    """

    task: Task
    table: pa.Table

    def row(self, id_: str) -> dict:
        """The example with this id."""
        return self.table.slice(self._places[id_], 1).to_pylist()[0]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {id_: place for place, id_ in enumerate(self.table["id"].to_pylist())}

    def predicted(self, predictions: Predictions) -> Mapping[str, object]:
        """The prediction of each example by id, as in the file; for pairs, a list of foreign ids by English id."""
        if isinstance(predictions, dict):
            return predictions
        if self.task.metric == "bucc":
            pairs: dict[str, list[str]] = {}
            for foreign, english in cast("list[tuple[str, str]]", predictions):
                pairs.setdefault(english, []).append(foreign)
            return pairs
        is_retrieval = self.task.kind == "retrieval"
        asked = self.table.filter(pc.equal(self.table["side"], "english")) if is_retrieval else self.table
        return dict(zip(asked["id"].to_pylist(), predictions, strict=True))

    def show(self, id_: str, predicted: object, length: int) -> Shown:
        """An example in readable form, with texts cut to `length` characters; `predicted` is None if there is none."""
        return _KINDS[self.task.kind](self, self.row(id_), predicted, length)


def cut(text: str, length: int, around: int = 0) -> str:
    """At most `length` characters of a text, centred on the position `around`, with an ellipsis at each cut."""
    if len(text) <= length:
        return text
    start = max(0, min(around - length // 2, len(text) - length))
    before, after = ELLIPSIS if start else "", ELLIPSIS if start + length < len(text) else ""
    return f"{before}{text[start : start + length]}{after}"


def _classification(_: Examples, row: dict, predicted: str | None, length: int) -> Shown:
    first = "text" if row["text_b"] is None else "first text"
    texts = [(first, row["text_a"]), ("second text", row["text_b"])]
    shown = [(label, cut(text, length)) for label, text in texts if text is not None]
    return Shown(shown, row["label"], str(predicted))


def _multiple_choice(_: Examples, row: dict, predicted: str | None, length: int) -> Shown:
    choices = [(f"choice {number}", choice) for number, choice in enumerate(row["choices"])]
    texts = [(label, cut(text, length)) for label, text in [("prompt", row["prompt"]), *choices]]
    return Shown(texts, f"choice {row['label']}", f"choice {predicted}")


def _tagging(_: Examples, row: dict, predicted: list[str], length: int) -> Shown:
    words, size = [], 0
    for word in row["words"]:
        size += len(word) + 1
        if size > length:
            break
        words.append(word)
    shown = [ELLIPSIS] if len(words) < len(row["words"]) else []
    gold, found = ([*map("/".join, zip(words, tags, strict=False)), *shown] for tags in (row["tags"], predicted))
    return Shown([("sentence", " ".join([*words, *shown]))], gold, found)


def _span(_: Examples, row: dict, predicted: str | None, length: int) -> Shown:
    answers = row["answers"]
    context = cut(row["context"], length, answers[0]["start"] if answers else 0)
    gold = " | ".join(dict.fromkeys(cut(answer["text"], length) for answer in answers))
    texts = [("question", cut(row["question"], length)), ("context", context)]
    return Shown(texts, gold or NOTHING, cut(str(predicted or ""), length) or NOTHING)


def _retrieval(examples: Examples, row: dict, predicted: str | list[str] | None, length: int) -> Shown:
    def sentences(ids: list[str] | None) -> str:
        return " | ".join(cut(examples.row(id_)["text"], length) for id_ in ids or ()) or NOTHING

    found = [predicted] if isinstance(predicted, str) else predicted
    return Shown([("English", cut(row["text"], length))], sentences(row["gold"]), sentences(found))


_KINDS: Mapping[str, Callable[[Examples, dict, Any, int], Shown]] = {
    "classification": _classification,
    "multiple_choice": _multiple_choice,
    "tagging": _tagging,
    "span": _span,
    "retrieval": _retrieval,
}
