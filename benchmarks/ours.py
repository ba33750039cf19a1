"""The workflow's own functions as the benchmarks call them; everything else here imports the workflow through this.

A training, a prediction or a search is the function that the jobs of the workflow call, with nothing left out.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from accelerate.state import AcceleratorState
from transformers import PreTrainedModel

from benchmarks import data
from benchmarks.clock import Blocks
from xstilts import kinds
from xstilts.config import Stage
from xstilts.features import arrow
from xstilts.features.rows import Rows
from xstilts.models import encoders
from xstilts.paths import TRAINING_RECORD
from xstilts.prediction import embed as embedding
from xstilts.prediction import forward as prediction
from xstilts.prediction import mine
from xstilts.runtime import memory
from xstilts.sources.checkpoints import Checkpoint
from xstilts.task import Task
from xstilts.training import stage as training
from xstilts.training.batches import BatchSampler, micro_batches
from xstilts.training.data import TaskData
from xstilts.training.resume import exclusive

TASKS = {
    "classification": Task("nli", "classification", "accuracy", ("en",), {}, labels=("0", "1", "2")),
    "tagging": Task("tags", "tagging", "chunks", ("en",), {}, labels=tuple("1234567")),
    "span": Task("questions", "span", "squad", ("en",), {}),
}


UNLIMITED = 2**20


@dataclass(frozen=True)
class Settings:
    """The length settings of features, which decoding alone reads."""

    max_length: int = 384
    doc_stride: int = 128
    max_query_length: int = 64


@dataclass(frozen=True)
class Work:
    """What a training does, in the workflow and in the programs beside it.

    Args:
        rows: the training rows.
        dev: the number of labelled dev rows, evaluated after the last step; 0 for none.
        encoder: the folder of the encoder, with its tokenizer.
        batch: rows in a step.
        micro_batch: rows that go through the model together; in the workflow, about as many.
        precision: `fp32` or `bf16`.
        seed: of the order of rows.
        learning_rate: at its highest.
    """

    kind: str
    rows: pa.Table
    encoder: Path
    batch: int
    micro_batch: int
    precision: str = "fp32"
    dev: int = 0
    seed: int = 1
    learning_rate: float = 1e-5

    @property
    def task(self) -> Task:
        """The task."""
        return TASKS[self.kind]

    @property
    def lengths(self) -> np.ndarray:
        """The number of tokens of each row."""
        return arrow.lengths(self.rows)

    @property
    def widths(self) -> np.ndarray:
        """The number of tokens of each row, padded."""
        return arrow.widths(self.rows)

    @property
    def tokens(self) -> int:
        """The padded tokens of a micro-batch: those of `micro_batch` average rows; no limit if it is the batch."""
        return UNLIMITED if self.micro_batch == self.batch else round(self.micro_batch * self.widths.mean())


def train(work: Work, steps: int, folder: Path, evaluate_every: int = 10**9, jobs: int = 1) -> float | None:
    """Train a stage of one task from the encoder to the finished checkpoint in `folder`/child; the best dev score.

    Args:
        evaluate_every: steps between two evaluations; after each, the state is saved. Without dev rows, there are none.
        jobs: the number of trainings that share the device.
    """
    recipe = Stage(
        learning_rate=work.learning_rate,
        epochs=(steps - 0.5) * work.batch / work.rows.num_rows,
        batch_size=work.batch,
        precision=work.precision,
        evaluate_every=evaluate_every,
    )
    child, scratch = folder / "child", folder / "scratch"
    child.mkdir(parents=True)
    # The programs beside this one have other settings, which accelerate keeps for a whole process.
    AcceleratorState._reset_state(reset_partial_state=True)
    if device().type == "cuda":
        torch.cuda.set_per_process_memory_fraction(1 / jobs)
    with exclusive(scratch):
        training.train(
            recipe,
            Checkpoint(str(work.encoder)),
            {work.task.name: _data(work)},
            child,
            scratch,
            seed=work.seed,
            execution=training.Execution(tokens=work.tokens, minutes=0 if work.dev else math.inf),
        )
    best = json.loads((child / TRAINING_RECORD).read_text(encoding="utf-8"))["best"]
    return best and best["score"]


def _data(work: Work) -> TaskData:
    features = work.rows.slice(0, max(work.dev, 1))
    gold = features["labels"].to_pylist() if work.dev else [None]
    examples = data.examples(work.kind, [gold if gold is None else work.task.labels[gold] for gold in gold])
    if not work.dev:
        features = features.drop_columns(list(kinds.load(work.kind).GOLD))
    return TaskData(
        task=work.task,
        kind=kinds.load(work.kind),
        train=work.rows,
        dev={"en": (examples, features)},
        settings=Settings(),
        tokenizer=work.encoder / "tokenizer",
    )


def steps(work: Work, count: int, seed: int | None = None) -> Iterator[list[list[int]]]:
    """The row numbers of each step of `train`, in micro-batches."""
    name = work.task.name
    sampler = BatchSampler(
        lengths={name: work.lengths},
        weights=np.ones(1),
        steps=count,
        batch_size=work.batch,
        seed=work.seed if seed is None else seed,
    )
    widths = work.widths
    for step in sampler:
        yield micro_batches(step.rows, widths, work.tokens)


def even_seed(work: Work, blocks: Blocks, seeds: int = 200) -> int:
    """The seed whose blocks of steps are most alike in the number of tokens, padding included."""
    widths = work.widths

    def spread(seed: int) -> float:
        tokens = [sum(widths[rows].max() * len(rows) for rows in step) for step in steps(work, blocks.total, seed)]
        found = np.array([sum(tokens[number] for number in block) for block in blocks.ranges()])
        return found.max() / found.min()

    return min(range(seeds), key=spread)


def batch(kind: str, rows: pa.Table, indices: list[int]) -> dict[str, np.ndarray]:
    """Rows as the arguments of a model."""
    return kinds.load(kind).collate(Rows(rows, kinds.load(kind).COLUMNS).take(indices), data.PAD)


def model_of(kind: str, encoder: Path, precision: str) -> PreTrainedModel:
    """A model with a random head on an encoder, loaded for predictions."""
    folder = encoder.with_name(f"{encoder.name}-{kind}")
    if not folder.is_dir():
        encoders.with_fresh_head(Checkpoint(str(encoder)), kinds.load(kind), TASKS[kind]).save_pretrained(folder)
    return encoders.load_model(str(folder), kinds.load(kind), prediction.WEIGHTS[precision]).to(prediction.device())


def forward(model: PreTrainedModel, kind: str, features: pa.Table, precision: str) -> list[tuple[np.ndarray, ...]]:
    """The outputs for all rows."""
    return prediction.forward(model, kinds.load(kind), features, pad_token_id=data.PAD, precision=precision)


def outputs(kind: str) -> tuple[str, ...]:
    """The fields of a model's output that are predictions."""
    return kinds.load(kind).OUTPUTS


def prediction_batches(lengths: np.ndarray) -> list[list[int]]:
    """The row numbers of the batches of `forward` and `embed`; on a GPU, where there is memory for large ones."""
    tokens = memory.LARGEST_PREDICTION if device().type == "cuda" else prediction.TOKENS_PER_BATCH
    return list(prediction.batches(lengths, tokens))


def encoder_of(folder: Path, precision: str) -> PreTrainedModel:
    """An encoder, loaded for sentence vectors."""
    encoder = encoders.load_encoder(Checkpoint(str(folder)), prediction.WEIGHTS[precision])
    return embedding.without_unread_layers(encoder, None).to(prediction.device())


def embed(encoder: PreTrainedModel, features: pa.Table, precision: str) -> np.ndarray:
    """The mean-pooled vectors of the default layer, (rows, width)."""
    return embedding.embed(encoder, features, pad_token_id=data.PAD, layer=None, pooling="mean")


def layer_of(layers: int) -> int:
    """The layer that `embed` reads, counted from 1."""
    return embedding.layer_of(layers, None)


def mined(foreign: np.ndarray, english: np.ndarray) -> list[mine.Candidate]:
    """The pairs of two sides with the numbers of their rows as ids."""
    sides = [mine.Side(ids, ids, vectors) for vectors in (foreign, english) for ids in [_ids(len(vectors))]]
    return mine.candidates(*sides, device=str(prediction.device()))


def _ids(count: int) -> list[str]:
    return list(map(str, range(count)))


def encode(kind: str, examples: pa.Table, tokenizer: object) -> pa.Table:
    """The token ids of examples, at most 128 a row."""
    return kinds.load(kind).encode(examples, tokenizer, TASKS[kind], Settings(max_length=128))


def lengths(features: pa.Table) -> np.ndarray:
    """The number of tokens of each row."""
    return arrow.lengths(features)


def read(file: Path) -> pa.Table:
    """Features on disk."""
    return arrow.read(file)


def write(file: Path, features: pa.Table) -> None:
    """Write features to disk."""
    arrow.write(file, features)


def device() -> torch.device:
    """The device of trainings and predictions."""
    return prediction.device()
