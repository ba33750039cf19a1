"""Score the heads of earlier stages, and linear probes, on the encoder of a model."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from time import monotonic

import pyarrow as pa
import pyarrow.parquet as pq

from xstilts import kinds, tasks
from xstilts.config import TaskSettings
from xstilts.features import arrow
from xstilts.models import tokenization
from xstilts.models.encoders import load_encoder
from xstilts.models.precision import allow_tf32, resolved
from xstilts.names import languages_of
from xstilts.paths import MEASURED_SCORES
from xstilts.prediction.forward import device
from xstilts.probes import examples, measure
from xstilts.probes.measure import Score
from xstilts.runtime import job
from xstilts.runtime.timing import measured
from xstilts.sources import labels
from xstilts.sources.checkpoints import Checkpoint
from xstilts.sources.columns import file_name
from xstilts.steps.entry import HEAD
from xstilts.store import weights
from xstilts.store.drafts import publishing
from xstilts.store.entries import PRECISION
from xstilts.store.jsonfiles import write_json
from xstilts.training.data import TaskData, first_examples, of_examples

Measure = Callable[[TaskData, str], Score]
"""A function of the data of a task and a precision, `fp32` or `bf16`."""


def run(arguments: Namespace) -> None:
    """Write `forgetting.json`: the score of each head and each probe, and the numbers of examples behind it."""
    this = job.of(arguments)
    found: dict[str, dict[str, dict]] = {"heads": {}, "probes": {}}
    seconds: dict[str, float] = {}
    with publishing(this.store, this.entry) as draft:
        with measured(draft) as speed:
            for group, name, what, score in _asked(this):
                begun, data = monotonic(), _task_data(this, what)
                found[group][name] = _scored(score, data, what)
                speed.examples += data.train.num_rows + sum(rows.num_rows for _, rows in data.dev.values())
                # Not in the file, which is the same whenever it is computed.
                seconds[name] = round(monotonic() - begun, 1)
                print(f"{group}, {name}: {found[group][name]['score']} ({seconds[name]} s)", flush=True)
        write_json(draft.folder / MEASURED_SCORES, found)
        draft.notes[PRECISION] = " and ".join(_precisions(found))
        draft.notes["seconds"] = seconds
    weights.delete_unneeded_weights(this.config, this.grid, this.entry.inputs.values())


def _asked(this: job.Job) -> Iterator[tuple[str, str, dict, Measure]]:
    """What is measured: `heads` or `probes`, the name of the head or probe, its spec, and how it is scored."""
    encoder = load_encoder(Checkpoint(str(this.input("model"))) if "model" in this.entry.inputs else this.encoder())
    for name, what in this.entry.spec["heads"].items():
        place, _, _ = name.partition(".")
        yield "heads", name, what, partial(measure.head, encoder, this.input(f"{HEAD}.{place}"))
    for name, what in this.entry.spec["probes"].items():
        yield "probes", name, what, partial(measure.probe, encoder)


def _scored(score: Measure, data: TaskData, what: dict) -> dict:
    precision = resolved(what["precision"], device())
    allow_tf32(precision, device())
    return {"task": data.task.name, "precision": precision, **asdict(score(data, precision))}


def _precisions(found: dict[str, dict[str, dict]]) -> list[str]:
    return sorted({one["precision"] for group in found.values() for one in group.values()})


def _task_data(this: job.Job, what: dict) -> TaskData:
    """The dev data of a task and, for a probe, its training rows."""
    features, data = (f"{role}.{what['data']}" for role in ("features", "data"))
    task = labels.of_data(tasks.load(what["task"]), this.input(data))
    train = _train(this, what)
    return TaskData(
        task=task,
        kind=kinds.load(task.kind),
        train=pa.concat_tables(train),
        dev={lang: _dev(this, what, lang) for lang in languages_of(this.entry.inputs[data].spec["files"], "dev")},
        settings=TaskSettings.of_spec(this.entry.inputs[features].spec["settings"]),
        tokenizer=tokenization.beside(this.input(features)),
        sizes=tuple(table.num_rows for table in train),
    )


def _train(this: job.Job, what: dict) -> list[pa.Table]:
    """The features of the training examples of a probe, by language; empty for a head."""
    folder, data = this.input(f"features.{what['data']}"), this.entry.inputs[f"data.{what['data']}"]
    languages = languages_of(data.spec["files"], "train")
    rows = {lang: arrow.read(folder / arrow.file_name("train", lang)) for lang in languages}
    if "examples" not in what:
        return [rows[languages[0]].slice(0, 0)]
    files = {lang: this.store / data.path / file_name("train", lang) for lang in languages}
    ids = {lang: pq.read_table(file, columns=["id"])["id"].to_numpy() for lang, file in files.items()}
    chosen = examples.chosen(ids, what["examples"])
    return [of_examples(rows[lang], chosen[lang]) for lang in languages]


def _dev(this: job.Job, what: dict, lang: str) -> tuple[pa.Table, pa.Table]:
    """The first dev examples of a language, with their features: those that trainings look at."""
    table = pq.read_table(this.input(f"data.{what['data']}") / file_name("dev", lang))
    rows = arrow.read(this.input(f"features.{what['data']}") / arrow.file_name("dev", lang))
    return first_examples(table, rows, what["dev_examples"])
