"""The tables of the questions that an experiment asks: on languages of training, robustness, order and forgetting."""

from collections.abc import Iterator

from xstilts.reporting import forgetting_tables, order_tables, robust_tables, source_tables
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.formats import Table

SOURCES = "sources"

TITLES = {
    SOURCES: "Languages of training",
    "robustness": "Robustness",
    "orders": "Order of tasks",
    "forgetting": "What sequences forget",
}
"""The titles of the questions, in the order of reports."""

_MADE = {
    "robustness": robust_tables.tables,
    "orders": order_tables.tables,
    "forgetting": forgetting_tables.tables,
}


def tables(results: Results, encoder: str) -> list[Table]:
    """The tables of an encoder for all questions of the experiment."""
    return [table for question in TITLES for _, made in parts(results, encoder, question) for table in made]


def parts(results: Results, encoder: str, question: str) -> Iterator[tuple[str, list[Table]]]:
    """The tables of an encoder for a question, in parts with a title; none if the experiment does not ask it."""
    if question == SOURCES:
        for matrix in results.matrices:
            yield f"{matrix.title}, {encoder}", source_tables.tables(results, encoder, matrix)
    elif made := _MADE[question](results, encoder):
        yield encoder, made
