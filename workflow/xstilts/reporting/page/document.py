"""The content of the page as one JSON document. Texts are not escaped."""

import re
from collections.abc import Collection, Iterable
from pathlib import Path

import pandas as pd

from xstilts.grid import Cell, Grid
from xstilts.labels import labelled
from xstilts.languages import language
from xstilts.names import NO_INTERMEDIATE
from xstilts.reporting import relabelling, robust_tables, source_tables, zero_shot
from xstilts.reporting.collect import MAIN_SCORE
from xstilts.reporting.experiment_results import ALL, Results
from xstilts.reporting.figures import style
from xstilts.reporting.figures.charts import charts
from xstilts.reporting.formats import Table
from xstilts.reporting.page import known_text, numbers, samples
from xstilts.reporting.page.provenance import Entries, versions

HEAT_MAP = "deltas"
"""The figure that the page shows as an interactive table."""

_DECIMALS = 4

_NUMBER = re.compile(r"[+\N{MINUS SIGN}]?\d")
_NEGATIVE = re.compile(r"(?<!\S)-(?=\d)")


def build(store: Path, grid: Grid, results: Results, warnings: list[str], records: list[dict[str, str]]) -> dict:
    """The document of an experiment.

    Args:
        warnings: warnings about the data.
        records: the records of sameness that users have added, with what they are about (`of`) and the reason (`why`).
    """
    about = {"experiment": grid.config.experiment, "versions": versions(), "warnings": warnings, "records": records}
    return {**about, "known_text": known_text.note(grid), **of_results(results), **of_store(store, grid, results)}


def of_results(results: Results) -> dict:
    """The part of the document with numbers and figures."""
    rows = numbers.rows(results)
    names, known = _names(results, rows), relabelling.of_results(results)
    return {
        "names": names,
        "languages": {code: language(code).name for code in names["language"] if code != ALL},
        "over_seeds": results.over_seeds,
        "baseline": NO_INTERMEDIATE if results.has_baseline else None,
        "means": _means(results),
        "labels": {name: labelled(name, known) for name in (*names["intermediate"], *names["target"])} if known else {},
        "left_out": list(results.left_out),
        "groups": {name: _group(results, members) for name, members in results.groups.items()},
        "seen": {} if results.is_plain else {_key(*pair): list(found) for pair, found in results.seen.items()},
        "zero_shot": {} if results.is_plain else {name: _zero_shot(results, name) for name in results.grid.encoders},
        "rows": _columns(rows, names),
        "sources": [
            _section(f"{one.title}, {encoder}", source_tables.tables(results, encoder, one))
            for encoder in results.grid.encoders
            for one in results.matrices
        ],
        "robustness": _robustness(relabelling.relabelled(results)),
        **_figures(results),
    }


def of_store(store: Path, grid: Grid, results: Results) -> dict:
    """The part of the document with the provenance and sample predictions of each cell."""
    cells, entries = _cells(grid), Entries(store)
    firsts = [seeds[0] for seeds in cells.values()]
    length = samples.text_length(len(firsts))
    shown = samples.of_cells(store, firsts, length)
    return {
        "cells": [_cell(seeds, entries, results, shown) for seeds in cells.values()],
        "entries": entries.described,
        "sampling": {"count": samples.COUNT, "length": length, "seed": firsts[0].seed},
    }


def _names(results: Results, rows: pd.DataFrame) -> dict[str, list]:
    """The names of encoders, intermediates, targets and so on, in the order of the page."""
    order = results.grid
    metrics = [name for name in rows["metric"].unique() if name != MAIN_SCORE]
    return {
        "encoder": list(order.encoders),
        "intermediate": list(order.intermediates),
        "target": list(order.targets),
        "language": [ALL, *sorted(set(rows["language"]) - {ALL})],
        "metric": [MAIN_SCORE, *metrics],
        "seed": [results.over_seeds, *order.seeds],
    }


def _means(results: Results) -> dict[str, dict[str, list]]:
    """The means over targets of scores and changes, by encoder and intermediate; None if a score is missing.

    An intermediate that does not precede all targets has no mean.
    """
    found = {}
    for encoder in results.grid.encoders:
        cells = results.by_target(encoder)
        averaged = results.grid.averaged
        whole = cells[cells["intermediate"].isin(results.after(*averaged)) & cells["target"].isin(averaged)]
        targets = whole.groupby("intermediate", sort=False)[["value", "delta"]]
        means = targets.agg(lambda values: values.mean(skipna=False)).round(_DECIMALS)
        found[encoder] = {name: [None if pd.isna(mean) else mean for mean in row] for name, *row in means.itertuples()}
    return found


def _group(results: Results, members: Collection[str]) -> dict[str, list[str]]:
    """The languages of a group that are evaluated, and the targets that have none of them."""
    own = {target: results.zero_shot(target) for target in results.grid.targets}
    return {
        "languages": sorted({lang for found in own.values() for lang in found if lang in members}),
        "without": [target for target, found in own.items() if not set(found) & set(members)],
    }


def _robustness(results: Results) -> list[dict]:
    """The tables of perturbed text, of text out of domain and of objectives, by encoder."""
    if not results.robustness.tables:
        return []
    return [_section(encoder, robust_tables.tables(results, encoder)) for encoder in results.grid.encoders]


def _section(title: str, tables: Iterable[Table]) -> dict:
    """Some tables as text, below a title."""
    return {"title": title, "tables": [_table(one) for one in tables]}


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
    """Whether the texts of a column begin with numbers, as far as they are not missing."""
    return any(_NUMBER.match(text) for text in texts)


def _with_minus(text: str) -> str:
    """A text of a table with the minus signs of the rest of the page instead of hyphens."""
    return _NEGATIVE.sub("\N{MINUS SIGN}", text)


def _zero_shot(results: Results, encoder: str) -> dict[str, list]:
    """The zero-shot mean of each cell, and its change over the baseline; None if it is missing."""
    found = {}
    for target in results.grid.targets:
        for name in results.after(target):
            numbers = zero_shot.change(results, encoder, name, target)
            found[_key(name, target)] = [None if pd.isna(one) else round(one, _DECIMALS) for one in numbers]
    return found


def _key(intermediate: str, target: str) -> str:
    """The key of a cell of an encoder."""
    return f"{intermediate} {target}"


def _columns(rows: pd.DataFrame, names: dict[str, list]) -> dict[str, list]:
    """The rows by column, with names as indices into `names` and missing numbers as None.

    Missing numbers at the end of a column are dropped, since only the first rows have intervals.
    """
    columns = {name: pd.Categorical(rows[name], names[name]).codes.tolist() for name in numbers.NAMES}
    for name in rows.columns.difference(numbers.NAMES, sort=False):
        values = rows[name].astype("float64").round(_DECIMALS)
        column = [None if pd.isna(value) else int(value) if value.is_integer() else value for value in values]
        while column and column[-1] is None:
            column.pop()
        columns[name] = column
    return columns


def _cells(grid: Grid) -> dict[tuple[str, str, str], list[Cell]]:
    """The cells of all seeds, by encoder, intermediate and target."""
    found: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in grid.cells:
        found.setdefault((cell.encoder, cell.intermediate, cell.target), []).append(cell)
    return found


def _cell(seeds: list[Cell], entries: Entries, results: Results, shown: dict[str, list[dict]]) -> dict:
    """A cell: why its score is missing, the entries of each seed, and sample predictions of the first seed."""
    first = seeds[0]
    return {
        "encoder": first.encoder,
        "intermediate": first.intermediate,
        "target": first.target,
        "split": first.predictions.spec["split"],
        "missing": _missing(results.scores, first),
        "runs": [{"seed": cell.seed, "scores": entries.number(cell.scores)} for cell in seeds],
        "samples": shown[first.predictions.path],
    }


def _missing(scores: pd.DataFrame, cell: Cell) -> str | None:
    """The reason why the score of a cell is missing, or None."""
    own = (scores["encoder"] == cell.encoder) & (scores["intermediate"] == cell.intermediate)
    own &= (scores["target"] == cell.target) & (scores["metric"] == MAIN_SCORE) & scores["value"].isna()
    languages = sorted(scores.loc[own, "language"].unique())
    return f"no gold labels in {', '.join(languages)}" if languages else None


def _figures(results: Results) -> dict:
    """The figures of each encoder, and the configurations of the light and the dark theme."""
    found, themes, shown = [], {}, relabelling.relabelled(results)
    for encoder in results.grid.encoders:
        for name, chart in charts(shown, encoder).items():
            if name != HEAT_MAP:
                drawn = style.spec(chart)
                themes = {"light": drawn.pop("config"), "dark": style.spec(chart, dark=True)["config"]}
                found.append({"encoder": encoder, "name": name, "spec": drawn})
    return {"figures": found, "themes": themes}
