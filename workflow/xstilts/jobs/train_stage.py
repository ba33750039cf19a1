"""Train one stage: parent checkpoint in, child checkpoint out."""

import json
from argparse import Namespace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xstilts import kinds, tasks
from xstilts.config import Stage, TaskSettings
from xstilts.errors import UserError
from xstilts.features import arrow
from xstilts.models import tokenization
from xstilts.paths import TRAINING_RECORD
from xstilts.runtime import job
from xstilts.runtime.processes import spawn_processes
from xstilts.runtime.timing import measured
from xstilts.sources import labels
from xstilts.sources.checkpoints import Checkpoint
from xstilts.sources.columns import file_name
from xstilts.store.drafts import TRAINING, publishing, scratch
from xstilts.store.jsonfiles import read_json
from xstilts.training import stage as training
from xstilts.training.data import TaskData, subset
from xstilts.training.resume import exclusive
from xstilts.training.tracking import Tracking

TENSORBOARD = Path("logs", "tensorboard")
"""The log directory for TensorBoard, relative to the folder in which Snakemake was started."""


def run(arguments: Namespace) -> None:
    """Train the checkpoint of the entry, or resume an interrupted training."""
    this = job.of(arguments)
    state = scratch(this.store, this.entry, TRAINING)
    with exclusive(state), publishing(this.store, this.entry) as draft, measured(draft) as speed:
        spawn_processes(arguments.gpus, _train, this, draft.folder, state)
        steps = json.loads((draft.folder / TRAINING_RECORD).read_text(encoding="utf-8"))["steps"]
        executed = read_json(state / training.EXECUTED)
        own_steps = steps - executed.pop(training.RESUMED_FROM)
        speed.examples, speed.devices = own_steps * _stage(this).batch_size, arguments.gpus
        draft.notes.update(executed)


def _stage(this: job.Job) -> Stage:
    return Stage.of_spec(this.entry.spec["stage"])


def _train(this: job.Job, output: Path, state: Path) -> None:
    """Train in one of the data-parallel processes."""
    stage, about, config = _stage(this), this.entry.about, this.config
    assert about.seed is not None
    training.train(
        stage,
        Checkpoint(str(this.input("parent"))) if "parent" in this.entry.inputs else this.encoder(),
        {name: _task_data(this, name, stage) for name in stage.tasks},
        output,
        state,
        seed=about.seed,
        execution=training.Execution(
            tokens=config.encoders[about.encoder].tokens_per_device,
            minutes=config.checkpoint_minutes,
            tracking=Tracking(config.tracking, this.entry.path, TENSORBOARD / this.entry.path),
        ),
    )


def _task_data(this: job.Job, name: str, stage: Stage) -> TaskData:
    task = labels.of_data(tasks.load(name), this.input(f"data.{name}"))
    entry = this.entry.inputs[f"features.{name}"]
    train = [_train_rows(this, name, lang, stage.rows) for lang in stage.languages]
    return TaskData(
        task=task,
        kind=kinds.load(task.kind),
        train=pa.concat_tables(train),
        dev={lang: _dev(this, name, lang, stage.dev_examples) for lang in stage.languages},
        settings=TaskSettings.of_spec(entry.spec["settings"]),
        tokenizer=tokenization.beside(this.store / entry.path),
    )


def _train_rows(this: job.Job, name: str, lang: str, count: int | None) -> pa.Table:
    """The features of the first examples of a language in the order of `subset`; of all if `count` is None."""
    rows = arrow.read(this.input(f"features.{name}") / arrow.file_name("train", lang))
    if count is None:
        return rows
    file = this.input(f"data.{name}") / file_name("train", lang)
    ids = pq.read_table(file, columns=["id"])["id"].to_pylist()
    if count > len(ids):
        raise UserError(
            f"stage {this.entry.about.stages[-1]!r}: rows is {count}, but {file} has only {len(ids)} examples. Reduce "
            "rows, or remove it to train on all."
        )
    return rows.filter(pc.is_in(rows["example"], pa.array(subset(ids, count), rows["example"].type)))


def _dev(this: job.Job, name: str, lang: str, examples: int | None) -> tuple[pa.Table, pa.Table]:
    """The first dev examples of a language, with their features."""
    table = pq.read_table(this.input(f"data.{name}") / file_name("dev", lang)).slice(0, examples)
    rows = arrow.read(this.input(f"features.{name}") / arrow.file_name("dev", lang))
    return table, rows.filter(pc.less(rows["example"], table.num_rows))
