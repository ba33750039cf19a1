"""Predict a target in all of its languages, in the layout of an XTREME submission."""

from argparse import Namespace
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts import encoders, features, kinds, prediction, submission, tasks
from xstilts.checkpoints import Checkpoint
from xstilts.commands import job
from xstilts.store import publishing


def run(arguments: Namespace) -> None:
    """Write `predictions/<target>/<split>-<lang>.<tsv|json>` for every language of the target."""
    this = job.of(arguments)
    task, split = tasks.load(this.entry.about["task"]), this.entry.spec["split"]
    predictions = _retrieve(this, task, split) if task.kind == "retrieval" else _predict(this, task, split)
    form = submission.form_of(task.kind, task.metric)
    with publishing(this.store, this.entry) as draft:
        folder = draft.folder / "predictions" / task.name
        folder.mkdir(parents=True)
        for lang, predicted in predictions.items():
            submission.write(folder / submission.file_name(task.kind, split, lang), form, predicted)


def parts(this: job.Job, split: str) -> dict[str, tuple[pa.Table, pa.Table]]:
    """Examples and features of a split, by language."""
    files = sorted(this.input("data").glob(f"{split}.*.parquet"))
    return {
        file.stem.split(".")[1]: (pq.read_table(file), features.read(this.input("features") / f"{file.stem}.arrow"))
        for file in files
    }


def _predict(this: job.Job, task: tasks.Task, split: str) -> dict[str, object]:
    kind, folder = kinds.load(task.kind), this.input("model")
    settings = SimpleNamespace(**this.entry.inputs["features"].spec["settings"])
    return prediction.predict(
        encoders.load_model(str(folder), kind).to(prediction.device()),
        kind,
        task,
        parts(this, split),
        settings,
        pad_token_id=encoders.load_tokenizer(Checkpoint(str(folder))).pad_token_id,
        precision=this.entry.spec["precision"],
    )


def _retrieve(this: job.Job, task: tasks.Task, split: str) -> dict[str, object]:
    from xstilts.retrieval import predict as retrieval

    checkpoint = Checkpoint(str(this.input("model"))) if "model" in this.entry.inputs else this.encoder()
    splits = {name: parts(this, name) for name in {split, task.tuned_on or split}}
    return retrieval.predict(checkpoint, task, splits, split, **this.entry.spec["retrieval"])
