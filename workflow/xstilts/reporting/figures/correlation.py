"""Correlation between targets: which targets benefit from the same intermediates."""

from itertools import combinations

import altair as alt
import pandas as pd

from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import heat, notes, style

NAME = "correlation"

_FEWEST = 3
"""With two intermediates, every correlation is 1 or -1."""
_STEP = {"x": 46, "y": 24}


def chart(results: Results, encoder: str) -> alt.TopLevelMixin:
    """The rank correlation of the changes of each pair of targets, over the intermediates."""
    if not results.has_baseline or len(results.intermediates) < _FEWEST or len(results.grid.targets) < 2:
        return notes.nothing(
            NAME, encoder, f"A correlation needs a baseline, two targets and at least {_FEWEST} intermediates."
        )
    table, targets = _table(results, encoder), list(results.grid.targets)
    if table.empty:
        return notes.nothing(NAME, encoder, "No two targets are evaluated after all intermediates.")
    base = alt.Chart().encode(
        x=alt.X("one:N", sort=style.placed("one"), axis=heat.columns(targets)),
        y=alt.Y("other:N", sort=style.placed("other"), title=None),
        tooltip=["one:N", "other:N", alt.Tooltip("correlation:Q", format="+.3f"), "intermediates:Q"],
    )
    layers = heat.cells(base, "correlation", 1.0, "Spearman's ρ")
    sized = alt.layer(*layers, data=style.rows(table, one=targets, other=targets)).properties(
        width=alt.Step(_STEP["x"]), height=alt.Step(_STEP["y"])
    )
    return notes.titled(sized, NAME, encoder, _lines(results, encoder))


def _table(results: Results, encoder: str) -> pd.DataFrame:
    """A row for each pair of targets; the correlation is missing if an intermediate of one of them is."""
    changes = results.changes(results.by_target(encoder)).pivot(index="intermediate", columns="target", values="delta")
    found = changes.corr(method="spearman", min_periods=len(results.intermediates))
    whole = [name for name in results.grid.targets if set(results.intermediates) <= set(results.after(name))]
    pairs = list(combinations(whole, 2))
    return pd.DataFrame(pairs, columns=["one", "other"]).assign(
        correlation=[found.loc[pair] for pair in pairs],
        text=[heat.text(found.loc[pair], 2) for pair in pairs],
        intermediates=len(results.intermediates),
    )


def _lines(results: Results, encoder: str) -> list[str]:
    return [
        f"Spearman's rank correlation of the changes over the baseline, over {len(results.intermediates)} "
        "intermediates: over so few it is often far from 0 by chance.",
        *notes.basis(results, encoder),
    ]
