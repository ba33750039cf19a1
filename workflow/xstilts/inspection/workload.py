"""How much a training or a prediction has to do, as far as it is known before it runs."""

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
"""Where a number of rows comes from, the surest first: the token ids, the data that were read, the release."""


@dataclass(frozen=True)
class Work:
    """What a job has to do.

    Args:
        rows: training rows of all tasks and languages, or rows to predict.
        steps: optimiser steps; 0 for a prediction.
        examples: rows that go through the model: those of all steps, or those to predict.
        source: the least sure of the sources of its numbers.
        at_least: whether long contexts may still be split into more rows than are known.
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
    """The work of a stage if it is trained to the end; None where the rows of one of its tasks are not known."""
    stage = Stage.of_spec(entry.spec["stage"])
    names = [split_name("train", lang) for lang in stage.languages]
    found = [_of_features(store, entry.inputs[f"features.{task}"], names) for task in stage.tasks]
    if None in found:
        return None
    sampling = stage.sampling
    sizes = [rows.count for rows in found]
    steps = optimiser_steps(sizes, stage.epochs, stage.batch_size, sampling.strategy, sampling.cap)
    whole = _together(found)
    return Work(whole.count, steps, steps * stage.batch_size, whole.source, whole.at_least)


def of_prediction(store: Path, entry: Entry) -> Work | None:
    """The work of a prediction in all languages; None where the rows of one of them are not known."""
    features = entry.inputs["features"]
    whole = _of_features(store, features, features.inputs["data"].spec["files"])
    return whole and Work(whole.count, 0, whole.count, whole.source, whole.at_least)


def _of_features(store: Path, features: Entry, names: Iterable[str]) -> _Rows | None:
    """The rows of splits of one task."""
    found = [_of_split(store, features, name) for name in names]
    return None if None in found else _together(found)


def _together(found: list[_Rows]) -> _Rows:
    return _Rows(
        sum(rows.count for rows in found),
        max((rows.source for rows in found), key=SOURCES.index),
        any(rows.at_least for rows in found),
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
