"""Tokenize the examples of a task, once for all models that share the tokenizer."""

from argparse import Namespace

import pyarrow.parquet as pq

from xstilts import kinds, tasks
from xstilts.config import TaskSettings
from xstilts.features import arrow, tokens
from xstilts.models import architectures, tokenization, vocabulary
from xstilts.names import split_and_language
from xstilts.runtime import job
from xstilts.sources import labels
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write `<split>.<lang>.arrow` for every parquet file of the data, and the tokenizer to `tokenizer/`."""
    this = job.of(arguments)
    task = labels.of_data(tasks.load(this.entry.about.task), this.input("data"))
    kind = kinds.load(task.kind)
    settings = TaskSettings.of_spec(this.entry.spec["settings"])
    if not this.entry.inputs.get("tokenizer"):
        # Fail here, before training, if transformers does not support the architecture of the encoder.
        architectures.require_supported(this.tokenizer())
    tokenizer = tokenization.load_tokenizer(this.tokenizer())
    tokens.require_ids_of_backend(tokenizer)
    with publishing(this.store, this.entry) as draft:
        tokenization.save_tokenizer(tokenizer, draft.folder / tokenization.FOLDER)
        draft.notes[vocabulary.NOTE] = vocabulary.Vocabulary.of(tokenizer).note()
        for name, file in this.data().items():
            table = kind.encode(pq.read_table(file), tokenizer, task, settings)
            arrow.write(draft.folder / arrow.file_name(*split_and_language(name)), table)
            count = int(arrow.lengths(table).sum())
            draft.notes[name] = {"rows": table.num_rows, "tokens": count}
            print(f"{name}: {table.num_rows} rows, {count} tokens", flush=True)
