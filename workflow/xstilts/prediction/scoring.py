"""Scoring of prediction files in the layout of an XTREME submission."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from xstilts import metrics
from xstilts.prediction import xtreme_files
from xstilts.sources.columns import GOLD_COLUMN
from xstilts.task import Task

LANGUAGE = "language"
"""The language column of the counts of units."""

_NO_UNITS = pa.schema([(LANGUAGE, pa.string()), (metrics.UNIT, pa.string())])


def per_example(task: Task, split: str, gold: dict[str, pa.Table], folder: Path) -> dict[str, pa.Table | None]:
    """The counts of the task's metric for each unit, by language; None if the split is unlabelled.

    Args:
        gold: the labelled examples, by language.
        folder: the folder of the prediction files, one for each of these languages.
    """
    metric, form = metrics.load(task.metric), xtreme_files.form_of(task.kind, task.metric)
    counts = {}
    for lang, examples in gold.items():
        predictions = xtreme_files.read(folder / xtreme_files.file_name(task.kind, split, lang), form)
        labelled = examples[GOLD_COLUMN[task.kind]].null_count < examples.num_rows
        counts[lang] = metric.per_example(examples, predictions, lang) if labelled else None
    return counts


def score(task: Task, gold: dict[str, pa.Table], counts: dict[str, pa.Table | None]) -> dict[str, dict]:
    """The scores of each language.

    Args:
        gold: the examples, by language.
        counts: the result of `per_example`.

    Returns:
        For each language, `n`, the number of examples; `scores`, in percent, by name; and `main_score`, which XTREME
        averages. Both scores are None if the split is unlabelled.
    """
    metric, languages = metrics.load(task.metric), {}
    for lang, examples in gold.items():
        scores = metrics.score(metric, counts[lang]) if counts[lang] is not None else None
        main_score = metric.main_score(scores) if scores else None
        languages[lang] = {"n": _count(task, examples), "scores": scores, "main_score": main_score}
    return languages


def together(counts: dict[str, pa.Table | None]) -> pa.Table:
    """The counts of all labelled languages in one table, with the language as first column.

    If no language is labelled, an empty table with the language and unit columns only.
    """
    labelled = {lang: units for lang, units in counts.items() if units is not None}
    parts = [units.add_column(0, LANGUAGE, pa.repeat(lang, len(units))) for lang, units in labelled.items()]
    return pa.concat_tables(parts) if parts else _NO_UNITS.empty_table()


def _count(task: Task, examples: pa.Table) -> int:
    """The number of scored examples: for retrieval, the English sentences."""
    return pc.sum(pc.equal(examples["side"], "english")).as_py() if task.kind == "retrieval" else examples.num_rows
