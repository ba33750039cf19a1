"""Read the files of a task into canonical, validated parquet."""

from argparse import Namespace

import pyarrow.compute as pc
import pyarrow.parquet as pq

from xstilts import tasks
from xstilts.commands import job
from xstilts.errors import DataError
from xstilts.sources import counts, fetch, labels, reading
from xstilts.sources.columns import GOLD
from xstilts.store import publishing


def run(arguments: Namespace) -> None:
    """Write `<split>.<lang>.parquet` for every split and language of the entry."""
    this = job.of(arguments)
    task = tasks.load(this.entry.about["task"])
    with publishing(this.store, this.entry) as draft:
        for name in this.entry.spec["files"]:
            split, lang = name.split(".")
            found = fetch.sources(task, split, lang, this.config)
            closed = labels.listed(task, found[0])
            limit = this.entry.spec["limit"][split]
            table = reading.read(found, closed, lang, limit=limit)
            pq.write_table(table, draft.folder / f"{name}.parquet")
            if split == "train" and labels.are_open(task):
                labels.keep(draft.folder, closed, table)
            paths = ", ".join(str(path) for one in found for path in one.paths)
            print(f"{name}: {table.num_rows} rows from {paths}", flush=True)
            draft.notes[name] = {"rows": table.num_rows, **_labels(task, table)}
            if warning := counts.unexpected(task, split, lang, table.num_rows, limit):
                if this.config.strict:
                    raise DataError(paths, "", warning, "all of them", "Fetch it again, or leave `strict` off.")
                print(f"warning: {name}: {warning}", flush=True)
                draft.notes[name]["warning"] = warning


def _labels(task: tasks.Task, table) -> dict:
    """How often each label occurs, for the kinds that have labels."""
    gold = table[GOLD[task.kind]]
    if gold.null_count == len(gold):
        return {"labels": None}
    if not task.labels and not labels.are_open(task):
        return {}
    flat = pc.list_flatten(gold) if task.kind == "tagging" else gold
    return {"labels": {str(count["values"]): count["counts"] for count in pc.value_counts(flat).to_pylist()}}
