"""All scores of an experiment as one tidy table."""

import json
from pathlib import Path

import pandas as pd

COLUMNS = ["encoder", "intermediate", "target", "language", "split", "seed", "metric", "value", "n"]

HEADLINE = "headline"
"""The metric that XTREME averages: F1 and EM together for question answering, else the task's own."""


def collect(store: Path, cells: list[list]) -> pd.DataFrame:
    """One row for each cell, language and metric.

    Args:
        cells: encoder, intermediate, target, seed and the path of the scores below the store (`Cell.record`).

    Returns:
        A table with `COLUMNS`; `value` in percent, `n` the number of examples that it stands on.
    """
    rows = []
    for encoder, intermediate, target, seed, path in cells:
        record = json.loads((store / path).read_text(encoding="utf-8"))
        for language, result in record["languages"].items():
            scores = {**(result["scores"] or {}), HEADLINE: result["headline"]}
            for metric, value in scores.items():
                where = [encoder, intermediate, target, language, record["split"], seed]
                rows.append([*where, metric, value, result["n"]])
    return pd.DataFrame(rows, columns=COLUMNS).astype({"value": "float64"})


def write(scores: pd.DataFrame, folder: Path) -> None:
    """Write `scores.parquet` and `scores.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    scores.to_parquet(folder / "scores.parquet", index=False)
    scores.to_csv(folder / "scores.csv", index=False)
