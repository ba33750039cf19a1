"""Compares scores with published ones for the same encoder, target, metric and language, and notes other settings.

Each figure in `published.csv` was read in the source named in its row. The intermediate `best` marks figures for which
the best intermediate was chosen for each target.
"""

from pathlib import Path

import pandas as pd

from xstilts import tasks
from xstilts.reporting import choice
from xstilts.reporting.choice import BEST
from xstilts.reporting.collect import ALL
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.formats import Table
from xstilts.reporting.tables import text

PUBLISHED = Path(__file__).with_name("published.csv")

COLUMNS = [
    "target",
    "metric",
    "language",
    "intermediate",
    "published",
    "ours",
    "difference",
    "settings",
    "source",
    "place",
    "url",
]
_AS_PUBLISHED = ["target", "metric", "language", "intermediate", "source", "place", "url"]
_CAPTION = (
    "Published scores and ours, in percent, and where their settings differ; for the best intermediate, ours is the "
    "one chosen on dev. `all` is the mean over all languages of the target."
)


def published() -> pd.DataFrame:
    """The published figures, in percent. `encoder` is a repository of the Hugging Face hub; `language` may be `all`."""
    return pd.read_csv(PUBLISHED, keep_default_na=False)


def beside(results: Results, encoder: str, repository: str | None) -> pd.DataFrame:
    """The published figures for the targets and intermediates of an experiment, with its own scores.

    Args:
        encoder: the name of the encoder in the experiment.
        repository: the repository of the encoder on the hub, which published figures are looked up by.

    Returns:
        A table with `COLUMNS`. `ours` is missing if the score of a language or of a seed is missing.
    """
    grid, figures = results.grid, published()
    wanted = figures["target"].isin(grid.official) & figures["intermediate"].isin([*grid.intermediates, BEST])
    mine = figures[wanted & (figures["encoder"] == repository)]
    chosen = choice.best(results, encoder).numbers["chosen"]
    return pd.DataFrame([_row(results, encoder, chosen, figure) for figure in mine.to_dict("records")], columns=COLUMNS)


def tables(results: Results, encoder: str, repository: str | None) -> list[Table]:
    """The table of an encoder; empty if there are no published figures for it."""
    numbers = beside(results, encoder, repository).set_index("target")
    if numbers.empty:
        return []
    shown = numbers.drop(columns=["place", "url"]).assign(source=numbers["source"] + ", " + numbers["place"])
    shown["published"] = [f"{value:g}" for value in numbers["published"]]
    shown["ours"] = [text(value, delta=False) for value in numbers["ours"]]
    shown["difference"] = [text(value, delta=True) for value in numbers["difference"]]
    return [Table("literature", _CAPTION, numbers, shown)]


def _row(results: Results, encoder: str, chosen: pd.Series, figure: dict) -> dict:
    """A published figure and the score of the experiment."""
    is_best = figure["intermediate"] == BEST
    intermediate = chosen[figure["target"]] if is_best else figure["intermediate"]
    where = {"encoder": encoder, "intermediate": intermediate} | {name: figure[name] for name in ("target", "metric")}
    mine = results.scores[(results.scores[list(where)] == pd.Series(where)).all(axis=1)].dropna(subset="value")
    languages = tasks.load(figure["target"]).languages if figure["language"] == ALL else (figure["language"],)
    table = mine.pivot(index="seed", columns="language", values="value")
    complete = table.reindex(index=list(results.grid.seeds), columns=list(languages))
    ours = getattr(complete.mean(axis=1, skipna=False), results.over_seeds)(skipna=False)
    theirs = f"published: {figure['split']}, {figure['setting']}"
    own = _settings(mine, len(languages), results) + ([f"{intermediate}, chosen on dev"] if is_best else [])
    return {name: figure[name] for name in _AS_PUBLISHED} | {
        "published": figure["value"],
        "ours": ours,
        "difference": ours - figure["value"],
        "settings": f"{theirs}; ours: {'missing' if mine.empty else ', '.join(own)}",
    }


def _settings(mine: pd.DataFrame, languages: int, results: Results) -> list[str]:
    """The settings of the experiment's score: split, seeds and, if some are missing, languages."""
    seeds, evaluated = len(results.grid.seeds), mine["language"].nunique()
    over_seeds = f"{results.over_seeds} over {seeds} seeds" if seeds > 1 else "one seed"
    few = [f"{evaluated} of {languages} languages"] if evaluated < languages else []
    return [*mine["split"].unique(), over_seeds, *few]
