"""Tables of test scores: intermediates by targets, by languages and by the groups of XTREME."""

from collections.abc import Collection
from itertools import product

import pandas as pd

from xstilts.metrics import xtreme
from xstilts.reporting import zero_shot
from xstilts.reporting.collect import ALL, MAIN_SCORE
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.formats import Table
from xstilts.reporting.marks import SIGNIFICANT
from xstilts.reporting.tables import MEAN, averaged, deltas, is_delta, is_planned, levels, text

PAIR = ("f1", "exact_match")
"""The metrics of question answering, which are shown as pairs."""

GROUPS = {
    "classification": "classification",
    "tagging": "structured prediction",
    "qa": "question answering",
    "retrieval": "retrieval",
}
"""The names of XTREME's groups in its tables."""

OVERALL = "overall"

_SCORES = "Scores; {over_seeds} over seeds."
_CHANGES = (
    "The baseline (none) in its scores, the intermediates in their change over it; {over_seeds} over seeds. "
    f"{SIGNIFICANT}: differs from the baseline, Holm-corrected p < 0.05 and 95 % interval without 0."
)


def targets(results: Results, encoder: str) -> Table:
    """The table of the paper: all targets after all intermediates, with F1 and exact match as pairs, and the mean."""
    answered = set(results.scores.loc[results.scores["metric"] == PAIR[1], "target"])
    tables = {metric: _changes(results, encoder, metric) for metric in (MAIN_SCORE, *PAIR)}
    significant = _pivot(results.by_target(encoder), "target", "significant")
    numbers: dict[str, pd.Series] = {}
    shown: dict[str, pd.Series] = {}
    for target in [*results.grid.targets, MEAN]:
        names = {f"{target} {metric}": metric for metric in PAIR} if target in answered else {target: MAIN_SCORE}
        columns = {name: tables[metric][target] for name, metric in names.items()}
        numbers |= columns
        planned = [row for row in results.grid.intermediates if is_planned(results.grid, row, target)]
        shown[target] = _texts(pd.DataFrame(columns), significant.get(target), planned)
    reading = " ".join([_reading(results), *averaged(results.grid)])
    caption = f"F1 / exact match for question answering, of which the mean has their mean. {reading}"
    return _table("paper", caption, pd.DataFrame(numbers), pd.DataFrame(shown), results.by_target(encoder), "target")


def languages(results: Results, encoder: str, target: str) -> Table:
    """All languages of a target after all intermediates; the first row is the mean over languages."""
    rows = results.statistics[(results.statistics[["encoder", "target"]] == [encoder, target]).all(axis=1)]
    rows = rows.replace({"language": {ALL: MEAN}})
    numbers = deltas(_pivot(rows, "language", "value").reindex(results.after(target)))
    significant = _pivot(rows, "language", "significant")
    shown = pd.DataFrame({name: _texts(numbers[[name]], significant[name], numbers.index) for name in numbers})
    caption = f"{target} by language. {_reading(results)}"
    if not results.is_plain:
        for name, lang in product(numbers.index, numbers):
            shown.loc[name, lang] += zero_shot.SEEN * (lang in results.seen.get((name, target), ()))
        caption += f" {zero_shot.READING}"
    means = _zero_shot_means(results, encoder, target)
    for place, (name, mean) in enumerate(means.items(), 1):
        numbers.insert(place, name, mean)
        shown.insert(place, name, _texts(numbers[[name]], None, numbers.index))
    if results.groups:
        caption += " " + _members(results, target)
    table = _table(f"languages.{target}", caption, numbers, shown, rows, "language")
    return Table(table.name, table.caption, _turned(table.numbers), _turned(table.shown))


def _zero_shot_means(results: Results, encoder: str, target: str) -> dict[str, pd.Series]:
    """The zero-shot mean of a target and of each group of its languages."""
    means = {} if results.is_plain else {zero_shot.ZERO_SHOT: zero_shot.row(results, encoder, target)}
    of_groups = {
        name: zero_shot.row(results, encoder, target, members)
        for name, members in results.groups.items()
        if set(members) & set(results.zero_shot(target))
    }
    return means | of_groups


def _members(results: Results, target: str) -> str:
    """The languages of each group that a target has, for a caption."""
    own = results.zero_shot(target)
    texts = [
        f"{name}: {', '.join(lang for lang in own if lang in members) or 'no language'}"
        for name, members in results.groups.items()
    ]
    return f"Zero-shot means of groups: {'; '.join(texts)}."


def groups(results: Results, encoder: str) -> Table:
    """XTREME's averages after each intermediate, as scores."""
    scores = levels(results.scores, encoder, results.grid, results.over_seeds)[list(results.grid.official)]
    rows = {name: xtreme.group_averages(row) | {OVERALL: xtreme.overall(row)} for name, row in scores.iterrows()}
    numbers = pd.DataFrame(rows, dtype="float64").T.rename(columns=GROUPS).rename_axis("intermediate")
    shown = numbers.map(text, delta=False)
    caption = f"Means over the targets of a group of XTREME, and over all nine; {results.over_seeds} over seeds."
    if set(results.grid.official) < set(results.grid.targets):
        caption += " Targets with perturbed text or another training than the benchmark's are in none of them."
    return Table("groups", caption, numbers, shown)


def _changes(results: Results, encoder: str, metric: str) -> pd.DataFrame:
    return deltas(levels(results.scores, encoder, results.grid, results.over_seeds, metric))


def _pivot(rows: pd.DataFrame, columns: str, values: str) -> pd.DataFrame:
    """A column of the statistics as intermediates by targets or languages, in the order of the grid."""
    return rows.pivot(index="intermediate", columns=columns, values=values)[list(dict.fromkeys(rows[columns]))]


def _texts(columns: pd.DataFrame, significant: pd.Series | None, planned: Collection[str]) -> pd.Series:
    """The text of each row: its numbers separated by slashes, and a mark if the change is significant.

    Rows that are not planned are blank.
    """
    texts = {}
    for row, numbers in columns.iterrows():
        if row not in planned:
            texts[row] = ""
            continue
        mark = SIGNIFICANT if significant is not None and significant[row] else ""
        texts[row] = " / ".join(text(number, is_delta(columns, row)) for number in numbers) + mark
    return pd.Series(texts)


def _table(name: str, caption: str, numbers: pd.DataFrame, shown: pd.DataFrame, rows: pd.DataFrame, by: str) -> Table:
    """A table with the intermediates as rows; for readers, rows with the numbers of seeds and examples are added."""
    behind = {count: _pivot(rows, by, count).apply(_range) for count in ("seeds", "n")}
    footer = pd.DataFrame(behind).T.rename(index={"n": "examples"}).reindex(columns=shown.columns, fill_value="")
    below = pd.concat([shown, footer])
    return Table(name, caption, numbers.rename_axis("intermediate"), below.rename_axis("intermediate"))


def _range(counts: pd.Series) -> str:
    """The smallest and the largest count of a column, or one number if they are equal."""
    known = counts.dropna().astype("int64")
    return "–".join(f"{count}" for count in sorted({known.min(), known.max()}))


def _turned(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename_axis(None).T.rename_axis("language")


def _reading(results: Results) -> str:
    reading = _CHANGES if results.has_baseline else _SCORES
    return reading.format(over_seeds=results.over_seeds)
