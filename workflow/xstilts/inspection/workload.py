"""The amount of work of a training or prediction, as far as it is known in advance."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from xstilts import tasks
from xstilts.config import Limit, Stage
from xstilts.names import split_and_language, split_name
from xstilts.steps.entry import Entry
from xstilts.store.entries import finished, noted
from xstilts.training.batches import optimiser_steps

SOURCES = ("encoded", "read", "published")
"""The sources of row counts, the most reliable first: token ids, examples, published counts of the release."""


@dataclass(frozen=True)
class Work:
    """The amount of work of a job.

    Args:
        rows: training rows of all tasks and languages, or rows to predict.
        steps: optimiser steps; 0 for a prediction.
        examples: rows that pass through the model: those of all steps, or those to predict.
        source: the least reliable of the sources of its row counts.
        at_least: whether the numbers are lower bounds, because long contexts may be split into several rows.
    """

    rows: int
    steps: int
    examples: int
    source: str
    at_least: bool


@dataclass(frozen=True)
class _Rows:
    count: int
    source: str
    at_least: bool


def of_training(store: Path, entry: Entry) -> Work | None:
    """The work of a stage without early stopping; None if the number of rows of a task is unknown."""
    stage = Stage.of_spec(entry.spec["stage"])
    names = [split_name("train", lang) for lang in stage.languages]
    found = [_of_features(store, entry.inputs[f"features.{task}"], names) for task in stage.tasks]
    total = _sum(found)
    if total is None:
        return None
    sampling = stage.sampling
    sizes = [rows.count for rows in found if rows]
    steps = optimiser_steps(sizes, stage.epochs, stage.batch_size, sampling.strategy, sampling.cap)
    return Work(total.count, steps, steps * stage.batch_size, total.source, total.at_least)


def of_prediction(store: Path, entry: Entry) -> Work | None:
    """The work of a prediction in all languages; None if the number of rows of a language is unknown."""
    features = entry.inputs["features"]
    rows = _of_features(store, features, features.inputs["data"].spec["files"])
    return Work(rows.count, 0, rows.count, rows.source, rows.at_least) if rows else None


def _of_features(store: Path, features: Entry, names: Iterable[str]) -> _Rows | None:
    """The rows of splits of one task; None if the number of one of them is unknown."""
    return _sum([_of_split(store, features, name) for name in names])


def _sum(found: list[_Rows | None]) -> _Rows | None:
    known = [rows for rows in found if rows]
    if len(known) < len(found):
        return None
    return _Rows(
        sum(rows.count for rows in known),
        max((rows.source for rows in known), key=SOURCES.index),
        any(rows.at_least for rows in known),
    )


def _of_split(store: Path, features: Entry, name: str) -> _Rows | None:
    if finished(store, features):
        return _Rows(noted(store, features.path, name, "rows")["rows"], "encoded", False)
    data = features.inputs["data"]
    task = tasks.load(data.about.task)
    windows = task.kind == "span"
    if finished(store, data):
        return _Rows(noted(store, data.path, name, "rows")["rows"], "read", windows)
    count = None if "miniature" in data.inputs else _published(task, name, Limit.of_spec(data.spec["limit"]))
    return None if count is None else _Rows(count, "published", windows)


def _published(task: tasks.Task, name: str, limits: Limit) -> int | None:
    split, lang = split_and_language(name)
    whole, limit = task.counts.get(split, {}).get(lang), getattr(limits, split)
    return whole if whole is None or limit is None else min(whole, limit)
