"""The table of the paper: the scores of the baseline, and the change over it for each intermediate."""

from pathlib import Path

import pandas as pd
from rich.table import Table

from xstilts import labels
from xstilts.config import Config, GridSettings
from xstilts.names import NO_INTERMEDIATE
from xstilts.reporting.collect import MAIN_SCORE
from xstilts.reporting.marks import MISSING

MEAN = "mean"


def levels(
    scores: pd.DataFrame, encoder: str, grid: GridSettings, over_seeds: str, metric: str = MAIN_SCORE
) -> pd.DataFrame:
    """The score of each target after each intermediate, in percent.

    The score of a target is the unweighted mean of the metric over its languages, then the median or the mean over
    seeds. It is missing if the score of a language or seed is missing; the mean of that row is then missing too.

    Returns:
        Intermediates by targets, with the mean over `grid.averaged` in the last column.
    """
    seeds = _by_seed(scores, encoder, grid, metric)
    return _with_mean(getattr(seeds, over_seeds)(axis=1, skipna=False).unstack("target"), grid)


def _with_mean(table: pd.DataFrame, grid: GridSettings) -> pd.DataFrame:
    """The table in the order of the grid, with the mean over targets in the last column."""
    table = table.reindex(index=grid.intermediates, columns=grid.targets)
    return table.assign(**{MEAN: table[list(grid.averaged)].mean(axis=1, skipna=False)})


def _by_seed(scores: pd.DataFrame, encoder: str, grid: GridSettings, metric: str) -> pd.DataFrame:
    """The mean of a metric over the languages of each intermediate and target, with a column for each seed."""
    mine = scores[(scores["encoder"] == encoder) & (scores["metric"] == metric)]
    by_seed = mine.groupby(["intermediate", "target", "seed"])["value"].agg(lambda values: values.mean(skipna=False))
    return by_seed.unstack("seed").reindex(columns=grid.seeds)


def spreads(scores: pd.DataFrame, encoder: str, grid: GridSettings) -> pd.DataFrame:
    """The standard deviations over seeds of the numbers in the table of deltas; missing if there is one seed."""
    by_seed = _by_seed(scores, encoder, grid, MAIN_SCORE)
    tables = [deltas(_with_mean(by_seed[seed].unstack("target"), grid)) for seed in grid.seeds]
    return pd.concat(tables, keys=grid.seeds).groupby(level=1, sort=False).std()


def deltas(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the baseline first, and the change over the baseline in all other rows."""
    if NO_INTERMEDIATE not in table.index:
        return table
    baseline = table.loc[NO_INTERMEDIATE]
    changed = table.sub(baseline).drop(index=NO_INTERMEDIATE)
    return pd.concat([baseline.to_frame().T, changed])


def write(table: pd.DataFrame, folder: Path, name: str, grid: GridSettings | None = None) -> None:
    """Write a table of deltas as CSV and Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / f"{name}.csv", index_label="intermediate", float_format="{:z.4f}".format)
    (folder / f"{name}.md").write_text(markdown(table, grid), encoding="utf-8")


def rich_table(
    table: pd.DataFrame,
    title: str,
    spread: pd.DataFrame | None = None,
    uncertain: pd.DataFrame | None = None,
    grid: GridSettings | None = None,
) -> Table:
    """A table of deltas for the terminal: gains green, losses red.

    Args:
        grid: the grid of the experiment; without it, every combination is part of it.
        spread: the standard deviations of the numbers over seeds; none are shown without it.
        uncertain: the changes whose intervals contain 0, which are grey; none without it.
    """
    remarks = ["grey: the 95 % interval contains 0"] if uncertain is not None else []
    remarks += ["±: standard deviation over seeds"] if spread is not None else []
    known = _labels(table)
    remarks += [note.rstrip(".") for note in labels.notes(known, " ".join(known.values()))]
    shown = Table(title=title, caption="; ".join(remarks) or None)
    shown.add_column("intermediate")
    for column in table.columns:
        shown.add_column(labels.labelled(str(column), known), justify="right")
    for row, values in table.iterrows():
        texts = []
        for column, value in values.items():
            if not is_planned(grid, row, column):
                texts.append("")
                continue
            is_change = is_delta(table, row)
            is_grey = uncertain is not None and column in uncertain and bool(uncertain.loc[row, column])
            texts.append(_coloured(value, is_change, is_grey) + around(spread, row, column))
        shown.add_row(labels.labelled(str(row), known), *texts)
    return shown


def is_planned(grid: GridSettings | None, intermediate: object, column: object) -> bool:
    """Whether a number is part of the grid: a target is evaluated after the intermediate, of a mean all targets are."""
    if grid is None:
        return True
    targets = [column] if column in grid.targets else grid.averaged
    return bool(targets) and all(grid.has(str(intermediate), str(target)) for target in targets)


def averaged(grid: GridSettings) -> list[str]:
    """A sentence on the targets of which means over targets consist, if these are not all targets of the grid."""
    if set(grid.averaged) == set(grid.targets):
        return []
    named = ", ".join(grid.averaged) or "no target"
    return [f"The mean is over {named}: targets with unchanged text, after the English training for their task."]


def _labels(table: pd.DataFrame) -> dict[str, str]:
    """The labels of the names in the rows and columns of a table."""
    return labels.labels(map(str, (*table.index, *table.columns)))


def around(spread: pd.DataFrame | None, row: object, column: object) -> str:
    """The text of a standard deviation, after a number; empty if it is missing."""
    value = float("nan") if spread is None else spread.loc[row, column]
    return "" if pd.isna(value) else f" ±{value:.1f}"


def is_delta(table: pd.DataFrame, row: object) -> bool:
    """Whether a row of the table contains changes instead of scores."""
    return row != NO_INTERMEDIATE and NO_INTERMEDIATE in table.index


def text(value: float, delta: bool) -> str:
    """A score, or a change with its sign, with one decimal; 0.0 has no sign."""
    if pd.isna(value):
        return MISSING
    shown = f"{value:z.1f}"
    return f"{value:+.1f}" if delta and float(shown) else shown


def _coloured(value: float, delta: bool, grey: bool) -> str:
    shown = text(value, delta)
    if grey:
        return f"[dim]{shown}[/]"
    if not delta or pd.isna(value) or float(shown) == 0:
        return shown
    return f"[green]{shown}[/]" if value > 0 else f"[red]{shown}[/]"


def markdown(table: pd.DataFrame, grid: GridSettings | None = None) -> str:
    """A table of deltas in Markdown, in which combinations that are not part of the grid are blank."""
    known = _labels(table)
    columns = [labels.labelled(str(column), known) for column in table.columns]
    lines = [["intermediate", *columns], ["---", *["---:"] * len(columns)]]
    for row, values in table.iterrows():
        shown = [
            text(value, is_delta(table, row)) if is_planned(grid, row, column) else ""
            for column, value in values.items()
        ]
        lines.append([labels.labelled(str(row), known), *shown])
    notes = "".join(f"\n{note}\n" for note in labels.notes(known, " ".join(known.values())))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + notes


def of_scores(scores: pd.DataFrame, config: Config) -> dict[str, pd.DataFrame]:
    """The table of deltas of each encoder."""
    grid, over_seeds = config.grid, config.report.over_seeds
    return {encoder: deltas(levels(scores, encoder, grid, over_seeds)) for encoder in grid.encoders}
