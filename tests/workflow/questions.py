"""The shipped experiments on questions, each made small by a layer, and what their readers see."""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import yaml

from experiments import ROOT, Attempt, Experiment, attempt

SHIPPED = ROOT / "workflow" / "experiments"
LAYERS = Path(__file__).parent / "layers"
SMALL = LAYERS / "small.yaml"
"""The layer of all experiments, over which each has its own."""

NAMES = sorted(file.stem for file in LAYERS.glob("*.yaml") if file != SMALL)
FIGURES = {"deltas", "languages", "size", "distance", "seeds", "learning", "correlation"}
"""The figures of every experiment."""


def small(folder: Path, name: str) -> Experiment:
    """A shipped experiment with its layers."""
    return Experiment(folder, name, (SHIPPED / f"{name}.yaml", SMALL, LAYERS / f"{name}.yaml"))


def finished(folder: Path) -> Callable[[str], Attempt]:
    """Returns the finished run of a small experiment; all have one store, and share data and encoder."""

    @cache
    def attempted(name: str) -> Attempt:
        return attempt(small(folder, name))

    def run(name: str) -> Attempt:
        done = attempted(name)
        assert done.status == 0, done.printed
        return done

    return run


def read(file: Path) -> dict:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def table(done: Attempt, name: str) -> pd.DataFrame:
    """The numbers of a table, by its first column."""
    return pd.read_csv(done.experiment.reports / "tables" / f"tiny{name}.csv", index_col=0)


def texts(done: Attempt, name: str) -> dict[tuple[str, str], str]:
    """A table as its readers see it: the text of each row and column."""
    lines = (done.experiment.reports / "tables" / f"tiny{name}.md").read_text(encoding="utf-8").splitlines()
    head, _, *rows = [[text.strip() for text in line.split("|")[1:-1]] for line in lines if line.startswith("|")]
    return {(row[0], column): text for row in rows for column, text in zip(head[1:], row[1:], strict=True)}


def drawn(done: Attempt) -> set[str]:
    """The names of the figures, each of which has to be there in all formats."""
    files = {file.name for file in (done.experiment.reports / "figures" / "tiny").iterdir()}
    names = {file.partition(".")[0] for file in files}
    assert files == {f"{name}.{form}" for name in names for form in ("svg", "pdf", "png")}
    return names


def page(done: Attempt) -> tuple[str, dict]:
    """The page, and the data in it."""
    text = (done.experiment.reports / "report.html").read_text(encoding="utf-8")
    return text, json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


def record(done: Attempt, stages: str) -> dict:
    """What a training has written about itself, in an experiment with one seed."""
    trainings = pd.read_parquet(done.experiment.reports / "trainings.parquet")
    (path,) = set(trainings.loc[trainings["stages"] == stages, "path"])
    return json.loads((done.experiment.results / path / "training.json").read_bytes())


def main_scores(done: Attempt) -> pd.DataFrame:
    """The main scores of all cells, languages and seeds."""
    scores = pd.read_csv(done.experiment.reports / "scores.csv")
    return scores[scores["metric"] == "main_score"]


def of(done: Attempt, intermediate: str, target: str) -> pd.DataFrame:
    """The main scores after an intermediate, languages by seeds."""
    rows = main_scores(done)
    rows = rows[(rows["intermediate"] == intermediate) & (rows["target"] == target)]
    return rows.pivot(index="language", columns="seed", values="value")


def level(done: Attempt, intermediate: str, target: str) -> float:
    """The median over seeds of the mean over languages, by hand."""
    return of(done, intermediate, target).mean().median()


def only(numbers: pd.DataFrame, **values: object) -> pd.Series:
    """The only row of a table with these values."""
    rows = numbers.reset_index()
    rows = rows[(rows[list(values)] == list(values.values())).all(axis=1)]
    assert len(rows) == 1, rows
    return rows.iloc[0]


def kept(done: Attempt, target: str) -> dict[str, list[dict]]:
    """The examples of a target by language, which all of its cells share."""
    (data,) = {cell.predictions.inputs["data"].path for cell in done.experiment.grid().cells if cell.target == target}
    files = (done.experiment.results / data).glob("test.*.parquet")
    return {file.name.split(".")[1]: pq.read_table(file).to_pylist() for file in files}
