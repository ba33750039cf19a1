"""Score the predictions of a target against its gold labels in every language."""

from argparse import Namespace

import pyarrow.parquet as pq

from xstilts import tasks
from xstilts.prediction import scoring
from xstilts.runtime import job
from xstilts.store.drafts import publishing
from xstilts.store.jsonfiles import write_json


def run(arguments: Namespace) -> None:
    """Write `scores.json` with the scores by language, and `examples.parquet` with the counts of each example."""
    this = job.of(arguments)
    task, split = tasks.load(this.entry.about.task), this.entry.inputs["predictions"].spec["split"]
    gold = {lang: pq.read_table(file) for lang, file in this.data(split).items()}
    counts = scoring.per_example(task, split, gold, this.input("predictions") / "predictions" / task.name)
    with publishing(this.store, this.entry) as draft:
        write_json(draft.folder / "scores.json", {"split": split, "languages": scoring.score(task, gold, counts)})
        pq.write_table(scoring.together(counts), draft.folder / "examples.parquet", compression="zstd")
