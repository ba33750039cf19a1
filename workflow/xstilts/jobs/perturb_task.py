"""Perturb the examples that a task is evaluated on."""

from argparse import Namespace

import pyarrow.parquet as pq

from xstilts import perturbations, tasks
from xstilts.names import split_name
from xstilts.runtime import job
from xstilts.sources.columns import file_name
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write `<split>.<lang>.parquet` for every language of the entry, in the columns of the data."""
    this = job.of(arguments)
    task, spec = tasks.load(this.entry.about.task), this.entry.spec
    split, facts = spec["split"], spec["languages"]
    files = {lang: file for lang, file in this.data(split).items() if lang in facts}
    tables = {lang: pq.read_table(file) for lang, file in files.items()}
    perturbed = perturbations.load(spec["perturbation"]).apply(tables, task, facts)
    with publishing(this.store, this.entry) as draft:
        for lang, (table, notes) in perturbed.items():
            pq.write_table(table, draft.folder / file_name(split, lang))
            name = split_name(split, lang)
            draft.notes[name] = {**notes, "read_from": [str(files[lang])]}
            print(f"{name}: {notes['changed_rows']} of {notes['rows']} rows changed", flush=True)
