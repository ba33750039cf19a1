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
    seeds,
    size,
    sources,
    titles,
)

_MODULES = {
    module.NAME: module
    for module in (sources, apart, orders, deltas, languages, size, distance, seeds, learning, correlation)
}


def charts(results: Results, encoder: str) -> dict[str, alt.TopLevelMixin]:
    """The charts of an encoder by the name of the figure, in the order of the report."""
    names = titles(bool(results.matrices), bool(results.orders))
    return {name: _MODULES[name].chart(results, encoder) for name in names}
