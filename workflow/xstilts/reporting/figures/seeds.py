"""Spread of the scores of a cell over seeds."""

import altair as alt
import pandas as pd

from xstilts.names import NO_INTERMEDIATE
from xstilts.reporting.collect import MAIN_SCORE
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import notes, style

NAME = "seeds"

_STEP = 15


def chart(results: Results, encoder: str) -> alt.TopLevelMixin:
    """A panel for each target: the score of each seed after each intermediate, and their range."""
    table = _table(results, encoder)
    base = alt.Chart().encode(y=alt.Y("intermediate:N", sort=style.placed("intermediate"), title=None))
    score = alt.X(
        "value:Q", scale=alt.Scale(zero=False, nice=3), axis=alt.Axis(format="~f", tickCount=3), title="score"
    )
    whole = base.transform_filter(f"datum.seeds == {len(results.grid.seeds)}")
    layers = [
        whole.transform_filter(f"datum.intermediate == '{NO_INTERMEDIATE}'")
        .mark_rule(strokeDash=[2, 2])
        .encode(x=alt.X("median(value):Q", title="score"), y=alt.Y()),
        whole.mark_rule(strokeWidth=3, opacity=0.35, color=style.SERIES[0]).encode(
            x=alt.X("min(value):Q", title="score"), x2="max(value):Q"
        ),
        base.mark_point(size=22, opacity=1, strokeWidth=1.2, color=style.SERIES[0]).encode(x=score, tooltip=_tooltip()),
    ]
    panels = style.panels(
        layers,
        table,
        "target",
        height=alt.Step(_STEP),
        own_axes=("x",),
        target=results.grid.targets,
        intermediate=results.grid.intermediates,
    )
    return notes.titled(panels, NAME, encoder, _lines(results, encoder))


def _table(results: Results, encoder: str) -> pd.DataFrame:
    """The score of each seed (the mean over the languages of the target), and the number of seeds with a score."""
    scores = results.scores
    mine = scores[(scores["encoder"] == encoder) & (scores["metric"] == MAIN_SCORE)]
    by_seed = mine.groupby(["intermediate", "target", "seed"], sort=False, as_index=False)
    table = by_seed.agg(value=("value", lambda values: values.mean(skipna=False)), n=("n", "sum")).dropna()
    return table.assign(seeds=table.groupby(["intermediate", "target"])["seed"].transform("nunique"))


def _tooltip() -> list[alt.Tooltip | str]:
    return [*(alt.Tooltip(f"{name}:N") for name in ("intermediate", "target", "seed")), style.score(), "n:Q"]


def _lines(results: Results, encoder: str) -> list[str]:
    seeds = len(results.grid.seeds)
    untrained = results.by_target(encoder)["seeds"].between(1, seeds - 1)
    drawn = "A circle for each seed, a bar from the lowest to the highest where all are there"
    return [
        f"{drawn}; dashed: the median of {NO_INTERMEDIATE}." if results.has_baseline else f"{drawn}.",
        "One seed has no spread." if seeds == 1 else "",
        "An encoder that is not trained scores the same with every seed." if untrained.any() else "",
        *notes.basis(results, encoder, each=True),
    ]
