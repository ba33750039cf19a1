"""What perturbed text costs after each intermediate: by the rate of a perturbation, or by perturbation."""

import altair as alt
import pandas as pd

from xstilts.names import NO_INTERMEDIATE
from xstilts.reporting.drops import drops
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import notes, style
from xstilts.robustness import Perturbed

NAME = "robustness"

_STEP = 10
"""The height of a row for each perturbation."""


def chart(results: Results, encoder: str) -> alt.TopLevelMixin:
    """Panels with a line for each intermediate for perturbations with several rates; panels with points for others."""
    table = drops(results, encoder)
    shown = table.dropna(subset="drop")
    if shown.empty:
        return notes.nothing(NAME, encoder, "No target has a score on clean and on perturbed text.")
    rated = _rated(results)
    known = {(one.clean, one.perturbation): one for one in results.robustness.perturbed}
    arms = [known[pair] for pair in zip(shown["target"], shown["perturbation"], strict=True)]
    has_rate = [(one.clean, one.form) in rated for one in arms]
    shown = shown.assign(rate=[one.rate for one in arms], panel=list(map(_panel, arms, has_rate)))
    by_rate, others = (shown[[one == rates for one in has_rate]] for rates in (True, False))
    parts = ([_lines(results, by_rate)] if len(by_rate) else []) + ([_points(results, others)] if len(others) else [])
    drawn = alt.vconcat(*parts, spacing=22).resolve_scale(
        color="independent", shape="independent", strokeDash="independent"
    )
    return notes.titled(drawn, NAME, encoder, _notes(results, encoder, table))


def _rated(results: Results) -> set[tuple[str | None, str]]:
    """The targets and the forms of perturbations that have several rates."""
    rates: dict[tuple[str | None, str], set[int | None]] = {}
    for one in results.robustness.perturbed:
        rates.setdefault((one.clean, one.form), set()).add(one.rate)
    return {key for key, found in rates.items() if len(found) > 1}


def _panel(arm: Perturbed, has_rate: bool) -> str:
    return f"{arm.clean}, {arm.form}" if has_rate else str(arm.clean)


def _lines(results: Results, table: pd.DataFrame) -> alt.FacetChart:
    """The drop by rate, from 0 at rate 0."""
    clean = table.drop_duplicates(["panel", "intermediate"]).assign(rate=0, drop=0.0, perturbation="none")
    clean[["perturbed", "low", "high", "relative"]] = None
    names = [name for name in results.grid.intermediates if name in set(table["intermediate"])]
    scales = style.series(names, baseline=NO_INTERMEDIATE)
    base = alt.Chart().encode(
        x=alt.X("rate:Q", title="edits in 100 words", axis=alt.Axis(tickCount=4, grid=False)),
        y=alt.Y("drop:Q", title="drop in points"),
        color=alt.Color("intermediate:N", scale=scales["color"], title=None),
    )
    lines = base.mark_line(strokeWidth=1.3).encode(
        strokeDash=alt.StrokeDash("intermediate:N", scale=scales["strokeDash"], title=None)
    )
    points = base.mark_point(filled=True, size=30, opacity=1).encode(
        shape=alt.Shape("intermediate:N", scale=scales["shape"], title=None), tooltip=_tooltip()
    )
    panels = list(dict.fromkeys(table["panel"]))
    return style.panels([lines, points], pd.concat([clean, table]), "panel", own_axes=("x", "y"), panel=panels)


def _points(results: Results, table: pd.DataFrame) -> alt.FacetChart:
    """The drop under each perturbation, with its interval, in a row for each intermediate."""
    names = [name for name in results.grid.intermediates if name in set(table["intermediate"])]
    forms = list(dict.fromkeys(table["perturbation"]))
    scales = style.series(forms)
    base = alt.Chart().encode(
        y=alt.Y("intermediate:N", sort=style.placed("intermediate"), title=None),
        yOffset=alt.YOffset("perturbation:N", sort=forms),
        color=alt.Color("perturbation:N", scale=scales["color"], title=None),
    )
    interval = base.mark_rule().encode(x=alt.X("low:Q", title="drop in points"), x2="high:Q")
    points = base.mark_point(filled=True, size=30, opacity=1).encode(
        x=alt.X("drop:Q", title="drop in points", axis=alt.Axis(tickCount=4)),
        shape=alt.Shape("perturbation:N", scale=scales["shape"], title=None),
        tooltip=_tooltip(),
    )
    return style.panels(
        [style.zero("x"), interval, points],
        table,
        "panel",
        height=alt.Step(_STEP),
        own_axes=("x",),
        panel=list(dict.fromkeys(table["panel"])),
        intermediate=names,
    )


def _tooltip() -> list[alt.Tooltip | str]:
    texts = [alt.Tooltip(f"{name}:N") for name in ("intermediate", "target", "perturbation")]
    scores = [alt.Tooltip(f"{name}:Q", format=".2f") for name in ("clean", "perturbed", "drop", "low", "high")]
    return [*texts, *scores, alt.Tooltip("relative:Q", format=".3f"), "languages:Q", "n:Q", "seeds:Q"]


def _notes(results: Results, encoder: str, table: pd.DataFrame) -> list[str]:
    absent = table[table["drop"].isna()]
    return [
        "Drop: clean minus perturbed score of the same models in points, over the languages in which both are "
        "evaluated; by rate, or by perturbation with its 95 % interval.",
        notes.basis(results, encoder)[0],
        notes.missing([f"{row.intermediate} × {row.target}, {row.perturbation}" for row in absent.itertuples()]),
    ]
