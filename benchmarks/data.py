"""Token ids with the lengths of real tasks, and encoders with random weights.

Lengths are those of a folder of features, such as `results/features/<tokenizer>` of a real run, or else drawn from the
log-normal distributions of `LENGTHS`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModel, PreTrainedTokenizerFast, XLMRobertaConfig, set_seed

from xstilts.features import arrow
from xstilts.sources.columns import SCHEMAS

PAD = 1
FIRST = 4
"""The first id that is not a special token."""
LABELS = 3
CHUNKS = 10
TABLE = 400_000
"""Rows of a training table, about those of MultiNLI."""


@dataclass(frozen=True)
class Lengths:
    """A log-normal distribution of the number of sub-words of a row, special tokens included.

    Args:
        mean: before it is cut off.
        sigma: the standard deviation of the logarithm.
        longest: the maximum length, at which longer rows are cut.
    """

    mean: float
    sigma: float
    longest: int

    def draw(self, rows: int, rng: np.random.Generator) -> np.ndarray:
        """The lengths of some rows."""
        drawn = rng.lognormal(np.log(self.mean) - self.sigma**2 / 2, self.sigma, rows)
        return np.clip(np.rint(drawn), 8, self.longest).astype(np.int64)


LENGTHS = {
    "mnli.train": Lengths(45.5, 0.4, 128),
    "squad_v1.train": Lengths(229, 0.35, 384),
    "xnli.test": Lengths(39.5, 0.35, 128),
    "panx.test": Lengths(14.6, 0.45, 128),
    "tatoeba.test": Lengths(19.2, 0.4, 128),
    "short": Lengths(8, 0.0, 8),
}
"""Means of XLM-R's tokenizer on the real data; the spread gives the same padding as samples of them."""


class Source:
    """Draws lengths and features, always the same ones.

    Args:
        features: a folder of the store with the features of real tasks; None to draw from `LENGTHS`.
    """

    def __init__(self, features: Path | None = None):
        self.features = features

    def lengths(self, name: str, rows: int) -> np.ndarray:
        """The lengths of rows of a split, in random order: `mnli.train`."""
        rng = np.random.default_rng([len(name), rows])
        found = [] if self.features is None else self._files(name)
        if not found:
            return LENGTHS[name].draw(rows, rng)
        known = np.concatenate([arrow.lengths(arrow.read(file)) for file in found])
        return rng.choice(known, rows).clip(max=LENGTHS[name].longest).astype(np.int64)

    def _files(self, name: str) -> list[Path]:
        assert self.features is not None
        task, split = name.split(".") if "." in name else (name, "")
        folders = [place for place in self.features.glob(f"**/{task}.*") if re.match(rf"{task}\.\w+~", place.name)]
        return sorted(file for folder in folders for file in folder.glob(f"{split}.*.arrow"))

    def said(self) -> str:
        """Where the lengths come from."""
        if self.features:
            return "Lengths: those of the features of a real run."
        return "Lengths: log-normal, with the means of the real data (`benchmarks/data.py`)."

    def nli(self, rows: int, vocabulary: int, name: str = "mnli.train") -> pa.Table:
        """Features of classification with three labels, in several chunks."""
        return _chunked(lambda part: _labelled(self.lengths(name, part), vocabulary), rows)

    def questions(self, rows: int, vocabulary: int) -> pa.Table:
        """Features of question answering, in several chunks."""
        return _chunked(lambda part: _windows(self.lengths("squad_v1.train", part), vocabulary), rows)

    def features_of(self, name: str, rows: int, vocabulary: int) -> pa.Table:
        """Features of a split in one chunk, with labels if it is for training."""
        make = {"mnli.train": _labelled, "squad_v1.train": _windows}.get(name, _rows)
        return make(self.lengths(name, rows), vocabulary)

    def unlabelled(self, name: str, rows: int, vocabulary: int) -> pa.Table:
        """Features without gold."""
        return _rows(self.lengths(name, rows), vocabulary)


@dataclass(frozen=True)
class Setup:
    """What a benchmark is run with.

    Args:
        source: of lengths.
        folder: an empty folder.
        smoke: whether everything is tiny, to test the benchmarks themselves.
    """

    source: Source
    folder: Path
    smoke: bool = False

    def size(self, full: int, smoke: int) -> int:
        """A size: the full one, or that of a test."""
        return smoke if self.smoke else full

    @property
    def table(self) -> int:
        """Rows of a training table."""
        return self.size(TABLE, 4_000)

    @property
    def shape(self) -> "Shape":
        """The shape of encoders that compute."""
        return TINY if self.smoke else SMALL


def _chunked(make: Callable[[int], pa.Table], rows: int) -> pa.Table:
    """A table of chunks with the same content: that they are separate is what costs time."""
    chunk = make(-(-rows // CHUNKS))
    return pa.concat_tables([chunk] * CHUNKS).slice(0, rows)


def _rows(lengths: np.ndarray, vocabulary: int) -> pa.Table:
    rng = np.random.default_rng(len(lengths))
    ids = pa.array(rng.integers(FIRST, vocabulary, int(lengths.sum()), dtype=np.int32))
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    example = pa.array(np.arange(len(lengths), dtype=np.int32))
    return pa.table({"input_ids": pa.ListArray.from_arrays(offsets, ids), "example": example})


def _labelled(lengths: np.ndarray, vocabulary: int) -> pa.Table:
    """Rows whose label can be learned: it decides the first token."""
    labels = np.random.default_rng(1).integers(0, LABELS, len(lengths)).astype(np.int32)
    table = _rows(lengths, vocabulary)
    column = table["input_ids"].combine_chunks()
    ids = column.values.to_numpy().copy()
    ids[column.offsets.to_numpy()[:-1]] = FIRST + labels
    lists = pa.ListArray.from_arrays(column.offsets, pa.array(ids))
    return table.set_column(0, "input_ids", lists).append_column("labels", pa.array(labels))


def _windows(lengths: np.ndarray, vocabulary: int) -> pa.Table:
    rng = np.random.default_rng(2)
    starts = rng.integers(1, lengths - 1).astype(np.int32)
    ends = np.minimum(starts + rng.integers(0, 8, len(lengths)), lengths - 2).astype(np.int32)
    columns = {"start_positions": starts, "end_positions": np.maximum(starts, ends)}
    table = _rows(lengths, vocabulary)
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    return table


def examples(kind: str, gold: list[str | None]) -> pa.Table:
    """Examples without text; those of classification with these labels."""
    empty = {"classification": {"text_a": "", "text_b": ""}, "span": {"question": "", "context": ""}}[kind]
    rows = [{"id": str(row), **empty, **({"label": label} if label else {})} for row, label in enumerate(gold)]
    return pa.Table.from_pylist(rows, SCHEMAS[kind])


@dataclass(frozen=True)
class Shape:
    """The shape of an encoder of XLM-R's architecture."""

    layers: int
    width: int
    vocabulary: int
    heads: int

    def config(self, **changes: object) -> XLMRobertaConfig:
        """The config; `changes` are entries of it."""
        return XLMRobertaConfig(
            vocab_size=self.vocabulary,
            hidden_size=self.width,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            intermediate_size=4 * self.width,
            max_position_embeddings=514,
            type_vocab_size=1,
            pad_token_id=PAD,
            bos_token_id=0,
            eos_token_id=2,
            **changes,
        )


LARGE = Shape(24, 1024, 250_002, 16)
"""XLM-R Large."""
SMALL = Shape(4, 256, 32_000, 4)
"""Small enough for a CPU, and large enough to spend most of the time in matrix products."""
TINY = Shape(2, 64, 1_000, 2)
"""With little to compute, so that the overhead of a loop shows."""


def encoder(shape: Shape, folder: Path) -> Path:
    """A folder with an encoder with random weights, and its tokenizer."""
    set_seed(0)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        AutoModel.from_config(shape.config(), dtype=torch.float32).save_pretrained(folder)
    for place in (folder, folder / "tokenizer"):
        tokenizer().save_pretrained(place)
    return folder


def tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer with few words, which pads on behalf of those that would have made the token ids."""
    words: Mapping[str, int] = {"<s>": 0, "<pad>": PAD, "</s>": 2, "<unk>": 3}
    made = Tokenizer(models.WordLevel(dict(words), unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    special = {"bos_token": "<s>", "cls_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "sep_token": "</s>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="<unk>", model_input_names=["input_ids", "attention_mask"], **special
    )
