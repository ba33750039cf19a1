"""The sections of the page with the tables of the questions that an experiment asks."""

import re
from collections.abc import Iterable

from xstilts.reporting import questions
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.formats import Table

_NUMBER = re.compile(r"[<+\N{MINUS SIGN}]? ?\d")
_NEGATIVE = re.compile(r"(?<![^\s(])-(?=\d)")


def sections(results: Results) -> list[dict]:
    """A section for each question, with a part for each encoder or comparison.

    Args:
        results: the results with labels in place of long names.
    """
    found = []
    for question, title in questions.TITLES.items():
        parts = [
            {"title": name, "tables": [_table(one) for one in tables]}
            for encoder in results.grid.encoders
            for name, tables in questions.parts(results, encoder, question)
        ]
        if parts:
            found.append({"id": question, "title": title, "parts": parts})
    return found


def _table(table: Table) -> dict:
    """A table as text: its caption, its columns, whether each has numbers, and its rows."""
    rows = [
        [name, *map(_with_minus, texts)]
        for name, texts in zip(table.shown.index, table.shown.to_numpy().tolist(), strict=True)
    ]
    # The first column has the names of the rows.
    numbers = [False, *(_are_numbers(row[place] for row in rows) for place in range(1, 1 + table.shown.shape[1]))]
    columns = [table.shown.index.name, *table.shown.columns]
    return {"caption": table.caption, "columns": columns, "numbers": numbers, "rows": rows}


def _are_numbers(texts: Iterable[str]) -> bool:
    """Whether a text of a column begins with a number; names may contain digits."""
    return any(_NUMBER.match(text) for text in texts)


def _with_minus(text: str) -> str:
    """A text of a table with the minus signs of the rest of the page instead of hyphens."""
    return _NEGATIVE.sub("\N{MINUS SIGN}", text)
