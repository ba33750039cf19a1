"""Collects the scores of an experiment into one tidy table, and the dev scores of its trainings into another."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from xstilts import metrics, tasks
from xstilts.errors import DataError
from xstilts.paths import MANIFEST, MEASURED_SCORES, TRAINING_RECORD

TRAINING_COLUMNS = ["encoder", "stages", "seed", "task", "step", "value", "chosen", "steps", "path"]

MEASURED_COLUMNS = ["encoder", "stages", "seed", "measure", "name", "task", "value", "n", "trained_on"]

COLUMNS = ["encoder", "intermediate", "target", "language", "split", "seed", "metric", "value", "n"]

ALL = "all"
"""The value of the column `language` in rows that summarise all languages of a target."""

MAIN_SCORE = "main_score"
"""The name of the score that XTREME averages: the mean of F1 and EM for question answering, else the task's metric."""


def collect(store: Path, cells: list[list], evaluated: Mapping[str, str]) -> pd.DataFrame:
    """The scores of all cells, with one row for each cell, language and metric.

    Args:
        cells: encoder, intermediate, target, seed and the path of the scores below the store (`Cell.record`).
        evaluated: the task of each target.

    Returns:
        A table with `COLUMNS`. `value` is in percent, and missing if a language has no labels; `n` is the number of
        examples.

    Raises:
        DataError: a file of scores cannot be read.
    """
    rows = []
    for encoder, intermediate, target, seed, path in cells:
        record = _record(store / path / "scores.json")
        names = metrics.load(tasks.load(evaluated[target]).metric).NAMES
        for language, result in record["languages"].items():
            scores = {**dict.fromkeys(names), **(result["scores"] or {}), MAIN_SCORE: result["main_score"]}
            for metric, value in scores.items():
                where = [encoder, intermediate, target, language, record["split"], seed]
                rows.append([*where, metric, value, result["n"]])
    return pd.DataFrame(rows, columns=COLUMNS).astype({"value": "float64"})


def _record(file: Path) -> dict:
    """The JSON record that a job wrote for a cell or a training.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(
            file,
            "",
            str(error),
            "scores, as JSON",
            f"Delete {MANIFEST} beside it and start snakemake again to recompute it.",
        ) from None


def trainings(store: Path, models: list[list]) -> pd.DataFrame:
    """The dev scores of all trainings, with one row for each model, evaluation and task.

    Args:
        models: encoder, stages, seed and the path below the store of each model (`Grid.models`).

    Returns:
        A table with `TRAINING_COLUMNS`. `value` is in percent; for a `task` like `mlm_loss`, it is the loss per masked
        token in nats. `chosen` marks the step whose weights were kept, and `steps` is the number of training steps. A
        model without a training record has no rows.

    Raises:
        DataError: a training record cannot be read.
    """
    rows = []
    for encoder, stages, seed, path in models:
        file = store / path / TRAINING_RECORD
        record = _record(file) if file.is_file() else {"evaluations": []}
        for scores in record["evaluations"]:
            chosen = scores["step"] == record["best"]["step"]
            for task in sorted(scores.keys() - {"step", "score", "loss"}):
                where = [encoder, stages, seed, task, scores["step"]]
                rows.append([*where, scores[task], chosen, record["steps"], path])
    return pd.DataFrame(rows, columns=TRAINING_COLUMNS).astype({"value": "float64", "chosen": "bool"})


def measured(store: Path, probes: list[list]) -> pd.DataFrame:
    """The scores of heads and probes, with one row for each model and head or probe.

    Args:
        probes: encoder, stages, seed (None for the encoder itself) and the path below the store of each.

    Returns:
        A table with `MEASURED_COLUMNS`. `value` is in percent, and missing if the dev set of a language is unlabelled;
        `n` is the number of dev examples, and `trained_on` that of the training examples of a probe.

    Raises:
        DataError: a file of scores cannot be read.
    """
    rows = []
    for encoder, stages, seed, path in probes:
        for measure, found in _record(store / path / MEASURED_SCORES).items():
            for name, one in found.items():
                where = [encoder, stages, seed, measure, name, one["task"]]
                rows.append([*where, one["score"], sum(one["examples"].values()), one["training"].get("examples")])
    numbers = {"value": "float64", "seed": "Int64", "trained_on": "Int64"}
    return pd.DataFrame(rows, columns=MEASURED_COLUMNS).astype(numbers)


def write(scores: pd.DataFrame, folder: Path) -> None:
    """Write `scores.parquet` and `scores.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    scores.to_parquet(folder / "scores.parquet", index=False)
    scores.to_csv(folder / "scores.csv", index=False)
