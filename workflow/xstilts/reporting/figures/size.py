"""The change that each intermediate brings to each target, against the size of its training data."""

import altair as alt
import pandas as pd

from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import notes, style

NAME = "size"


def chart(results: Results, encoder: str) -> alt.TopLevelMixin:
    """A panel for each target: the change in points, with its interval, by training rows of the intermediate."""
    if not results.comparable:
        return notes.nothing(NAME, encoder, notes.INCOMPARABLE)
    table = _table(results, encoder)
    scales = style.series(results.intermediates)
    base = alt.Chart().encode(
        x=alt.X(
            "rows:Q",
            scale=alt.Scale(type="log"),
            axis=alt.Axis(format="~s", tickCount=3, grid=False),
            title="training rows",
        ),
        color=alt.Color("intermediate:N", scale=scales["color"], title=None),
    )
    interval = base.mark_rule().encode(y=alt.Y("delta_low:Q", title="change in points"), y2="delta_high:Q")
    points = base.mark_point(filled=True, size=40, opacity=1).encode(
        y=alt.Y("delta:Q", title="change in points"),
        shape=alt.Shape("intermediate:N", scale=scales["shape"], title=None),
        tooltip=_tooltip(),
    )
    panels = style.panels([style.zero("y"), interval, points], table, "target", target=results.grid.targets)
    return notes.titled(panels, NAME, encoder, _lines(results, encoder))


def _table(results: Results, encoder: str) -> pd.DataFrame:
    cells = results.changes(results.by_target(encoder))
    columns = ["intermediate", "target", "delta", "delta_low", "delta_high", "n", "seeds"]
    return cells[columns].assign(rows=cells["intermediate"].map(results.sizes)).dropna(subset=["delta", "rows"])


def _tooltip() -> list[alt.Tooltip | str]:
    changes = [alt.Tooltip(f"{name}:Q", format="+.2f") for name in ("delta", "delta_low", "delta_high")]
    return [alt.Tooltip("intermediate:N"), alt.Tooltip("target:N"), alt.Tooltip("rows:Q", format=","), *changes, "n:Q"]


def _lines(results: Results, encoder: str) -> list[str]:
    unknown = [name for name in results.intermediates if results.sizes[name] is None]
    return [
        "Change over the baseline in points with its 95 % interval; rows of all tasks of an intermediate.",
        *notes.basis(results, encoder),
        f"Size not known, so not drawn: {', '.join(unknown)}." if unknown else "",
    ]
