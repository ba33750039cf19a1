"""The amount of work of a training or prediction, as far as it is known in advance."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil, inf
from pathlib import Path

from xstilts import tasks
from xstilts.config import Limit, Stage
from xstilts.names import names_of, split_and_language
from xstilts.steps.entry import Entry
from xstilts.store import examples
from xstilts.store.entries import finished, noted
from xstilts.task import MASKED_LM
from xstilts.training import mixture

SOURCES = ("encoded", "read", "published", "assumed")
"""The sources of row counts, the most reliable first: token ids, examples, published counts of the release,
and for text of the user an assumption."""

_SUBWORDS = {"classification": 50, "multiple_choice": 200, "tagging": 30, "span": 220, "retrieval": 20, "masked_lm": 60}
"""The mean number of sub-words in a row of tasks without estimates, by kind."""

_WINDOWS = 1.1
"""The mean number of windows of a question of tasks without estimates."""


@dataclass(frozen=True)
class Work:
    """The amount of work of a job.

    Args:
        rows: training rows of all tasks and languages, or rows to predict.
        steps: optimiser steps; 0 for a prediction.
        examples: rows that pass through the model: those of all passes of all steps, or those to predict.
        source: the least reliable of the sources of its row counts.
        estimated: whether the numbers are estimates: long contexts are split into several rows, or the release of a
            task has no known size.
        subwords: the estimated mean length of a row in sub-words.
        evaluated: the rows of all evaluations during training.
        pairs: the pairs of sentences that a search for translations compares, if half of each language are English.
        masked: the share of the sub-words that are in rows of masked language modelling.
        passes: the forward and backward passes of a step; more than one if the objective perturbs.
        starts: whether a job starts with it; otherwise, it follows other predictions of the same model.
    """

    rows: int
    steps: int
    examples: int
    source: str
    estimated: bool
    subwords: float
    evaluated: int = 0
    pairs: float = 0.0
    masked: float = 0.0
    passes: int = 1
    starts: bool = True


@dataclass(frozen=True)
class _Rows:
    count: int
    source: str
    estimated: bool
    subwords: float
    pairs: float = 0.0


def of_training(store: Path, entry: Entry) -> Work | None:
    """The work of a stage without early stopping; None if the number of rows of a task is unknown."""
    stage = Stage.of_spec(entry.spec["stage"])
    found = [_of_task(store, entry.inputs[f"features.{task}"], stage) for task in stage.tasks]
    total = _sum(found)
    if total is None:
        return None
    sizes = {task: rows.count for task, rows in zip(stage.tasks, found, strict=True) if rows}
    words = tasks.masked(stage.tasks)
    steps = mixture.steps(stage, sizes, words)
    shares = mixture.shares(stage, sizes).tolist()
    lengths = {
        task: share * rows.subwords for task, share, rows in zip(stage.tasks, shares, found, strict=True) if rows
    }
    subwords = sum(lengths.values())
    dev = sum(len(names_of(entry.inputs[f"data.{task}"].spec["files"], "dev")) for task in stage.tasks)
    evaluated = ceil(steps / stage.evaluate_every) * (stage.dev_examples or 0) * dev
    passes = stage.robust.passes if stage.robust else 1
    return Work(
        total.count,
        steps,
        steps * passes * stage.batch_size,
        total.source,
        total.estimated,
        subwords,
        evaluated,
        masked=sum(lengths[task] for task in words) / subwords,
        passes=passes,
    )


def requires_float32(entry: Entry) -> bool:
    """Whether a job is a training whose objective requires float32, whatever its precision is."""
    objective = Stage.of_spec(entry.spec["stage"]).robust if entry.step == "train_stage" else None
    return objective is not None and objective.needs_float32


def _of_task(store: Path, features: Entry, stage: Stage) -> _Rows | None:
    """The training rows of a task of a stage; None if their number is unknown."""
    data = features.inputs["data"]
    names = names_of(data.spec["files"], "train")
    if not examples.are_shared(stage, data) or len(names) == 1:
        return _of_features(store, features, names, stage.rows)
    found, every = _of_features(store, features, names), _examples(store, data, names)
    if found is None or every is None:
        return None
    if finished(store, data):
        used, known = examples.used(store, data, stage), True
    else:
        # As if each example of aligned data were there in all languages.
        known = not tasks.load(data.about.task).aligned
        available = every if known else ceil(every / len(names))
        used = min(available, stage.rows or available)
    estimated = found.estimated or found.count != every or not (known or stage.rows == used)
    return replace(found, count=round(found.count * used / every), estimated=estimated)


def _examples(store: Path, data: Entry, names: list[str]) -> int | None:
    """The number of examples of splits in all their languages; None if one of them is unknown."""
    if finished(store, data):
        return sum(noted(store, data.path, name, "rows")["rows"] for name in names)
    task, limits = tasks.load(data.about.task), Limit.of_spec(data.spec["limit"])
    counts = [_published(task, name, limits)[0] for name in names]
    return None if None in counts else sum(one for one in counts if one)


def of_prediction(store: Path, entry: Entry) -> Work | None:
    """The work of a prediction in all languages; None if the number of rows of a language is unknown."""
    features = entry.inputs["features"]
    rows = _of_features(store, features, features.inputs["data"].splits)
    if rows is None:
        return None
    return Work(rows.count, 0, rows.count, rows.source, rows.estimated, rows.subwords, pairs=rows.pairs)


def of_probe(store: Path, entry: Entry) -> Work | None:
    """The work of measuring forgetting on a model: the rows on which its heads and probes are evaluated or trained.

    None if the number of rows of a task is unknown.
    """
    rows = _sum([_of_measure(store, entry, one) for group in ("heads", "probes") for one in entry.spec[group].values()])
    if rows is None:
        return None
    return Work(rows.count, 0, rows.count, rows.source, rows.estimated, rows.subwords)


def _of_measure(store: Path, entry: Entry, one: dict) -> _Rows | None:
    """The rows of a head or a probe: the training rows of a probe, and dev rows as many as there may be."""
    features = entry.inputs[f"features.{one['data']}"]
    train, dev = (names_of(features.inputs["data"].splits, split) for split in ("train", "dev"))
    examples = one.get("examples", 0)
    rows = _of_features(store, features, train, ceil(max(1, examples) / len(train)))
    evaluated = (one["dev_examples"] or 0) * len(dev)
    return rows and replace(rows, count=(rows.count if examples else 0) + evaluated)


def _of_features(store: Path, features: Entry, names: Iterable[str], used: int | None = None) -> _Rows | None:
    """The rows of splits of one task; None if the number of one of them is unknown.

    Args:
        used: the number of examples of each split that are used; None for all.
    """
    return _sum([_of_split(store, features, name, used) for name in names])


def _sum(found: list[_Rows | None]) -> _Rows | None:
    known = [rows for rows in found if rows]
    if len(known) < len(found):
        return None
    count = sum(rows.count for rows in known)
    return _Rows(
        count,
        max((rows.source for rows in known), key=SOURCES.index),
        any(rows.estimated for rows in known),
        sum(rows.count * rows.subwords for rows in known) / max(1, count),
        sum(rows.pairs or (rows.count / 2) ** 2 for rows in known),
    )


def _of_split(store: Path, features: Entry, name: str, used: int | None) -> _Rows | None:
    # Perturbed data have the rows of those before.
    data = features.inputs["data"] if finished(store, features.inputs["data"]) else features.inputs["data"].read
    task, (split, _) = tasks.load(data.about.task), split_and_language(name)
    estimates = task.estimates.get(split, {})
    longest = features.spec["settings"]["max_length"] * max(1, len(task.labels) * (task.kind == "multiple_choice"))
    subwords = min(estimates.get("subwords", _SUBWORDS[task.kind]), longest)
    if finished(store, features) and (used is None or finished(store, data)):
        count = noted(store, features.path, name, "rows")["rows"]
        if used is None:
            return _Rows(count, "encoded", False, subwords)
        examples = noted(store, data.path, name, "rows")["rows"]
        return _Rows(round(count * min(1, used / examples)), "encoded", count != examples, subwords)
    windows = estimates.get("windows", _WINDOWS) if task.kind == "span" else 1
    if finished(store, data):
        count = min(noted(store, data.path, name, "rows")["rows"], used or inf)
        return _Rows(round(count * windows), "read", windows != 1, subwords)
    if "miniature" in data.inputs:
        return None
    count, estimated = _published(task, name, Limit.of_spec(data.spec["limit"]))
    if count is None:
        return None
    count = min(count, used or inf)
    # The text of masked language modelling is the user's own, unless it is from the hub.
    is_own = task.kind == MASKED_LM and "repository" not in data.spec["files"][name]
    return _Rows(round(count * windows), "assumed" if is_own else "published", estimated or windows != 1, subwords)


def _published(task: tasks.Task, name: str, limits: Limit) -> tuple[int | None, bool]:
    """The number of examples in the release of a task, and whether it is an estimate."""
    split, lang = split_and_language(name)
    limit = getattr(limits, split)
    exact, about = task.counts.get(split, {}).get(lang), task.estimates.get(split, {}).get("rows")
    whole = about if exact is None else exact
    if whole is None:
        return None, False
    return int(whole if limit is None else min(whole, limit)), exact is None
