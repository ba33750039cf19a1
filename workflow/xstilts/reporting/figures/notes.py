"""What a figure says about itself under its title: what is drawn, from how much, and what is missing."""

import textwrap

import altair as alt
import pandas as pd

from xstilts.names import NO_INTERMEDIATE
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import TITLES, style

INCOMPARABLE = f"There is nothing to compare: the grid needs the row {NO_INTERMEDIATE} and another one."

_COLUMNS = 100
_NAMED = 6


def titled(chart: alt.TopLevelMixin, name: str, encoder: str, lines: list[str]) -> alt.TopLevelMixin:
    """A chart with the title of its figure, the encoder, and lines below."""
    wrapped = [part for line in lines if line for part in textwrap.wrap(line, _COLUMNS)]
    return chart.properties(title=alt.Title(f"{TITLES[name]}, {encoder}", subtitle=wrapped))


def nothing(name: str, encoder: str, reason: str) -> alt.TopLevelMixin:
    """What stands in the place of a figure for which there is nothing to draw."""
    return titled(style.empty(), name, encoder, [reason])


def basis(results: Results, encoder: str, *, each: bool = False) -> list[str]:
    """The seeds and the examples behind the numbers of an encoder, and the cells that it lacks.

    Args:
        each: whether every seed is drawn, and not one number made from all.
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
    """What a figure lacks, by name as far as there is room."""
    if not cells:
        return "Nothing is missing."
    more = f" and {len(cells) - _NAMED} more" if len(cells) > _NAMED else ""
    return f"Missing: {', '.join(cells[:_NAMED])}{more}."


def span(counts: pd.Series) -> str:
    """The smallest and the largest of some numbers of examples."""
    if counts.empty:
        return "0"
    low, high = int(counts.min()), int(counts.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
