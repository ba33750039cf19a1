"""Shared parts of the heat maps: coloured cells that contain their values as text."""

import altair as alt
import pandas as pd

from xstilts.reporting.figures import style
from xstilts.reporting.marks import MISSING

_SIGNED = "datum.value ? format(datum.value, '+.1f') : '0'"

_PALE = 0.3
"""The opacity of the colour of an uncertain value."""

_DARK = 0.8
"""The fraction of the largest value above which the text of a cell is white."""


def largest(values: pd.Series) -> float:
    """The upper end of a scale that is centred on 0: the largest absolute value, and at least 1."""
    return float(values.abs().max(skipna=True)) if values.abs().max() > 1 else 1.0


def cells(base: alt.Chart, field: str, end: float, title: str) -> list[alt.Chart]:
    """The layers of a heat map on `base`: cells coloured by `field`, grey cells for missing values, and `text`.

    If the data have a column `uncertain`, cells where it is true have a pale colour and grey text.
    """
    legend = alt.Legend(title=title, values=[-end, 0, end], labelExpr=_SIGNED, gradientLength=90)
    missing = f"datum.text == '{MISSING}'"
    ink = (
        alt.when("datum.uncertain")
        .then(alt.value(style.FAINT))
        .when(f"abs(datum.{field}) > {_DARK * end}")
        .then(alt.value("white"))
    )
    ink = ink.when(f"isValid(datum.{field}) || {missing}").then(alt.value(style.INK))
    return [
        base.transform_filter(f"isValid(datum.{field})")
        .mark_rect()
        .encode(
            color=alt.Color(f"{field}:Q", scale=style.change(end), legend=legend),
            opacity=alt.when("datum.uncertain").then(alt.value(_PALE)).otherwise(alt.value(1)),
        ),
        base.transform_filter(missing).mark_rect(color=style.MISSING_FILL),
        base.mark_text().encode(text="text:N", color=ink),
    ]


def columns(names: list[str]) -> alt.Axis:
    """An axis with the names of columns above them, slanted if a name is wider than its column."""
    slanted = max(map(len, names), default=0) > 8
    return alt.Axis(orient="top", title=None, labelAngle=-40 if slanted else 0)


def text(value: float, digits: int = 1, *, sign: bool = True, mark: str = "") -> str:
    """The text of a cell."""
    if pd.isna(value):
        return MISSING
    rounded = round(value, digits) or 0.0
    return f"{rounded:{'+' if sign and rounded else ''}.{digits}f}{mark}".replace("-", "−")
