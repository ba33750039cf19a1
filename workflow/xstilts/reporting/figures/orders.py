"""Scores of intermediates that differ only in the order of their tasks, with their controls."""

import altair as alt
import pandas as pd

from xstilts.names import NO_INTERMEDIATE
from xstilts.orders import ALONE, MIXTURE
from xstilts.reporting import orders
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import notes, style
from xstilts.reporting.order_effect import MEAN
from xstilts.reporting.orders import Case

NAME = "orders"

_STEP = 18
_COLOURS = {MIXTURE: style.SERIES[1], ALONE: style.SERIES[2], NO_INTERMEDIATE: style.BASELINE}
_MEAN, _SEED = "mean over seeds", "seed"


def chart(results: Results, encoder: str) -> alt.TopLevelMixin:
    """For each set of orders a panel for each target: the scores of the seeds, their means, and the controls."""
    drawn: dict[str, list[Case]] = {}
    for case in orders.cases(results, encoder):
        drawn.setdefault(case.orders.name, []).append(case)
    sets = [_panels(results, name, cases) for name, cases in drawn.items()]
    if not any(sets):
        return notes.nothing(NAME, encoder, "No score of an intermediate with an order is there.")
    return notes.titled(alt.vconcat(*filter(None, sets), spacing=22), NAME, encoder, _lines(results, encoder))


def _panels(results: Results, name: str, cases: list[Case]) -> alt.FacetChart | None:
    table = pd.concat([_table(results, case) for case in cases], ignore_index=True).dropna(subset="value")
    if table.empty:
        return None
    base = alt.Chart().encode(y=alt.Y("order:N", sort=style.placed("order"), title=None))
    score = alt.X(
        "value:Q", scale=alt.Scale(zero=False, nice=3), axis=alt.Axis(format="~f", tickCount=3), title="score"
    )
    kinds = alt.Color("kind:N", scale=style.named(_COLOURS), legend=alt.Legend(title=None, symbolType="square"))
    layers = [
        base.transform_filter(alt.FieldOneOfPredicate("kind", list(_COLOURS)))
        .mark_tick(size=_STEP, thickness=2, opacity=1)
        .encode(x=score, color=kinds, tooltip=_tooltip("kind", "name")),
        base.transform_filter(f"datum.kind == '{_SEED}'")
        .mark_point(size=22, opacity=1, strokeWidth=1.2, color=style.SERIES[0])
        .encode(x=score, tooltip=_tooltip("seed")),
        base.transform_filter(f"datum.kind == '{_MEAN}'")
        .mark_point(size=34, filled=True, opacity=1, shape="diamond", color=style.INK)
        .encode(x=score, tooltip=_tooltip("kind")),
    ]
    panels = style.panels(
        layers,
        table,
        "target",
        height=alt.Step(_STEP),
        own_axes=("x",),
        target=results.grid.targets,
        order=list(dict.fromkeys(order for case in cases for order in case.names)),
    )
    return panels.properties(title=alt.Title(f"Orders of {name}", fontSize=10))


def _table(results: Results, case: Case) -> pd.DataFrame:
    """The scores of each order: of each seed, over seeds, and of the controls; the mean over the languages."""
    rows: list[dict] = []
    for order in case.members:
        by_seed = case.scores.of_seeds(order.intermediate, MEAN)
        about = {"target": case.target, "order": order.intermediate}
        rows += [about | {"kind": _MEAN, "value": by_seed.mean()}]
        rows += [
            about | {"kind": _SEED, "seed": seed, "value": value}
            for seed, value in zip(results.grid.seeds, case.scores.means(order.intermediate), strict=True)
        ]
        rows += [
            about | {"kind": kind, "name": name, "value": case.scores.of_seeds(name, MEAN).mean()}
            for kind, name in case.controls(order)
        ]
    return pd.DataFrame(rows, columns=["target", "order", "kind", "name", "seed", "value"])


def _tooltip(*names: str) -> list[alt.Tooltip | str]:
    return [*(alt.Tooltip(f"{name}:N") for name in ("order", "target", *names)), style.score()]


def _lines(results: Results, encoder: str) -> list[str]:
    return [
        "A circle for each seed, the mean over the languages of the target; a diamond for the mean over seeds, where "
        "all are there.",
        f"Lines, as means over seeds: a {MIXTURE} of the same tasks, the {ALONE}, and {NO_INTERMEDIATE}, as far as the "
        "grid has them.",
        *notes.basis(results, encoder, each=True),
    ]
