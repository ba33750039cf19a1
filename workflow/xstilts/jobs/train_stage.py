"""Train one stage: parent checkpoint in, child checkpoint out."""

import json
from argparse import Namespace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from xstilts import kept_heads, kinds, tasks
from xstilts.config import Stage, TaskSettings
from xstilts.config.stages import PRETRAINED
from xstilts.errors import UserError
from xstilts.features import arrow
from xstilts.models import tokenization
from xstilts.names import languages_of
from xstilts.paths import TRAINING_RECORD
from xstilts.runtime import job
from xstilts.runtime.processes import spawn_processes
from xstilts.runtime.timing import measured
from xstilts.sources import labels
from xstilts.sources.checkpoints import Checkpoint
from xstilts.sources.columns import file_name
from xstilts.store.drafts import TRAINING, publishing, scratch
from xstilts.store.jsonfiles import read_json
from xstilts.task import MASKED_LM
from xstilts.training import stage as training
from xstilts.training.data import (
    TaskData,
    equal_parts,
    first_examples,
    first_of_all,
    of_examples,
    shared_out,
    subset,
)
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
        own_steps, stage = steps - executed.pop(training.RESUMED_FROM), _stage(this)
        passes = stage.robust.passes if stage.robust else 1
        speed.examples, speed.devices = own_steps * passes * stage.batch_size, arguments.gpus
        draft.notes.update(executed)


def _stage(this: job.Job) -> Stage:
    return Stage.of_spec(this.entry.spec["stage"])


def _train(this: job.Job, output: Path, state: Path) -> None:
    """Train in one of the data-parallel processes."""
    stage, about, config = _stage(this), this.entry.about, this.config
    assert about.seed is not None
    data = {name: _task_data(this, name, stage) for name in stage.tasks}
    training.train(
        stage,
        Checkpoint(str(this.input("parent"))) if "parent" in this.entry.inputs else this.encoder(),
        data,
        output,
        state,
        seed=about.seed,
        heads=_kept_heads(this, data) if stage.keep_head else None,
        root=this.encoder() if tasks.masked(stage.tasks) and stage.head == PRETRAINED else None,
        execution=training.Execution(
            tokens=config.encoders[about.encoder].tokens_per_device,
            minutes=config.checkpoint_minutes,
            tracking=Tracking(config.tracking, this.entry.path, TENSORBOARD / this.entry.path),
        ),
    )


def _kept_heads(this: job.Job, data: dict[str, TaskData]) -> dict[str, str | None]:
    """The task of the parent whose head each task starts with; None for a new head."""
    names = this.entry.inputs["parent"].spec["stage"]["tasks"]
    before = [tasks.load(name) for name in names]
    if len(before) == 1:
        before = [labels.of_model(before[0], this.input("parent"))]
    return kept_heads.sources([one.task for one in data.values()], before)


def _task_data(this: job.Job, name: str, stage: Stage) -> TaskData:
    task = labels.of_data(tasks.load(name), this.input(f"data.{name}"))
    entry = this.entry.inputs[f"features.{name}"]
    files = this.entry.inputs[f"data.{name}"].spec["files"]
    shares = stage.languages_share == "split" and task.kind != MASKED_LM
    train = _train_rows(this, name, languages_of(files, "train"), stage.rows, shares)
    return TaskData(
        task=task,
        kind=kinds.load(task.kind),
        train=pa.concat_tables(train),
        dev={lang: _dev(this, name, lang, stage.dev_examples) for lang in languages_of(files, "dev")},
        settings=TaskSettings.of_spec(entry.spec["settings"]),
        tokenizer=tokenization.beside(this.store / entry.path),
        sizes=tuple(table.num_rows for table in train),
    )


def _train_rows(this: job.Job, name: str, languages: list[str], count: int | None, shares: bool) -> list[pa.Table]:
    """The features of the examples that a stage trains on, by language.

    Args:
        count: the number of examples; None for all.
        shares: whether the languages share the examples, of which `count` is then the total.
    """
    folder = this.input(f"features.{name}")
    rows = [arrow.read(folder / arrow.file_name("train", lang)) for lang in languages]
    aligned = tasks.load(name).aligned
    if count is None and not (shares and aligned):
        return rows
    ids = {lang: _ids(this.input(f"data.{name}") / file_name("train", lang)) for lang in languages}
    if shares and aligned:
        chosen = _shared(this, name, ids, count)
    else:
        assert count is not None
        parts = _parts(this, name, {lang: len(mine) for lang, mine in ids.items()}, count, shares)
        chosen = {lang: subset(mine, parts[lang]) for lang, mine in ids.items()}
    return [of_examples(table, positions) for table, positions in zip(rows, chosen.values(), strict=True)]


def _parts(this: job.Job, name: str, sizes: dict[str, int], count: int, shares: bool) -> dict[str, int]:
    """The number of examples of each language: `count`, or equal parts of it if the languages share it."""
    if shares:
        _require(this, f"{this.input(f'data.{name}')} in {', '.join(sizes)}", sum(sizes.values()), count)
        return equal_parts(sizes, count)
    for lang, size in sizes.items():
        _require(this, str(this.input(f"data.{name}") / file_name("train", lang)), size, count)
    return dict.fromkeys(sizes, count)


def _shared(this: job.Job, name: str, ids: dict[str, np.ndarray], count: int | None) -> dict[str, np.ndarray]:
    """The positions of the examples of each language, if each example is used in one of its languages."""
    assert this.entry.about.seed is not None
    chosen = shared_out(ids, this.entry.about.seed)
    if count is None:
        return chosen
    _require(this, f"{this.input(f'data.{name}')} in {', '.join(ids)}", sum(map(len, chosen.values())), count)
    left = first_of_all({lang: ids[lang][positions] for lang, positions in chosen.items()}, count)
    return {lang: positions[left[lang]] for lang, positions in chosen.items()}


def _require(this: job.Job, place: str, available: int, count: int) -> None:
    """Check that there are as many examples as the stage demands."""
    if count > available:
        raise UserError(
            f"stage {this.entry.about.stages[-1]!r}: rows is {count}, but {place} has only {available} examples. "
            "Reduce rows, or remove it to train on all."
        )


def _ids(examples: Path) -> np.ndarray:
    """The ids of examples, which are texts."""
    return pq.read_table(examples, columns=["id"])["id"].to_numpy()


def _dev(this: job.Job, name: str, lang: str, examples: int | None) -> tuple[pa.Table, pa.Table]:
    """The first dev examples of a language, with their features."""
    table = pq.read_table(this.input(f"data.{name}") / file_name("dev", lang))
    rows = arrow.read(this.input(f"features.{name}") / arrow.file_name("dev", lang))
    return first_examples(table, rows, examples)
