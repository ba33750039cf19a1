"""Heat map of the change that each intermediate brings to each language, grouped by family."""

import altair as alt
import pandas as pd

from xstilts.languages import language
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import heat, notes, style
from xstilts.reporting.tables import averaged
from xstilts.reporting.typology import group, ordered
from xstilts.reporting.zero_shot import SEEN

NAME = "languages"

_STEP = {"x": 38, "y": 17}


def chart(results: Results, encoder: str) -> alt.TopLevelMixin:
    """Languages by intermediates: the mean change over the targets of `grid.averaged` that have the language."""
    if not results.comparable:
        return notes.nothing(NAME, encoder, notes.INCOMPARABLE)
    table = _table(results, encoder)
    if table.empty:
        return notes.nothing(NAME, encoder, "No intermediate precedes all targets of a language.")
    base = alt.Chart().encode(
        x=alt.X("intermediate:N", sort=style.placed("intermediate"), axis=heat.columns(results.intermediates)),
        y=alt.Y("label:N", sort=alt.SortField("place"), title=None),
        tooltip=_tooltip(),
    )
    layers = heat.cells(base, "delta", heat.largest(table["delta"]), "change in points")
    header = alt.Header(orient="left", labelAngle=0, labelAlign="left", labelAnchor="middle")
    faceted = (
        alt.layer(*layers, data=style.rows(table, intermediate=results.intermediates, group=_groups(table)))
        .properties(width=alt.Step(_STEP["x"]), height=alt.Step(_STEP["y"]))
        .facet(row=alt.Row("group:N", sort=style.placed("group"), header=header), spacing=5)
        .resolve_scale(y="independent")
    )
    return notes.titled(faceted, NAME, encoder, _lines(results, encoder))


def _table(results: Results, encoder: str) -> pd.DataFrame:
    """A row for each language and intermediate."""
    rows = results.by_language(encoder)
    rows = rows[rows["target"].isin(results.grid.averaged)]
    changes = results.changes(rows)
    table = changes.groupby(["language", "intermediate"], sort=False, as_index=False).agg(
        delta=("delta", lambda values: values.mean(skipna=False)), targets=("target", "nunique"), n=("n", "sum")
    )
    evaluated = rows.groupby("language")["target"].nunique()
    return _named(table[table["targets"] == table["language"].map(evaluated)], _seen(results))


def _seen(results: Results) -> set[tuple[str, str]]:
    """The languages and intermediates with a target for which the language is seen; empty if training is English."""
    if results.is_plain:
        return set()
    return {
        (lang, intermediate)
        for (intermediate, target), found in results.seen.items()
        if target in results.grid.averaged
        for lang in found
    }


def _named(table: pd.DataFrame, seen: set[tuple[str, str]]) -> pd.DataFrame:
    """The table with the name, script and group of each language, and its position in the figure."""
    order = ordered(table["language"].unique())
    found = {code: language(code) for code in order}
    targets = table["targets"].astype(str)
    return table.assign(
        name=table["language"].map({code: one.name for code, one in found.items()}),
        group=table["language"].map({code: group(code) for code in found}),
        script=table["language"].map({code: one.script for code, one in found.items()}),
        place=table["language"].map(order.index),
        label=table["language"].map({code: f"{one.name}, {one.script}" for code, one in found.items()})
        + " ("
        + targets
        + ")",
        text=[
            heat.text(row.delta, mark=SEEN if (row.language, row.intermediate) in seen else "")
            for row in table.itertuples()
        ],
    )


def _groups(table: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(table.sort_values("place")["group"]))


def _tooltip() -> list[alt.Tooltip | str]:
    names = [alt.Tooltip(f"{name}:N") for name in ("intermediate", "name", "group", "script")]
    return [*names, alt.Tooltip("delta:Q", format="+.2f"), "targets:Q", "n:Q"]


def _lines(results: Results, encoder: str) -> list[str]:
    return [
        "Change over the baseline in points, the mean over the targets that a language has (their number in brackets). "
        "Families as in Glottolog, Indo-European by branch; scripts by ISO 15924.",
        ""
        if results.is_plain
        else f"{SEEN}: labelled training data of a target's task, or of a task of its kind, in this language. An "
        "intermediate is shown where it precedes all targets that have the language.",
        *averaged(results.grid),
        *notes.basis(results, encoder),
    ]
