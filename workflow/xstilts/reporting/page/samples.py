"""Sample predictions of each cell, correct and wrong ones, with a size limit for the page."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xstilts import tasks
from xstilts.fingerprints.spec import fingerprint
from xstilts.grid import Cell
from xstilts.prediction import xtreme_files
from xstilts.reporting.page.examples import Examples
from xstilts.sources.columns import SCHEMAS, file_name
from xstilts.steps.entry import Entry
from xstilts.task import Task

COUNT = 20
"""Sample predictions of a cell."""

BUDGET = 6_000_000
"""The size limit, in bytes, for the texts of all sample predictions."""

LONGEST, SHORTEST = 400, 80
"""The bounds for the length, in characters, at which texts are cut."""

_BYTES = 6
"""Bytes per character of the length: UTF-8 outside the Latin alphabet, for two texts."""

_BATCH, _COUNTS, _BUFFER = 2**12, 2**16, 2**20
"""The rows of examples and of counts, and the bytes of a file, that are read at once."""


def text_length(cells: int) -> int:
    """The length, in characters, at which texts are cut so that all texts fit `BUDGET`, but at least `SHORTEST`."""
    return max(SHORTEST, min(LONGEST, BUDGET // (cells * COUNT * _BYTES)))


def of_cells(store: Path, cells: Iterable[Cell], length: int) -> dict[str, list[dict]]:
    """Sample predictions of each cell, by the path of the predictions; empty for a split without gold labels.

    Args:
        store: the folder of the store.
        cells: the cells.
        length: the number of characters at which a text is cut.
    """
    by_target: dict[str, dict[str, Cell]] = {}
    for cell in cells:
        by_target.setdefault(cell.target, {})[cell.predictions.path] = cell
    found: dict[str, list[dict]] = {}
    for mine in by_target.values():
        found |= _of_target(
            store, tasks.load(next(iter(mine.values())).predictions.about.task), list(mine.values()), length
        )
        # Otherwise, the allocator keeps what the largest target has used.
        pa.default_memory_pool().release_unused()
    return found


def choose(units: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """A random sample of units, half of them correct and half wrong if there are enough, spread over the languages.

    Args:
        units: a table with the columns `language`, `unit` and `right`.
        count: the size of the sample.
        seed: the seed of the random generator.
    """
    shuffled = units.sample(frac=1, random_state=seed)
    shuffled["turn"] = shuffled.groupby(["language", "right"]).cumcount()
    shuffled = shuffled.sort_values("turn", kind="stable")
    right, wrong = shuffled[shuffled["right"]], shuffled[~shuffled["right"]]
    wrongs = min(len(wrong), max(count // 2, count - len(right)))
    return pd.concat([wrong.head(wrongs), right.head(count - wrongs)]).drop(columns="turn")


def judged(scores: Path, metric: str) -> pd.DataFrame:
    """The units of a cell and whether their predictions are correct, in the columns `language`, `unit` and `right`.

    The table is empty if there are no gold labels. For BUCC, sentences with neither a translation nor a prediction are
    left out.

    Args:
        scores: the folder with the scores of the cell.
        metric: the name of the metric.
    """
    with pq.ParquetFile(scores / "examples.parquet", buffer_size=_BUFFER) as parquet:
        if not parquet.metadata.num_rows:
            return pd.DataFrame({"language": [], "unit": [], "right": pd.Series(dtype=bool)})
        batches = parquet.iter_batches(_COUNTS)
        return pd.concat([_judged(batch.to_pandas(), metric) for batch in batches], ignore_index=True)


def _judged(counts: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The units of some rows of counts."""
    exact = [name for name in counts.columns if name.endswith("exact_match")]
    if exact:
        right = counts[exact].sum(axis=1) == 1
    elif "all" in counts.columns:
        right = counts["right"] == counts["all"]
    else:
        right = (counts["right"] == counts["found"]) & (counts["right"] == counts["expected"])
    if metric == "bucc":
        counts = counts[counts["expected"] + counts["found"] > 0]
    return counts[["language", "unit"]].assign(right=right)


def _of_target(store: Path, task: Task, cells: list[Cell], length: int) -> dict[str, list[dict]]:
    """The samples of cells of one target, by the path of the predictions.

    One language after the other is read, and of its examples only those that are shown, since corpora are large.
    """
    chosen = {cell.predictions.path: _chosen(store, task, cell) for cell in cells}
    shown = {}
    for lang in dict.fromkeys(lang for units in chosen.values() for lang in units):
        units = {path: of[lang] for path, of in chosen.items() if lang in of}
        shown[lang] = _of_language(store, task, cells[0].predictions, lang, units, length)
    return {path: [one for lang in units for one in shown[lang][path]] for path, units in chosen.items()}


Units = Mapping[str, bool]
"""The units that are shown of a cell in one language, and whether their predictions are correct."""


def _chosen(store: Path, task: Task, cell: Cell) -> dict[str, Units]:
    """The units that are shown of a cell, by language."""
    seed = int(fingerprint(cell.predictions.path)[:8], 16)
    units = choose(judged(store / cell.scores.path, task.metric), COUNT, seed)
    by_language = units.groupby("language", sort=False)
    return {lang: dict(zip(own["unit"], map(bool, own["right"]), strict=True)) for lang, own in by_language}


def _of_language(
    store: Path, task: Task, entry: Entry, lang: str, chosen: Mapping[str, Units], length: int
) -> dict[str, list[dict]]:
    """The samples of one target in one language, by the path of the predictions.

    Args:
        entry: predictions of the target, whose data and split are those of all others.
        chosen: the units that are shown, by the path of the predictions.
    """
    split, form = entry.spec["split"], xtreme_files.form_of(task.kind, task.metric)
    file = store / entry.inputs["data"].path / file_name(split, lang)
    # Pairs contain the ids of their sentences.
    names = [name for name in ("id", "side") if name in SCHEMAS[task.kind].names and form != "pairs"]
    every, predicted = Examples(task, pq.read_table(file, columns=names)), {}
    for path, units in chosen.items():
        own = store / path / "predictions" / task.name / xtreme_files.file_name(task.kind, split, lang)
        known = every.predicted(xtreme_files.read(own, form))
        predicted[path] = {unit: known.get(unit) for unit in units}
    examples = Examples(task, _rows(file, _ids(task, file, predicted.values())))
    return {
        path: [
            {"language": lang, "id": unit, "right": right} | asdict(examples.show(unit, predicted[path][unit], length))
            for unit, right in units.items()
        ]
        for path, units in chosen.items()
    }


def _ids(task: Task, file: Path, predicted: Iterable[Mapping[str, object]]) -> set[str]:
    """The ids of the examples that are shown: of the units and, for retrieval, of their gold and found translations."""
    ids = {unit for found in predicted for unit in found}
    if task.kind != "retrieval":
        return ids
    gold = _rows(file, ids, ["id", "gold"])["gold"].to_pylist()
    found = [[one] if isinstance(one, str) else one for own in predicted for one in own.values()]
    return ids.union(*(translations or () for translations in (*gold, *found)))


def _rows(file: Path, ids: set[str], columns: list[str] | None = None) -> pa.Table:
    """The rows of a table of examples with these ids."""
    wanted = pa.array(sorted(ids), pa.string())
    with pq.ParquetFile(file, buffer_size=_BUFFER) as parquet:
        schema = parquet.schema_arrow if columns is None else pa.schema(map(parquet.schema_arrow.field, columns))
        batches = parquet.iter_batches(_BATCH, columns=columns)
        return pa.Table.from_batches([one.filter(pc.is_in(one["id"], wanted)) for one in batches], schema)
