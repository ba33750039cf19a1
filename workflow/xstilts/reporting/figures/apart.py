"""Gains by the distance between the language of training and that of evaluation."""

import altair as alt
import pandas as pd

from xstilts.reporting import sources
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import notes, style
from xstilts.reporting.typology import APART
from xstilts.transfer import Matrix

NAME = "apart"

_STEP = 24


def chart(results: Results, encoder: str) -> alt.TopLevelMixin:
    """A panel for each intermediate and target: a point for each source and language, by distance, and their mean."""
    table = pd.concat([_table(results, encoder, matrix) for matrix in results.matrices], ignore_index=True)
    shown = table.dropna(subset="points")
    if shown.empty:
        return notes.nothing(NAME, encoder, "The scores do not determine the effects of sources and languages.")
    titles = [matrix.title for matrix in results.matrices]
    if results.distances:
        return notes.titled(_scattered(shown, titles), NAME, encoder, _lines(results, encoder))
    base = alt.Chart().encode(y=alt.Y("distance:N", sort=list(APART[1:]), title=None))
    points = base.mark_point(filled=True, size=16, opacity=0.5, color=style.SERIES[0]).encode(
        x=alt.X("points:Q", axis=alt.Axis(grid=True, tickCount=4), title="points"), tooltip=_tooltip()
    )
    means = base.transform_filter("isValid(datum.mean)")
    ticks = means.mark_tick(thickness=2.5, size=14, color=style.SERIES[3]).encode(
        x=alt.X("mean(points):Q", title="points"),
        tooltip=["distance:N", alt.Tooltip("mean(points):Q", format="+.2f"), "count():Q"],
    )
    panels = style.panels(
        [style.zero("x"), points, ticks], shown, "matrix", height=alt.Step(_STEP), own_axes=("x",), matrix=titles
    )
    return notes.titled(panels, NAME, encoder, _lines(results, encoder))


def _scattered(table: pd.DataFrame, titles: list[str]) -> alt.TopLevelMixin:
    """A panel for each intermediate and target, with the distance on a scale of numbers."""
    points = alt.Chart().mark_point(filled=True, size=16, opacity=0.5, color=style.SERIES[0])
    drawn = points.encode(
        x=alt.X("distance:Q", title="distance", scale=alt.Scale(zero=False)),
        y=alt.Y("points:Q", title="points"),
        tooltip=_tooltip(),
    )
    return style.panels([style.zero("y"), drawn], table, "matrix", own_axes=("y",), matrix=titles)


def _table(results: Results, encoder: str, matrix: Matrix) -> pd.DataFrame:
    """A row for each point, with the mean over its distance, which is missing if one of the points is."""
    found, _ = sources.compared(results, encoder, matrix)
    found = found[~found["trained"]]
    points = found["delta" if sources.has_gain(results, matrix) else "residual"]
    means = points.groupby(found["distance"]).transform(lambda values: values.mean(skipna=False))
    columns = ["source", "language", "distance", "value", "residual", "delta"]
    return found[columns].assign(points=points, mean=means, matrix=matrix.title)


def _tooltip() -> list[alt.Tooltip]:
    names = [alt.Tooltip(f"{name}:N") for name in ("source", "language", "distance")]
    changes = [alt.Tooltip(f"{name}:Q", format="+.2f") for name in ("delta", "residual")]
    return [*names, style.score(), *changes]


def _lines(results: Results, encoder: str) -> list[str]:
    return [
        "A point for each source and evaluated language that is not in its training, a bar for their mean: with an "
        "intermediate the change over the baseline with the same target, without one the residual of the additive "
        "model of sources and languages. Translated sources only, if there are any.",
        *notes.basis(results, encoder),
    ]
