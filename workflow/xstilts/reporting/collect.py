"""All scores of an experiment as one tidy table, and the dev scores of its trainings as another."""

import json
from pathlib import Path

import pandas as pd

from xstilts import metrics, tasks
from xstilts.errors import DataError
from xstilts.paths import MANIFEST, TRAINING_RECORD

TRAINING_COLUMNS = ["encoder", "stages", "seed", "task", "step", "value", "chosen", "steps", "path"]

COLUMNS = ["encoder", "intermediate", "target", "language", "split", "seed", "metric", "value", "n"]

ALL = "all"
"""The language of what stands for all languages of a target."""

MAIN_SCORE = "main_score"
"""The metric that XTREME averages: F1 and EM together for question answering, else the task's own."""


def collect(store: Path, cells: list[list]) -> pd.DataFrame:
    """One row for each cell, language and metric, with or without a value.

    Args:
        cells: encoder, intermediate, target, seed and the path of the scores below the store (`Cell.record`).

    Returns:
        A table with `COLUMNS`; `value` in percent, missing where a language has no labels, `n` the number of examples.
    """
    rows = []
    for encoder, intermediate, target, seed, path in cells:
        record = _record(store / path / "scores.json")
        names = metrics.load(tasks.load(target).metric).NAMES
        for language, result in record["languages"].items():
            scores = {**dict.fromkeys(names), **(result["scores"] or {}), MAIN_SCORE: result["main_score"]}
            for metric, value in scores.items():
                where = [encoder, intermediate, target, language, record["split"], seed]
                rows.append([*where, metric, value, result["n"]])
    return pd.DataFrame(rows, columns=COLUMNS).astype({"value": "float64"})


def _record(file: Path) -> dict:
    """What a job has written of a cell or a training.

    Raises:
        DataError: it is damaged.
    """
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        again = f"Delete {MANIFEST} beside it and start snakemake again, and it is made anew."
        raise DataError(file, "", str(error), "scores, as JSON", again) from None


def trainings(store: Path, models: list[list]) -> pd.DataFrame:
    """The dev scores of all trainings, one row for each model, evaluation and task.

    Args:
        models: encoder, stages, seed and the path below the store of each model (`Grid.models`).

    Returns:
        A table with `TRAINING_COLUMNS`; `value` in percent, `chosen` where the weights of that step were kept, `steps`
        those that were trained. A model whose record is gone has no rows.
    """
    rows = []
    for encoder, stages, seed, path in models:
        file = store / path / TRAINING_RECORD
        record = _record(file) if file.is_file() else {"evaluations": []}
        for scores in record["evaluations"]:
            chosen = scores["step"] == record["best"]["step"]
            for task in sorted(scores.keys() - {"step", "score"}):
                where = [encoder, stages, seed, task, scores["step"]]
                rows.append([*where, scores[task], chosen, record["steps"], path])
    return pd.DataFrame(rows, columns=TRAINING_COLUMNS).astype({"value": "float64", "chosen": "bool"})


def write(scores: pd.DataFrame, folder: Path) -> None:
    """Write `scores.parquet` and `scores.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    scores.to_parquet(folder / "scores.parquet", index=False)
    scores.to_csv(folder / "scores.csv", index=False)
