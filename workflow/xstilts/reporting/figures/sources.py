"""Heat maps of the scores after training in each source, in each evaluated language."""

import altair as alt
import pandas as pd

from xstilts.languages import language
from xstilts.reporting import sources
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import heat, notes, style
from xstilts.reporting.marks import MISSING
from xstilts.reporting.typology import group
from xstilts.reporting.zero_shot import SEEN
from xstilts.transfer import Matrix

NAME = "sources"

_STEP = {"x": 34, "y": 19}
_LOW, _HIGH = "#f7f7f7", "#67a9cf"


def chart(results: Results, encoder: str) -> alt.TopLevelMixin:
    """A heat map for each intermediate and target: sources by evaluated languages."""
    maps = [_map(results, encoder, matrix) for matrix in results.matrices]
    return notes.titled(alt.vconcat(*maps, spacing=22), NAME, encoder, _lines(results, encoder))


def _map(results: Results, encoder: str, matrix: Matrix) -> alt.LayerChart | alt.FacetChart:
    table = _table(results, encoder, matrix)
    rows, columns = list(dict.fromkeys(table["source"])), list(dict.fromkeys(table["language"]))
    base = alt.Chart().encode(
        x=alt.X("language:N", sort=style.placed("language"), axis=heat.columns(columns)),
        y=alt.Y("source:N", sort=style.placed("source"), title=None),
        tooltip=_tooltip(),
    )
    scale = alt.Scale(range=[_LOW, _HIGH], zero=False, interpolate="lab")
    layers = [
        base.transform_filter("isValid(datum.value)")
        .mark_rect()
        .encode(color=alt.Color("value:Q", scale=scale, legend=alt.Legend(title="score", gradientLength=90))),
        base.transform_filter(f"datum.text == '{MISSING}'").mark_rect(color=style.MISSING_FILL),
        base.mark_text(color=style.INK).encode(text="text:N"),
        alt.Chart()
        .transform_filter("datum.first_original")
        .mark_rule()
        .encode(y=alt.Y("source:N", sort=style.placed("source"), bandPosition=0)),
    ]
    data = style.rows(table, source=rows, language=columns)
    return alt.layer(*layers, data=data, title=alt.Title(matrix.title, fontSize=10)).properties(
        width=alt.Step(_STEP["x"]), height=alt.Step(_STEP["y"])
    )


def _table(results: Results, encoder: str, matrix: Matrix) -> pd.DataFrame:
    """A row for each cell, with its text and facts for the tooltip; `first_original` is where original text begins."""
    table = sources.cells(results, encoder, matrix)
    marks = {arm.source: sources.named(arm) for arm in matrix.arms}
    mixed = table["translated"].any() and not table["translated"].all()
    first = table.loc[~table["translated"], "source"].iloc[0] if mixed else None
    return table.assign(
        text=[heat.text(row.value, sign=False, mark=SEEN * row.seen) for row in table.itertuples()],
        name=table["language"].map(lambda code: language(code).name),
        group=table["language"].map(group),
        script=table["language"].map(lambda code: language(code).script),
        first_original=table["source"].eq(first),
        source=table["source"].map(marks),
    )


def _tooltip() -> list[alt.Tooltip | str]:
    names = [alt.Tooltip(f"{name}:N") for name in ("source", "name", "group", "script", "seen")]
    return [*names, style.score(), alt.Tooltip("delta:Q", format="+.2f")]


def _lines(results: Results, encoder: str) -> list[str]:
    return [
        "Score by language of training (rows) and of evaluation, in the order of family, branch and script.",
        f"{sources.TRANSLATED}: machine-translated training data, above the line; below it original text. "
        f"{SEEN}: labelled training data of the task, or of a task of its kind, in this language.",
        *notes.basis(results, encoder),
    ]
