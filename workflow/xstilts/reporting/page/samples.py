"""Sample predictions of each cell, correct and wrong ones, with a size limit for the page."""

from collections.abc import Iterable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from xstilts import tasks
from xstilts.fingerprints.spec import fingerprint
from xstilts.grid import Cell
from xstilts.prediction import xtreme_files
from xstilts.reporting.page.examples import Examples
from xstilts.sources.columns import file_name

COUNT = 20
"""Sample predictions of a cell."""

BUDGET = 6_000_000
"""The size limit, in bytes, for the texts of all sample predictions."""

LONGEST, SHORTEST = 400, 80
"""The bounds for the length, in characters, at which texts are cut."""

_BYTES = 6
"""Bytes per character of the length: UTF-8 outside the Latin alphabet, for two texts."""


def text_length(cells: int) -> int:
    """The length, in characters, at which texts are cut so that all texts fit `BUDGET`, but at least `SHORTEST`."""
    return max(SHORTEST, min(LONGEST, BUDGET // (cells * COUNT * _BYTES)))


def of_cells(store: Path, cells: Iterable[Cell], length: int) -> dict[str, list[dict]]:
    """Sample predictions of each cell, by the path of the predictions; empty for a split without gold labels.

    Args:
        store: the folder of the store.
        cells: the cells.
        length: the number of characters at which a text is cut.
    """
    by_target = sorted({cell.predictions.path: cell for cell in cells}.values(), key=lambda cell: cell.target)
    return {cell.predictions.path: _of_cell(store, cell, length) for cell in by_target}


def choose(units: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """A random sample of units, half of them correct and half wrong if there are enough, spread over the languages.

    Args:
        units: a table with the columns `language`, `unit` and `right`.
        count: the size of the sample.
        seed: the seed of the random generator.
    """
    shuffled = units.sample(frac=1, random_state=seed)
    shuffled["turn"] = shuffled.groupby(["language", "right"]).cumcount()
    shuffled = shuffled.sort_values("turn", kind="stable")
    right, wrong = shuffled[shuffled["right"]], shuffled[~shuffled["right"]]
    wrongs = min(len(wrong), max(count // 2, count - len(right)))
    return pd.concat([wrong.head(wrongs), right.head(count - wrongs)]).drop(columns="turn")


def judged(scores: Path, metric: str) -> pd.DataFrame:
    """The units of a cell and whether their predictions are correct, in the columns `language`, `unit` and `right`.

    The table is empty if there are no gold labels. For BUCC, sentences with neither a translation nor a prediction are
    left out.

    Args:
        scores: the folder with the scores of the cell.
        metric: the name of the metric.
    """
    counts = pd.read_parquet(scores / "examples.parquet")
    if counts.empty:
        return pd.DataFrame({"language": [], "unit": [], "right": pd.Series(dtype=bool)})
    exact = [name for name in counts.columns if name.endswith("exact_match")]
    if exact:
        right = counts[exact].sum(axis=1) == 1
    elif "all" in counts.columns:
        right = counts["right"] == counts["all"]
    else:
        right = (counts["right"] == counts["found"]) & (counts["right"] == counts["expected"])
    if metric == "bucc":
        counts = counts[counts["expected"] + counts["found"] > 0]
    return counts[["language", "unit"]].assign(right=right)


def _of_cell(store: Path, cell: Cell, length: int) -> list[dict]:
    task, split = tasks.load(cell.target), cell.predictions.spec["split"]
    data = str(store / cell.predictions.inputs["data"].path)
    folder = store / cell.predictions.path / "predictions" / cell.target
    form, shown = xtreme_files.form_of(task.kind, task.metric), []
    seed = int(fingerprint(cell.predictions.path)[:8], 16)
    chosen = choose(judged(store / cell.scores.path, task.metric), COUNT, seed)
    for language, units in chosen.groupby("language", sort=False):
        examples = _examples(cell.target, f"{data}/{file_name(split, language)}")
        predictions = xtreme_files.read(folder / xtreme_files.file_name(task.kind, split, language), form)
        predicted = examples.predicted(predictions)
        for unit, right in zip(units["unit"], units["right"], strict=True):
            example = examples.show(unit, predicted.get(unit), length)
            shown.append({"language": language, "id": unit, "right": bool(right), **asdict(example)})
    return shown


@lru_cache(maxsize=64)
def _examples(target: str, file: str) -> Examples:
    """The examples of a language, cached since all cells of a target share them."""
    return Examples(tasks.load(target), pq.read_table(file))
