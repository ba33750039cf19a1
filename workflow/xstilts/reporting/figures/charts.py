"""All figures of an encoder."""

import altair as alt

from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import (
    SOURCES,
    TITLES,
    apart,
    correlation,
    deltas,
    distance,
    languages,
    learning,
    seeds,
    size,
    sources,
)

_MODULES = {
    module.NAME: module for module in (sources, apart, deltas, languages, size, distance, seeds, learning, correlation)
}


def charts(results: Results, encoder: str) -> dict[str, alt.TopLevelMixin]:
    """The charts of an encoder by the name of the figure, in the order of the report."""
    names = (*SOURCES, *TITLES) if results.matrices else TITLES
    return {name: _MODULES[name].chart(results, encoder) for name in names}
