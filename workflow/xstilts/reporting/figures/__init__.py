"""The figures of an experiment: one module each, which makes a chart of an encoder's results.

The names stand here, where a plan finds them without loading what draws.
"""

TITLES = {
    "deltas": "Change over the baseline",
    "languages": "Change by language",
    "size": "Change and training size",
    "distance": "Change and distance from English",
    "seeds": "Spread over seeds",
    "learning": "Learning curves",
    "correlation": "Correlation between targets",
}
"""The title of each figure by its name, which is that of its module and of its files, in the order of the report."""

FORMATS = ("svg", "pdf", "png")
