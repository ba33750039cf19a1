"""Statistics of an experiment: confidence intervals over seeds and examples, and tests against the baseline."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from statsmodels.stats.multitest import multipletests

from xstilts import metrics, tasks
from xstilts.config import GridSettings, Report
from xstilts.reporting import per_example as counting
from xstilts.reporting.collect import ALL, MAIN_SCORE
from xstilts.reporting.comparison import LEVEL, NUMBERS, Comparison

KEYS = ["encoder", "intermediate", "target", "language"]
COLUMNS = [*KEYS, "metric", *NUMBERS, "p_adjusted", "significant", "n", "seeds"]

Languages = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Scores:
    """The locations of the scores of cells.

    Args:
        store: the folder of the store.
        cells: encoder, intermediate, target, seed and the path of the scores of each cell (`Cell.record`).
    """

    store: Path
    cells: list[list]

    def of(self, encoder: str, target: str) -> dict[tuple[str, int], str]:
        """The paths of the scores of one encoder and target, by intermediate and seed."""
        mine = (cell for cell in self.cells if (cell[0], cell[2]) == (encoder, target))
        return {(intermediate, seed): path for _, intermediate, _, seed, path in mine}


def statistics(scores: Scores, grid: GridSettings, languages: Languages, settings: Report) -> pd.DataFrame:
    """The table of statistics, with a row for each encoder, intermediate, target and language.

    Rows with the language `ALL` are for the mean over the languages of a target.

    Args:
        scores: the scores of all cells.
        grid: the grid of the experiment.
        languages: the languages of each target. The numbers are missing where a seed or the score of a language is.
        settings: the number of samples, and whether the median or the mean is taken over seeds.

    Returns:
        A table with `COLUMNS`, in the order of the grid; docs/statistics.md explains how each is computed.

    Raises:
        DataError: the cells of a target were not scored on the same units.
    """
    targets = [(encoder, target) for encoder in grid.encoders for target in grid.targets]
    found = pd.concat([_of_target(scores, *one, grid, languages[one[1]], settings) for one in targets])
    rows = [
        (encoder, intermediate, target, language)
        for encoder in grid.encoders
        for intermediate in grid.intermediates
        for target in grid.targets
        for language in (ALL, *languages[target])
    ]
    table = found.reindex(pd.MultiIndex.from_tuples(rows, names=KEYS)).reset_index()
    table = table.assign(metric=MAIN_SCORE, p_adjusted=adjusted(table))
    counted = {name: table[name].fillna(0).astype("int64") for name in ("n", "seeds")}
    return table.assign(significant=significant(table), **counted)[COLUMNS]


def write(table: pd.DataFrame, folder: Path) -> None:
    """Write `statistics.parquet` and `statistics.csv`."""
    table.to_parquet(folder / "statistics.parquet", index=False)
    table.to_csv(folder / "statistics.csv", index=False)


def _of_target(
    scores: Scores, encoder: str, target: str, grid: GridSettings, languages: tuple[str, ...], settings: Report
) -> pd.DataFrame:
    """The numbers of the complete cells of a target, indexed by `KEYS`."""
    paths = scores.of(encoder, target)
    counts = counting.read(scores.store, paths, grid.intermediates, grid.seeds)
    if counts is None:
        return pd.DataFrame(columns=[*KEYS, *NUMBERS, "n", "seeds"]).set_index(KEYS).astype("float64")
    sizes = {lang: one.size for lang, one in counts.languages.items()}
    complete = set(sizes) == set(languages)
    index = pd.MultiIndex.from_product([[ALL, *sizes], counts.intermediates], names=["language", "intermediate"])
    numbers = Comparison(counts, metrics.load(tasks.load(target).metric), settings, complete, _seed(target)).numbers()
    table = pd.DataFrame({name: array.ravel() for name, array in numbers.items()}, index).reset_index()
    table["n"] = table["language"].map({ALL: sum(sizes.values()) if complete else 0, **sizes})
    models = {name: len({paths[name, seed] for seed in grid.seeds}) for name in counts.intermediates}
    table["seeds"] = table["intermediate"].map(models)
    return table.assign(encoder=encoder, target=target).set_index(KEYS)


def _seed(target: str) -> int:
    """The seed of the random draws for a target."""
    return zlib.crc32(target.encode())


def adjusted(table: pd.DataFrame) -> pd.Series:
    """Holm's adjusted p-values.

    The family of a row with the language `ALL` is all such rows of its encoder; the family of any other row is the rows
    of its encoder and target.
    """
    family = table["target"].where(table["language"] != ALL, ALL)
    return table.groupby(["encoder", family.rename("family")])["p"].transform(_holm)


def _holm(p: pd.Series) -> pd.Series:
    known = p.dropna()
    adjusted = multipletests(known, method="holm")[1] if len(known) else []
    return pd.Series(adjusted, known.index, dtype="float64").reindex(p.index)


def significant(table: pd.DataFrame) -> pd.Series:
    """Whether the test rejects equality and the interval of the change, over examples and seeds, excludes zero."""
    return (table["p_adjusted"] < LEVEL) & ((table["delta_low"] > 0) | (table["delta_high"] < 0))
