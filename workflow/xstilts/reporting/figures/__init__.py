"""The figures of an experiment, one module each, with a function that draws the chart of an encoder.

The names of the figures are defined here so that planning does not import the plotting libraries.
"""

from collections.abc import Container

TITLES = {
    "deltas": "Change over the baseline",
    "languages": "Change by language",
    "size": "Change and training size",
    "distance": "Change and distance from English",
    "seeds": "Spread over seeds",
    "learning": "Learning curves",
    "correlation": "Correlation between targets",
}
"""The titles of the figures, in the order of the report, by the name of the figure, its module and its files."""

SOURCES = {
    "sources": "Scores by language of training",
    "apart": "Change and distance between the languages",
}
"""The titles of the figures of experiments with sources, which come before the others."""

ROBUSTNESS = {"robustness": "Drop under perturbed text"}
"""The title of the figure of experiments with perturbed text, which comes before all others."""
ORDERS = {"orders": "Scores by order of the tasks"}
"""The title of the figure of experiments in which intermediates differ only in the order of their tasks."""

FORMATS = ("svg", "pdf", "png")


QUESTIONS = {"robustness": ROBUSTNESS, "sources": SOURCES, "orders": ORDERS}
"""The titles of the figures of the questions that an experiment may ask."""


def titles(asked: Container[str]) -> dict[str, str]:
    """The titles of the figures of an experiment that asks some of the questions, in the order of the report."""
    return {
        name: title for question, own in QUESTIONS.items() if question in asked for name, title in own.items()
    } | TITLES
