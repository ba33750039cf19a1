"""Read the files of a task into canonical, validated parquet."""

from argparse import Namespace

import pyarrow.compute as pc
import pyarrow.parquet as pq

from xstilts import tasks
from xstilts.commands import job
from xstilts.sources import files, reading
from xstilts.sources.columns import GOLD
from xstilts.store import publishing


def run(arguments: Namespace) -> None:
    """Write `<split>.<lang>.parquet` for every split and language of the entry."""
    this = job.of(arguments)
    task = tasks.load(this.entry.about["task"])
    with publishing(this.store, this.entry) as draft:
        for name in this.entry.spec["files"]:
            split, lang = name.split(".")
            found = files.sources(task, split, lang, this.config)
            table = reading.read(found, task, lang, limit=this.entry.spec["limit"][split])
            pq.write_table(table, draft.folder / f"{name}.parquet")
            draft.notes[name] = {"rows": table.num_rows, **_labels(task, table)}
            paths = [str(path) for one in found for path in one.paths]
            print(f"{name}: {table.num_rows} rows from {', '.join(paths)}", flush=True)


def _labels(task: tasks.Task, table) -> dict:
    """How often each label occurs, for the tasks that have a closed set."""
    gold = table[GOLD[task.kind]]
    if gold.null_count == len(gold):
        return {"labels": None}
    if not task.labels:
        return {}
    flat = pc.list_flatten(gold) if task.kind == "tagging" else gold
    return {"labels": {str(count["values"]): count["counts"] for count in pc.value_counts(flat).to_pylist()}}
