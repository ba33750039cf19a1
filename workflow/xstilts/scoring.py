"""Scores of predictions that lie in the layout of an XTREME submission."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from xstilts import metrics, submission
from xstilts.sources.columns import GOLD
from xstilts.tasks.base import Task


def score(task: Task, split: str, gold: dict[str, pa.Table], folder: Path) -> dict[str, dict]:
    """The metrics of each language.

    Args:
        gold: the examples with their labels, by language.
        folder: the prediction files, one for each of these languages.

    Returns:
        By language, `n`, the number of examples, and `scores`, in percent by metric; `headline` is the one that XTREME
        averages. `scores` is None where the split has no labels.
    """
    metric, form = metrics.load(task.metric), submission.form_of(task.kind, task.metric)
    languages = {}
    for lang, examples in gold.items():
        predictions = submission.read(folder / submission.file_name(task.kind, split, lang), form)
        labelled = examples[GOLD[task.kind]].null_count < examples.num_rows
        scores = metric.score(examples, predictions, lang) if labelled else None
        headline = metric.headline(scores) if labelled else None
        languages[lang] = {"n": _count(task, examples), "scores": scores, "headline": headline}
    return languages


def _count(task: Task, examples: pa.Table) -> int:
    """The examples that are scored: of parallel sentences, the English ones."""
    return pc.sum(pc.equal(examples["side"], "english")).as_py() if task.kind == "retrieval" else examples.num_rows
