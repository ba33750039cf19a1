"""The change that each intermediate brings to languages, by their distance from English."""

import altair as alt
import pandas as pd

from xstilts.languages import language
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import notes, style
from xstilts.reporting.typology import LATIN, STEPS, distance

NAME = "distance"

_SCRIPTS = {"Latin script": style.SERIES[0], "other script": style.SERIES[3]}
_STEP = 26


def chart(results: Results, encoder: str) -> alt.TopLevelMixin:
    """A panel for each intermediate: a point for each target and language, by distance, and their median."""
    if not results.comparable:
        return notes.nothing(NAME, encoder, notes.INCOMPARABLE)
    table = _table(results, encoder)
    base = alt.Chart().encode(
        y=alt.Y("distance:N", sort=list(STEPS), title=None),
        yOffset=alt.YOffset("script:N", sort=list(_SCRIPTS)),
        color=alt.Color("script:N", scale=style.named(_SCRIPTS), title=None),
    )
    change = alt.X("delta:Q", axis=alt.Axis(grid=True, tickCount=4), title="change in points")
    points = base.mark_point(filled=True, size=14, opacity=0.45).encode(x=change, tooltip=_tooltip())
    whole = base.transform_filter("isValid(datum.median)")
    medians = whole.mark_tick(thickness=2.5, size=12).encode(
        x=alt.X("median(delta):Q", title="change in points"),
        tooltip=["distance:N", "script:N", alt.Tooltip("median(delta):Q", format="+.2f"), "count():Q"],
    )
    height = alt.Step(_STEP, **{"for": "position"})
    panels = style.panels(
        [style.zero("x"), points, medians], table, "intermediate", height=height, intermediate=results.intermediates
    )
    return notes.titled(panels, NAME, encoder, _lines(results, encoder, table))


def _table(results: Results, encoder: str) -> pd.DataFrame:
    """A row for each point, with the median over its distance and script, which is missing if one of the points is."""
    rows = results.changes(results.by_language(encoder))
    latin = rows["language"].map(lambda code: language(code).script == LATIN)
    table = rows[["intermediate", "target", "language", "delta", "delta_low", "delta_high", "n"]].assign(
        distance=rows["language"].map(distance), script=latin.map(dict(zip((True, False), _SCRIPTS, strict=True)))
    )
    groups = table.groupby(["intermediate", "distance", "script"])["delta"]
    medians = groups.transform(lambda deltas: deltas.median(skipna=False))
    return table.assign(median=medians).dropna(subset="delta")


def _tooltip() -> list[alt.Tooltip]:
    names = [alt.Tooltip(f"{name}:N") for name in ("intermediate", "target", "language", "distance", "script")]
    changes = [alt.Tooltip(f"{name}:Q", format="+.2f") for name in ("delta", "delta_low", "delta_high")]
    return [*names, *changes, alt.Tooltip("n:Q")]


def _lines(results: Results, encoder: str, table: pd.DataFrame) -> list[str]:
    pairs = table[["target", "language"]].drop_duplicates()
    counts = pairs["language"].map(distance).value_counts().reindex(STEPS, fill_value=0)
    return [
        "Change over the baseline in points: a point for each target and language, a bar for their median where none "
        "of them is missing. Germanic is the same branch, Indo-European the same family (Glottolog). Points: "
        + ", ".join(f"{step} {count}" for step, count in counts.items())
        + ".",
        *notes.basis(results, encoder),
    ]
