"""Small gold tables of each kind of task, and their scores."""

import pyarrow as pa

from xstilts import metrics
from xstilts.sources.columns import SCHEMAS


def table(kind: str, **columns: list) -> pa.Table:
    """A canonical table of a kind, null in the columns that are not given."""
    rows = len(next(iter(columns.values())))
    return pa.table({name: columns.get(name, [None] * rows) for name in SCHEMAS[kind].names}, schema=SCHEMAS[kind])


def labelled(labels: list) -> pa.Table:
    return table("classification", label=labels)


def tagged(sentences: list) -> pa.Table:
    return table("tagging", tags=sentences)


def asked(gold: dict) -> pa.Table:
    """Questions by id with the texts of their gold answers."""
    answers = [None if texts is None else [{"start": 0, "text": text} for text in texts] for texts in gold.values()]
    return table("span", id=list(gold), answers=answers)


def parallel(gold: dict) -> pa.Table:
    """English ids with the foreign ids of their translations, after one foreign row."""
    sides = ["foreign"] + ["english"] * len(gold)
    return table("retrieval", id=["de-0", *gold], side=sides, gold=[None, *gold.values()])


def score(name: str, examples: pa.Table, predictions, lang: str = "en") -> dict[str, float]:
    metric = metrics.load(name)
    return metrics.score(metric, metric.per_example(examples, predictions, lang))
