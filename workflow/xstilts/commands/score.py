"""Score the predictions of a target against its gold labels, language by language."""

from argparse import Namespace

import pyarrow.parquet as pq

from xstilts import scoring, tasks
from xstilts.commands import job
from xstilts.store import write_json


def run(arguments: Namespace) -> None:
    """Write the scores and the number of examples of each language."""
    this = job.of(arguments)
    task, split = tasks.load(this.entry.about["task"]), this.entry.inputs["predictions"].spec["split"]
    files = sorted(this.input("data").glob(f"{split}.*.parquet"))
    gold = {file.stem.split(".")[1]: pq.read_table(file) for file in files}
    languages = scoring.score(task, split, gold, this.input("predictions") / "predictions" / task.name)
    write_json(this.store / this.entry.manifest, {"split": split, "languages": languages, "spec": this.entry.spec})
