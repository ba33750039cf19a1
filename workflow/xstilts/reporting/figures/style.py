"""The style of the figures: sizes for the text width of a paper, and colours that are safe for the colour-blind."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import altair as alt
import pandas as pd
import vl_convert

from xstilts.reporting.figures import FORMATS

WIDTH = 500
"""The text width of a paper in points. The figures of the paper's grid are about as wide; their font size is 10."""

COLUMNS = 3
_PANEL = 120

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
RESOLUTION = 300

INK = "#1a1a1a"
FAINT = "#5a5a5a"
MISSING_FILL = "#d4d4d4"
BASELINE = "#767676"
LOSS_TO_GAIN = ["#b35806", "#f1a340", "#fee0b6", "#f7f7f7", "#d1e5f0", "#67a9cf", "#2166ac"]
"""Orange to blue, from ColorBrewer (Brewer 2003)."""
SERIES = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"]
"""The colours of Okabe and Ito (2008) that are visible on white."""
SHAPES = ["circle", "square", "triangle-up", "diamond"]
DASHES = [[1, 0], [5, 2], [1, 2], [6, 2, 1, 2]]

_LIGHT = {"ink": INK, "faint": FAINT, "line": "#dedede", "ground": "#ffffff"}
_DARK = {"ink": "#ededed", "faint": "#b0b0b0", "line": "#444444", "ground": "#1b1d21"}


def rows(frame: pd.DataFrame, **orders: Sequence[str]) -> alt.Data:
    """A table as chart data; missing values become null.

    Args:
        orders: for each column that a chart sorts with `placed`, its names in that order.
    """
    places = {f"{column}_place": frame[column].map(list(names).index) for column, names in orders.items()}
    return alt.Data(values=json.loads(frame.assign(**places).to_json(orient="records", double_precision=10)))


def placed(column: str) -> alt.EncodingSortField:
    """The sort field for a column whose order was given to `rows`."""
    return alt.EncodingSortField(field=f"{column}_place", op="min")


def change(largest: float) -> alt.Scale:
    """The colour scale of changes from `-largest` to `largest`."""
    steps = len(LOSS_TO_GAIN) // 2
    domain = [largest * step / steps for step in range(-steps, steps + 1)]
    return alt.Scale(domain=domain, range=LOSS_TO_GAIN, interpolate="lab", clamp=True)


def series(names: list[str], baseline: str | None = None) -> dict[str, alt.Scale]:
    """A colour, dash and shape for each name, distinct for up to 24 names; the baseline is grey.

    Returns:
        The scales of `color`, `strokeDash` and `shape`.
    """
    others = [name for name in names if name != baseline]
    colours = {name: SERIES[i % len(SERIES)] for i, name in enumerate(others)}
    rounds = {name: i // len(SERIES) % len(SHAPES) for i, name in enumerate(others)}
    if baseline in names:
        colours[baseline], rounds[baseline] = BASELINE, len(SHAPES) - 1
    return {
        "color": alt.Scale(domain=names, range=[colours[name] for name in names]),
        "strokeDash": alt.Scale(domain=names, range=[DASHES[rounds[name]] for name in names]),
        "shape": alt.Scale(domain=names, range=[SHAPES[rounds[name]] for name in names]),
    }


def named(colours: dict[str, str]) -> alt.Scale:
    """A scale with a given colour for each name."""
    return alt.Scale(domain=list(colours), range=list(colours.values()))


def panels(
    layers: list[alt.Chart],
    table: pd.DataFrame,
    by: str,
    *,
    height: int | alt.Step = 100,
    own_axes: tuple[str, ...] = (),
    **orders: Sequence[str],
) -> alt.FacetChart:
    """The same chart for each name in a column, as panels, three in a row.

    Args:
        by: the column with the names of the panels.
        own_axes: the axes that each panel scales independently.
        orders: as for `rows`; must contain `by`.
    """
    one = alt.layer(*layers).properties(width=_PANEL, height=height)
    faceted = one.properties(data=rows(table, **orders)).facet(
        facet=alt.Facet(f"{by}:N", sort=placed(by), title=None), columns=COLUMNS, spacing=14
    )
    scales: dict[str, Literal["independent"]] = dict.fromkeys(own_axes, "independent")
    return faceted.resolve_scale(**scales)


def zero(axis: str) -> alt.Chart:
    """A line at 0, where nothing changes."""
    return alt.Chart().mark_rule().encode(**{axis: alt.datum(0)})


def score() -> alt.Tooltip:
    """A tooltip with the score."""
    return alt.Tooltip("value:Q", format=".2f")


def empty() -> alt.Chart:
    """A chart without marks."""
    return alt.Chart(rows(pd.DataFrame({"nothing": [0]}))).mark_point(opacity=0).properties(width=WIDTH, height=1)


def spec(chart: alt.TopLevelMixin, dark: bool = False) -> dict:
    """The Vega-Lite specification of a chart with the style applied, on a light or a dark background."""
    return {**chart.to_dict(), "config": _config(_DARK if dark else _LIGHT)}


def write(chart: alt.TopLevelMixin, folder: Path, name: str) -> None:
    """Write a chart as SVG, PDF and PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn, version = spec(chart), alt.SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]
    svg = vl_convert.vegalite_to_svg(drawn, vl_version=version)
    files = {
        "svg": svg.encode(),
        "pdf": vl_convert.svg_to_pdf(svg),
        "png": vl_convert.svg_to_png(svg, ppi=RESOLUTION),
    }
    for suffix in FORMATS:
        (folder / f"{name}.{suffix}").write_bytes(files[suffix])


def _config(colours: dict[str, str]) -> dict:
    ink, faint, line = colours["ink"], colours["faint"], colours["line"]
    axis = {
        "labelColor": ink,
        "titleColor": faint,
        "titleFontWeight": "normal",
        "titleFontSize": 10,
        "labelFontSize": 10,
        "labelLimit": 180,
        "gridColor": line,
        "domain": False,
        "ticks": False,
        "labelPadding": 5,
    }
    return {
        "font": FONT,
        "background": colours["ground"],
        "padding": 6,
        "view": {"stroke": None},
        "axis": axis,
        "axisBand": {"grid": False},
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "color": ink,
            "fontSize": 13,
            "subtitleColor": faint,
            "subtitleFontSize": 10,
            "subtitleLineHeight": 13,
            "offset": 12,
        },
        "header": {
            "labelAnchor": "start",
            "labelColor": ink,
            "labelFontSize": 10,
            "labelFontWeight": "bold",
            "title": None,
            "labelPadding": 4,
        },
        "legend": {
            "labelColor": ink,
            "titleColor": faint,
            "titleFontWeight": "normal",
            "titleFontSize": 10,
            "labelFontSize": 10,
            "labelLimit": 200,
            "orient": "bottom",
            "columns": 5,
        },
        "rule": {"color": faint, "strokeWidth": 1},
        "text": {"color": ink, "fontSize": 10},
    }
