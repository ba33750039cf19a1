"""Scores of predictions that lie in the layout of an XTREME submission."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from xstilts import metrics
from xstilts.prediction import xtreme_files
from xstilts.sources.columns import GOLD_COLUMN
from xstilts.task import Task

LANGUAGE = "language"
"""The column of the units that names their language."""

_NO_UNITS = pa.schema([(LANGUAGE, pa.string()), (metrics.UNIT, pa.string())])


def per_example(task: Task, split: str, gold: dict[str, pa.Table], folder: Path) -> dict[str, pa.Table | None]:
    """The counts of every unit, as the task's metric has them, by language; None where the split has no labels.

    Args:
        gold: the examples with their labels, by language.
        folder: the prediction files, one for each of these languages.
    """
    metric, form = metrics.load(task.metric), xtreme_files.form_of(task.kind, task.metric)
    counts = {}
    for lang, examples in gold.items():
        predictions = xtreme_files.read(folder / xtreme_files.file_name(task.kind, split, lang), form)
        labelled = examples[GOLD_COLUMN[task.kind]].null_count < examples.num_rows
        counts[lang] = metric.per_example(examples, predictions, lang) if labelled else None
    return counts


def score(task: Task, gold: dict[str, pa.Table], counts: dict[str, pa.Table | None]) -> dict[str, dict]:
    """The metrics of each language.

    Args:
        gold: the examples, by language.
        counts: those of their units.

    Returns:
        By language, `n`, the number of examples, and `scores`, in percent by metric; `main_score` is what XTREME
        averages. `scores` is None where the split has no labels.
    """
    metric, languages = metrics.load(task.metric), {}
    for lang, examples in gold.items():
        scores = metrics.score(metric, counts[lang]) if counts[lang] is not None else None
        main_score = metric.main_score(scores) if scores else None
        languages[lang] = {"n": _count(task, examples), "scores": scores, "main_score": main_score}
    return languages


def together(counts: dict[str, pa.Table | None]) -> pa.Table:
    """The units of all languages that have labels, with a first column that names the language.

    Without labels in any language, a table without rows that has the columns of names and no counts.
    """
    labelled = {lang: units for lang, units in counts.items() if units is not None}
    parts = [units.add_column(0, LANGUAGE, pa.repeat(lang, len(units))) for lang, units in labelled.items()]
    return pa.concat_tables(parts) if parts else _NO_UNITS.empty_table()


def _count(task: Task, examples: pa.Table) -> int:
    """The examples that are scored: of parallel sentences, the English ones."""
    return pc.sum(pc.equal(examples["side"], "english")).as_py() if task.kind == "retrieval" else examples.num_rows
