"""Counts of each example for the score of each model, from which intervals and tests are computed."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
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
        values: the counts, shape (units, intermediates, seeds, columns); float32 if that is exact, else float64.
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
    store: Path,
    scores: Mapping[tuple[str, int], str],
    intermediates: Iterable[str],
    seeds: Sequence[int],
    languages: Collection[str] | None = None,
) -> Counts | None:
    """Read the counts of the cells of one encoder and target.

    Args:
        store: the folder of the store.
        scores: the path of a cell's scores below the store, by intermediate and seed. Cells may be missing.
        intermediates: the intermediates in the order of the grid.
        seeds: the seeds of the grid.
        languages: the languages to read; None for all.

    Returns:
        The counts, or None if no intermediate has all seeds or no language has gold labels.

    Raises:
        DataError: the cells were not all scored on the same units.
    """
    complete = [name for name in intermediates if all((name, seed) in scores for seed in seeds)]
    if not complete:
        return None
    paths = [store / scores[name, seed] / "examples.parquet" for name in complete for seed in seeds]
    first = _of(languages, paths[0])
    if not len(first):
        return None
    columns = [name for name in first.column_names if name not in _KEYS]
    found = {path: _nonzero(path, _of(languages, path), first) for path in dict.fromkeys(paths)}
    rows, row_of = _union(len(first), [rows for rows, _ in found.values()])
    kind = np.result_type(*(counts for _, counts in found.values()))
    values = np.zeros((len(rows), len(paths), len(columns)), kind)
    for model, path in enumerate(paths):
        own, counts = found[path]
        values[row_of[own], model] = counts
    values = values.reshape(len(rows), len(complete), len(seeds), len(columns))
    places, names = pd.factorize(first[UNIT].take(rows).to_pandas())
    sizes = Counter(first[LANGUAGE].to_pylist())
    language = np.asarray(first[LANGUAGE].take(rows))
    of = {lang: language == lang for lang in sizes}
    languages = {lang: LanguageCounts(sizes[lang], places[of[lang]], values[of[lang]]) for lang in sizes}
    return Counts(complete, columns, len(names), languages)


def _union(size: int, parts: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The numbers below a size that are in one of the parts, in ascending order, and the index of each of them."""
    is_in = np.zeros(size, dtype=bool)
    for part in parts:
        is_in[part] = True
    return np.flatnonzero(is_in), np.cumsum(is_in) - 1


def _of(languages: Collection[str] | None, file: Path) -> pa.Table:
    """The units of some languages in a file."""
    return pq.read_table(file, filters=None if languages is None else [(LANGUAGE, "in", list(languages))])


def _nonzero(file: Path, table: pa.Table, first: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """The indices of the units in a file with a count that is not zero, and their counts, shape (units, columns).

    Raises:
        DataError: the units are not those of the first file.
    """
    for key in _KEYS:
        if not table[key].equals(first[key]):
            raise DataError(file, f"column {key!r}", "other units", "those of the target's other cells, in their order")
    counts = np.column_stack([table[name] for name in table.column_names if name not in _KEYS])
    rows = np.flatnonzero(counts.any(axis=1))
    counts, single = counts[rows], counts[rows].astype(np.float32)
    return rows, single if np.array_equal(single, counts) else counts
