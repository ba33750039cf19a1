"""Titles and notes of figures: what is drawn, the numbers of seeds and examples, and what is missing."""

import textwrap

import altair as alt
import pandas as pd

from xstilts.names import NO_INTERMEDIATE
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import QUESTIONS, style, titles

INCOMPARABLE = f"There is nothing to compare: the grid needs the row {NO_INTERMEDIATE} and another one."

_COLUMNS = 100
_NAMED = 6


def titled(chart: alt.TopLevelMixin, name: str, encoder: str, lines: list[str]) -> alt.TopLevelMixin:
    """The chart with the title of its figure, the name of the encoder, and notes as subtitle."""
    wrapped = [part for line in lines if line for part in textwrap.wrap(line, _COLUMNS)]
    title = titles(QUESTIONS)[name]
    return chart.properties(title=alt.Title(f"{title}, {encoder}", subtitle=wrapped))


def nothing(name: str, encoder: str, reason: str) -> alt.TopLevelMixin:
    """A placeholder for a figure that cannot be drawn, with the reason."""
    return titled(style.empty(), name, encoder, [reason])


def basis(results: Results, encoder: str, *, each: bool = False) -> list[str]:
    """Notes on the numbers of seeds and examples of an encoder, and on its missing cells.

    Args:
        each: whether the figure shows each seed instead of an aggregate over seeds.
    """
    counts, cells = results.by_language(encoder)["n"], results.by_target(encoder)
    seeds = len(results.grid.seeds)
    made = "" if each or seeds == 1 else f"{results.over_seeds} of "
    behind = f"{made}{seeds} seed{'' if seeds == 1 else 's'}".capitalize()
    absent = cells[cells["value"].isna()]
    return [
        f"{behind}; {span(counts[counts > 0])} examples in each language of a target.",
        missing([f"{row.intermediate} × {row.target}" for row in absent.itertuples()]),
    ]


def missing(cells: list[str]) -> str:
    """A note on what is missing in a figure, with the first few names."""
    if not cells:
        return "Nothing is missing."
    more = f" and {len(cells) - _NAMED} more" if len(cells) > _NAMED else ""
    return f"Missing: {', '.join(cells[:_NAMED])}{more}."


def span(counts: pd.Series) -> str:
    """The range of some counts as text, such as `113 to 921`."""
    if counts.empty:
        return "0"
    low, high = int(counts.min()), int(counts.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
