"""Learning curves: dev scores of the stages during training."""

from itertools import product

import altair as alt
import pandas as pd

from xstilts.names import NO_INTERMEDIATE, path_of, stages_of
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import notes, style
from xstilts.task import LOSS

NAME = "learning"


def chart(results: Results, encoder: str) -> alt.TopLevelMixin:
    """A panel for each stage: the dev score at each evaluation of each training, by the preceding stages."""
    table = _table(results, encoder)
    if table.empty:
        return notes.nothing(NAME, encoder, "No training has an evaluation.")
    before = _ordered(table["before"], results)
    scales = style.series(before, baseline=NO_INTERMEDIATE)
    base = alt.Chart().encode(
        x=alt.X("step:Q", axis=alt.Axis(format="~s", tickCount=3), scale=alt.Scale(zero=False, nice=3), title="step"),
        y=alt.Y(
            "value:Q",
            axis=alt.Axis(format="~f", tickCount=4),
            scale=alt.Scale(zero=False, nice=4),
            title=_measure(results),
        ),
        color=alt.Color("before:N", scale=scales["color"], title="after"),
    )
    lines = base.mark_line(strokeWidth=1.3).encode(
        detail="seed:N", strokeDash=alt.StrokeDash("before:N", scale=scales["strokeDash"], title="after")
    )
    points = base.mark_point(filled=True, opacity=1).encode(
        shape=alt.Shape("before:N", scale=scales["shape"], title="after"),
        size=alt.Size("chosen:N", scale=alt.Scale(domain=[False, True], range=[8, 44]), legend=None),
        tooltip=_tooltip(),
    )
    panels = style.panels([lines, points], table, "stage", own_axes=("x", "y"), stage=_ordered(table["stage"], results))
    return notes.titled(panels, NAME, encoder, _lines(results, table))


def _table(results: Results, encoder: str) -> pd.DataFrame:
    """A row for each training and evaluation: the mean over the tasks of the stage, which selects the checkpoint."""
    mine = _selecting(results.trainings[results.trainings["encoder"] == encoder])
    keys = ["stages", "seed", "step", "chosen"]
    table = mine.groupby(keys, sort=False, as_index=False).agg(
        value=("value", lambda values: values.mean(skipna=False)), tasks=("task", "nunique")
    )
    split = [_split(path) for path in table["stages"]]
    return table.assign(before=[before for before, _ in split], stage=[stage for _, stage in split])


def _selecting(trainings: pd.DataFrame) -> pd.DataFrame:
    """The rows without the losses of stages that have scores as well, which are not in percent."""
    is_loss = trainings["task"].str.endswith(LOSS)
    return trainings[~is_loss | ~trainings["stages"].isin(trainings.loc[~is_loss, "stages"])]


def _ordered(names: pd.Series, results: Results) -> list[str]:
    """Names in the order of the grid's intermediates, followed by all others."""
    found = dict.fromkeys(names)
    return list(dict.fromkeys([*(name for name in results.grid.intermediates if name in found), *found]))


def _split(path: str) -> tuple[str, str]:
    """The path of the preceding stages (or the baseline), and the last stage."""
    *before, last = stages_of(path)
    return path_of(before) or NO_INTERMEDIATE, last


def _tooltip() -> list[alt.Tooltip | str]:
    names = [alt.Tooltip(f"{name}:N") for name in ("stage", "before", "seed", "chosen")]
    return [*names, alt.Tooltip("step:Q", format=","), style.score(), "tasks:Q"]


def _lines(results: Results, table: pd.DataFrame) -> list[str]:
    there = set(zip(table["stages"], table["seed"], strict=True))
    planned = product(results.models, results.grid.seeds)
    absent = [f"{stages} seed {seed}" for stages, seed in planned if (stages, seed) not in there]
    return [
        "Score on the dev set, of a stage with several tasks their mean; large: the checkpoint that was kept. "
        f"A line for each of {len(there)} trainings; evaluations of a training: "
        f"{notes.span(table.groupby(['stages', 'seed']).size())}.",
        *_losses(results),
        notes.missing(absent),
    ]


def _measure(results: Results) -> str:
    """The title of an axis, which the panels share."""
    return "dev score or loss" if _has_losses(results) else "dev score"


def _has_losses(results: Results) -> bool:
    """Whether a stage only predicts words."""
    return bool(_selecting(results.trainings)["task"].str.endswith(LOSS).any())


def _losses(results: Results) -> list[str]:
    """A note on stages that only predict words, if there are any."""
    if not _has_losses(results):
        return []
    return ["Of stages that only predict masked words, the loss per masked token, of which lower is better."]
