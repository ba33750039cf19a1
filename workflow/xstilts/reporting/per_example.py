"""Counts of each example for the score of each model, from which intervals and tests are computed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from xstilts.errors import DataError
from xstilts.metrics import UNIT
from xstilts.prediction.scoring import LANGUAGE

_KEYS = [LANGUAGE, UNIT]


@dataclass(frozen=True)
class LanguageCounts:
    """The counts of a target in one language. Units whose counts are zero in all models are not stored.

    Args:
        size: the number of units, including those that are not stored.
        places: the index of each unit's name among the names of all units of the target, shape (units,). Translations
            of each other have the same name, and therefore the same index, in every language.
        values: the counts, shape (units, intermediates, seeds, columns).
    """

    size: int
    places: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Counts:
    """The counts of a target for one encoder.

    Args:
        intermediates: the intermediates for which all seeds exist, in the order of the grid.
        columns: the names of the counts.
        names: the number of distinct unit names over all languages.
        languages: the counts by language, for the languages with gold labels.
    """

    intermediates: list[str]
    columns: list[str]
    names: int
    languages: dict[str, LanguageCounts]


def read(
    store: Path, scores: Mapping[tuple[str, int], str], intermediates: Iterable[str], seeds: Sequence[int]
) -> Counts | None:
    """Read the counts of the cells of one encoder and target.

    Args:
        store: the folder of the store.
        scores: the path of a cell's scores below the store, by intermediate and seed. Cells may be missing.
        intermediates: the intermediates in the order of the grid.
        seeds: the seeds of the grid.

    Returns:
        The counts, or None if no intermediate has all seeds or no language has gold labels.

    Raises:
        DataError: the cells were not all scored on the same units.
    """
    complete = [name for name in intermediates if all((name, seed) in scores for seed in seeds)]
    if not complete:
        return None
    files = [store / scores[name, seed] / "examples.parquet" for name in complete for seed in seeds]
    first = pq.read_table(files[0])
    if not len(first):
        return None
    columns = [name for name in first.column_names if name not in _KEYS]
    rows = np.flatnonzero(np.any([_counts(file, first).any(axis=1) for file in files], axis=0))
    values = np.stack([_counts(file, first)[rows] for file in files], axis=1)
    values = values.reshape(len(rows), len(complete), len(seeds), len(columns))
    places, names = pd.factorize(first[UNIT].take(rows).to_pandas())
    sizes = Counter(first[LANGUAGE].to_pylist())
    language = np.asarray(first[LANGUAGE].take(rows))
    of = {lang: language == lang for lang in sizes}
    languages = {lang: LanguageCounts(sizes[lang], places[of[lang]], values[of[lang]]) for lang in sizes}
    return Counts(complete, columns, len(names), languages)


def _counts(file: Path, first: pa.Table) -> np.ndarray:
    """The counts in a file, shape (units, columns).

    Raises:
        DataError: the units are not those of the first file.
    """
    table = pq.read_table(file)
    for key in _KEYS:
        if not table[key].equals(first[key]):
            raise DataError(file, f"column {key!r}", "other units", "those of the target's other cells, in their order")
    return np.column_stack([table[name] for name in table.column_names if name not in _KEYS])
