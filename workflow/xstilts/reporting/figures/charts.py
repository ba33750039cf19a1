"""All figures of an encoder."""

import altair as alt

from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import (
    apart,
    correlation,
    deltas,
    distance,
    languages,
    learning,
    orders,
    robustness,
    seeds,
    size,
    sources,
    titles,
)

_ALL = (robustness, sources, apart, orders, deltas, languages, size, distance, seeds, learning, correlation)
_MODULES = {module.NAME: module for module in _ALL}


def charts(results: Results, encoder: str) -> dict[str, alt.TopLevelMixin]:
    """The charts of an encoder by the name of the figure, in the order of the report."""
    arms = {"robustness": results.robustness.perturbed, "sources": results.matrices, "orders": results.orders}
    names = titles([question for question, found in arms.items() if found])
    return {name: _MODULES[name].chart(results, encoder) for name in names}
