"""Statistics of a target: confidence intervals over seeds and examples, and tests against the baseline."""

import zlib
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from xstilts import metrics, tasks
from xstilts.config import Report
from xstilts.reporting import per_example as counting
from xstilts.reporting.collect import ALL, MAIN_SCORE
from xstilts.reporting.comparison import NUMBERS, Comparison

if TYPE_CHECKING:
    from xstilts.arms import Arms
    from xstilts.recipes import Target

KEYS = ["encoder", "intermediate", "target", "language"]
COLUMNS = [*KEYS, "metric", *NUMBERS, "n", "seeds"]


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


def statistics(
    scores: Scores, target: "Target", grid: "Arms", languages: tuple[str, ...], settings: Report
) -> pd.DataFrame:
    """The statistics of a target, with a row for each encoder, intermediate and language.

    Rows with the language `ALL` are for the mean over the languages of the target.

    Args:
        scores: the scores of all cells of the target.
        grid: the grid of the experiment.
        languages: the languages of the target. The numbers are missing where a seed or the score of a language is.
        settings: the number of samples, and whether the median or the mean is taken over seeds.

    Returns:
        A table with `COLUMNS`, in the order of the grid; docs/statistics.md explains how each is computed.

    Raises:
        DataError: the cells of the target were not scored on the same units.
    """
    found = pd.concat([_of_encoder(scores, encoder, target, grid, languages, settings) for encoder in grid.encoders])
    after = [name for name in grid.intermediates if grid.has(name, target.name)]
    rows = product(grid.encoders, after, (target.name,), (ALL, *languages))
    table = found.reindex(pd.MultiIndex.from_tuples(rows, names=KEYS)).reset_index().assign(metric=MAIN_SCORE)
    counted = {name: table[name].fillna(0).astype("int64") for name in ("n", "seeds")}
    return table.assign(**counted)[COLUMNS]


def _of_encoder(
    scores: Scores, encoder: str, target: "Target", grid: "Arms", languages: tuple[str, ...], settings: Report
) -> pd.DataFrame:
    """The numbers of the complete cells of an encoder and target, indexed by `KEYS`."""
    paths = scores.of(encoder, target.name)
    counts = counting.read(scores.store, paths, grid.intermediates, grid.seeds)
    if counts is None:
        return pd.DataFrame(columns=[*KEYS, *NUMBERS, "n", "seeds"]).set_index(KEYS).astype("float64")
    sizes = {lang: one.size for lang, one in counts.languages.items()}
    complete = set(sizes) == set(languages)
    index = pd.MultiIndex.from_product([[ALL, *sizes], counts.intermediates], names=["language", "intermediate"])
    numbers = Comparison(
        counts, metrics.load(tasks.load(target.task).metric), settings, complete, _seed(target.name)
    ).numbers()
    table = pd.DataFrame({name: array.ravel() for name, array in numbers.items()}, index).reset_index()
    table["n"] = table["language"].map({ALL: sum(sizes.values()) if complete else 0, **sizes})
    models = {name: len({paths[name, seed] for seed in grid.seeds}) for name in counts.intermediates}
    table["seeds"] = table["intermediate"].map(models)
    return table.assign(encoder=encoder, target=target.name).set_index(KEYS)


def _seed(target: str) -> int:
    """The seed of the random draws for a target."""
    return zlib.crc32(target.encode())
