"""Heat map of the table of the paper: the change that each intermediate brings to each target."""

import altair as alt
import pandas as pd

from xstilts.names import NO_INTERMEDIATE
from xstilts.reporting import tables
from xstilts.reporting.experiment_results import Results, holds_zero
from xstilts.reporting.figures import heat, notes, style

NAME = "deltas"

MEAN = "mean"

_STEP = {"x": 46, "y": 22}


def chart(results: Results, encoder: str) -> alt.TopLevelMixin:
    """Intermediates by targets: scores in the row of the baseline, changes in points in the other rows."""
    table = _table(results, encoder)
    intermediates, targets = list(results.grid.intermediates), [*results.grid.targets, MEAN]
    base = alt.Chart().encode(
        x=alt.X("target:N", sort=style.placed("target"), axis=heat.columns(targets)),
        y=alt.Y("intermediate:N", sort=style.placed("intermediate"), title=None),
        tooltip=_tooltip(),
    )
    layers = heat.cells(base, "delta", heat.largest(table["delta"]), "change in points")
    sized = alt.layer(*layers, _line(), data=style.rows(table, intermediate=intermediates, target=targets)).properties(
        width=alt.Step(_STEP["x"]), height=alt.Step(_STEP["y"])
    )
    return notes.titled(sized, NAME, encoder, _lines(results, encoder))


def _line() -> alt.Chart:
    """A line between the targets and their mean."""
    place = alt.X("target:N", sort=style.placed("target"), bandPosition=0)
    return alt.Chart().transform_filter(f"datum.target == '{MEAN}'").mark_rule().encode(x=place)


def _tooltip() -> list[alt.Tooltip | str]:
    numbers = [alt.Tooltip(f"{name}:Q", format=".2f") for name in ("value", "low", "high")]
    changes = [alt.Tooltip(f"{name}:Q", format="+.2f") for name in ("delta", "delta_low", "delta_high")]
    names = [alt.Tooltip(f"{name}:N") for name in ("intermediate", "target")]
    return [*names, *numbers, *changes, alt.Tooltip("p_adjusted:Q", format=".4f"), "n:Q", "seeds:Q"]


def _table(results: Results, encoder: str) -> pd.DataFrame:
    """The cells and the mean over targets, each with its text."""
    cells = results.by_target(encoder)
    averaged = results.grid.averaged
    whole = cells[cells["intermediate"].isin(results.after(*averaged)) & cells["target"].isin(averaged)]
    means = whole.groupby("intermediate", sort=False)[["value", "delta"]].agg(lambda values: values.mean(skipna=False))
    table = pd.concat([cells, means.reset_index().assign(target=MEAN, significant=False)], ignore_index=True)
    scores = table["intermediate"].eq(NO_INTERMEDIATE) | (not results.has_baseline)
    table["uncertain"] = holds_zero(table)
    table["text"] = [
        heat.text(row.value, sign=False) if score else heat.text(row.delta, mark="*" if row.significant else "")
        for row, score in zip(table.itertuples(), scores, strict=True)
    ]
    return table.drop(columns=["encoder", "language", "metric", "p"])


def _lines(results: Results, encoder: str) -> list[str]:
    drawn = (
        f"In the row {NO_INTERMEDIATE} the score, below it the change in points, grey if its 95 % interval contains 0; "
        "* differs significantly (p < 0.05 after Holm's correction, and an interval without 0)."
        if results.has_baseline
        else f"Scores: the grid has no row {NO_INTERMEDIATE} to compare with."
    )
    return [drawn, *tables.averaged(results.grid), *notes.basis(results, encoder)]
