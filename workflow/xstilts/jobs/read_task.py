"""Read and validate the files of a task, and write them as parquet with canonical columns."""

from argparse import Namespace
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xstilts import tasks
from xstilts.config import Limit
from xstilts.errors import DataError
from xstilts.names import split_and_language
from xstilts.runtime import job
from xstilts.sources import fetch, labels, reading, row_counts
from xstilts.sources.columns import GOLD_COLUMN, file_name
from xstilts.store.drafts import publishing
from xstilts.task import DEFECTS


def run(arguments: Namespace) -> None:
    """Write `<split>.<lang>.parquet` for every split and language of the entry."""
    this = job.of(arguments)
    task = tasks.load(this.entry.about.task)
    with publishing(this.store, this.entry) as draft:
        for name in this.entry.spec["files"]:
            notes = draft.notes[name] = _read(this, task, *split_and_language(name), draft.folder)
            print(f"{name}: {notes['rows']} rows from {', '.join(notes['read_from'])}", flush=True)
            if "left_out" in notes:
                print(f"{name}: left out {reading.described(notes['left_out'])}", flush=True)
            if "warning" in notes:
                print(f"warning: {name}: {notes['warning']}", flush=True)


def _read(this: job.Job, task: tasks.Task, split: str, lang: str, folder: Path) -> dict:
    """Write a split in one language, and return its notes for the manifest."""
    miniature = this.input("miniature") if "miniature" in this.entry.inputs else None
    found = fetch.sources(task, split, lang, this.config, miniature)
    closed, limit = labels.listed(task, found[0]), getattr(Limit.of_spec(this.entry.spec["limit"]), split)
    left_out: Counter[str] = Counter()
    table = reading.read(found, closed, lang, limit=limit, left_out=left_out)
    pq.write_table(table, folder / file_name(split, lang))
    if split == "train" and labels.are_open(task):
        labels.keep(folder, closed, table)
    paths = [str(path) for one in found for path in one.paths]
    without = {"left_out": dict(left_out)} if left_out else {}
    notes = {"rows": table.num_rows, **without, "read_from": paths, **_labels(task, table)}
    released = table.num_rows + sum(left_out[reason] for reason in DEFECTS)
    warning = None if miniature else row_counts.unexpected(task, split, lang, released, limit)
    if warning and this.config.strict:
        raise DataError(", ".join(paths), "", warning, "all of them", "Fetch it again, or leave `strict` off.")
    return notes | ({"warning": warning} if warning else {})


def _labels(task: tasks.Task, table: pa.Table) -> dict:
    """The number of examples with each label, for kinds with labels."""
    gold = table[GOLD_COLUMN[task.kind]]
    if gold.null_count == len(gold):
        return {"labels": None}
    if not task.labels and not labels.are_open(task):
        return {}
    flat = pc.list_flatten(gold) if task.kind == "tagging" else gold
    return {"labels": {str(count["values"]): count["counts"] for count in pc.value_counts(flat).to_pylist()}}
