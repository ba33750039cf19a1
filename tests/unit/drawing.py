"""Figures as Vega-Lite specifications, and their data."""

import importlib
from types import ModuleType

from invented_results import ENCODER

from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import style


def load(name: str) -> ModuleType:
    """The module of a figure."""
    return importlib.import_module(f"xstilts.reporting.figures.{name}")


def drawn(results: Results, name: str, encoder: str = ENCODER) -> dict:
    """A figure as Vega-Lite."""
    return style.spec(load(name).chart(results, encoder))


def rows(chart: object) -> list[dict]:
    """All rows of data in a chart."""
    if isinstance(chart, list):
        return [row for part in chart for row in rows(part)]
    if not isinstance(chart, dict):
        return []
    own = chart["values"] if isinstance(chart.get("values"), list) else []
    return [row for row in own if isinstance(row, dict)] + rows(list(chart.values()))


def said(results: Results, name: str, encoder: str = ENCODER) -> str:
    """The notes below the title of a figure."""
    return " ".join(drawn(results, name, encoder)["title"]["subtitle"])


def channels(chart: object) -> list[dict]:
    """The encodings of all layers."""
    if isinstance(chart, list):
        return [found for part in chart for found in channels(part)]
    if not isinstance(chart, dict):
        return []
    own = [chart["encoding"]] if "encoding" in chart else []
    return own + channels([part for name, part in chart.items() if name not in ("encoding", "data", "datasets")])
