"""Writes tables as CSV, Markdown, LaTeX and HTML."""

from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>{encoder}</title>
<style>
body {{ font: 14px "Liberation Sans", Arial, Helvetica, sans-serif; color: #1a1a1a; margin: 2em; }}
table {{ border-collapse: collapse; border-block: 2px solid; }}
thead tr {{ border-bottom: 1px solid; }}
th, td {{ padding: 0.25em 0.8em; text-align: right; white-space: nowrap; }}
th:first-child, td:first-child {{ text-align: left; }}
th {{ font-weight: normal; }}
</style>
<h1>{encoder}</h1>
{rows}
<p>{caption}</p>
"""


@dataclass(frozen=True)
class Table:
    """A table of one encoder.

    Args:
        name: the part of the file names after the encoder.
        caption: the caption for readers.
        numbers: the numbers, for the CSV file; the index is the first column.
        shown: the same table as text, for readers, with marks and additional rows.
    """

    name: str
    caption: str
    numbers: pd.DataFrame
    shown: pd.DataFrame


def write(table: Table, folder: Path, encoder: str) -> None:
    """Write `<encoder>.<table>.csv`, `.md`, `.tex` and `.html`."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{encoder}.{table.name}"
    table.numbers.to_csv(folder / f"{stem}.csv", float_format="{:z.4f}".format)
    (folder / f"{stem}.md").write_text(markdown(table), encoding="utf-8")
    (folder / f"{stem}.tex").write_text(latex(table, encoder), encoding="utf-8")
    (folder / f"{stem}.html").write_text(html(table, encoder), encoding="utf-8")


def markdown(table: Table) -> str:
    """The table as Markdown, followed by its caption."""
    align = ["left"] + ["right"] * table.shown.shape[1]
    return f"{table.shown.to_markdown(disable_numparse=True, colalign=align)}\n\n{table.caption}\n"


def latex(table: Table, encoder: str) -> str:
    """The table as LaTeX. It needs the packages `booktabs` and `inputenc` (UTF-8)."""
    return table.shown.reset_index().to_latex(
        index=False,
        escape=True,
        column_format="l" + "r" * table.shown.shape[1],
        position="t",
        caption=_escaped(f"{encoder}: {table.caption}"),
        label=f"tab:{encoder}-{table.name}",
    )


def html(table: Table, encoder: str) -> str:
    """The table as a complete HTML page."""
    rows = table.shown.reset_index().to_html(index=False, escape=True, border=0, na_rep="")
    return _PAGE.format(encoder=escape(encoder), rows=rows, caption=escape(table.caption))


def _escaped(text: str) -> str:
    """A caption with the special characters of LaTeX escaped; names and captions contain no others."""
    return text.replace("_", r"\_").replace("%", r"\%")
