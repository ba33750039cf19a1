"""Predict a target in all of its languages, in the layout of an XTREME submission."""

import importlib
from argparse import Namespace
from functools import partial
from pathlib import Path
from types import ModuleType

import pyarrow.parquet as pq
from transformers import PreTrainedModel

from xstilts import tasks
from xstilts.config import Retrieval, Stage, TaskSettings
from xstilts.features import arrow
from xstilts.fingerprints.sourcecode import PACKAGE, starts
from xstilts.grid import predictor
from xstilts.models import tokenization
from xstilts.models.precision import allow_tf32, resolved
from xstilts.prediction import xtreme_files
from xstilts.prediction.forward import Load, Parts, Request, device
from xstilts.runtime import bundle, job
from xstilts.runtime.timing import measured
from xstilts.sources import labels
from xstilts.sources.checkpoints import Checkpoint
from xstilts.store.drafts import publishing
from xstilts.store.entries import PRECISION


def run(arguments: Namespace) -> None:
    """Write `predictions/<target>/<split>-<lang>.<tsv|json>` for every language of one target or several of a model."""
    bundle.run(arguments, partial(_predict, _Model()))


class _Model:
    """The model that was loaded last, which is used again by predictions that need the same."""

    def __init__(self) -> None:
        self._loaded: dict[tuple, PreTrainedModel] = {}

    def get(self, load: Load, request: Request) -> PreTrainedModel:
        options = request.options
        key = (load, request.checkpoint, request.task.kind, options["precision"], options.get("layer"))
        if key not in self._loaded:
            # Both may not fit into memory.
            self._loaded.clear()
            self._loaded[key] = load(request)
        return self._loaded[key]


def _predict(model: _Model, this: job.Job) -> None:
    task, spec = tasks.load(this.entry.about.task), this.entry.spec
    checkpoint = Checkpoint(str(this.input("model"))) if "model" in this.entry.inputs else this.encoder()
    task = labels.of_model(task, Path(checkpoint.name))
    settings = this.entry.inputs["features"].spec["settings"]
    decides = Retrieval if task.kind == "retrieval" else Stage
    options = decides.in_config(spec["options"], neutral=True)
    precision = resolved(options["precision"], device())
    allow_tf32(precision, device())
    request = Request(
        checkpoint=checkpoint,
        tokenizer=tokenization.beside(this.input("features")),
        task=task,
        splits={
            name: _parts(this, name) for name in dict.fromkeys([task.threshold_split or spec["split"], spec["split"]])
        },
        split=spec["split"],
        settings=TaskSettings.of_spec(settings),
        options={**options, "precision": precision},
    )
    module = _predictor(task)
    form = xtreme_files.form_of(task.kind, task.metric)
    with publishing(this.store, this.entry) as draft:
        draft.notes[PRECISION] = precision
        with measured(draft) as speed:
            predictions = module.predict(request, partial(model.get, module.load))
            speed.examples = sum(rows.num_rows for parts in request.splits.values() for _, rows in parts.values())
        folder = draft.folder / "predictions" / task.name
        folder.mkdir(parents=True)
        for lang, predicted in predictions.items():
            xtreme_files.write(folder / xtreme_files.file_name(task.kind, request.split, lang), form, predicted)


def _predictor(task: tasks.Task) -> ModuleType:
    (module,) = starts(f"predictor.{predictor(task)}")
    return importlib.import_module(f"{PACKAGE}.{module}")


def _parts(this: job.Job, split: str) -> Parts:
    """The examples and features of a split, by language."""
    folder = this.input("features")
    return {
        lang: (pq.read_table(file), arrow.read(folder / arrow.file_name(split, lang)))
        for lang, file in this.data(split).items()
    }
