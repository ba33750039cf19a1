"""Invented plain text, encoded for masked language modelling."""

import random

import pyarrow as pa
import tiny
from transformers import PreTrainedTokenizerBase

from xstilts import kinds, tasks
from xstilts.sources.columns import SCHEMAS
from xstilts.training.data import TaskData

KIND = kinds.load("masked_lm")


def table(*passages: str | tuple[str, str]) -> pa.Table:
    """Passages, or sentences with their translations, as examples."""
    pairs = [(one, None) if isinstance(one, str) else one for one in passages]
    rows = [{"id": str(n), "text_a": one, "text_b": other} for n, (one, other) in enumerate(pairs)]
    return pa.Table.from_pylist(rows, SCHEMAS["masked_lm"])


def passages(count: int, seed: int = 0) -> pa.Table:
    """Passages of very different lengths."""
    draw = random.Random(seed)
    return table(*(" ".join(draw.choices(tiny.WORDS, k=draw.randint(3, 40))) for _ in range(count)))


def encode(
    examples: pa.Table, tokenizer: PreTrainedTokenizerBase, settings: kinds.Lengths = tiny.SETTINGS, name: str = "mlm"
) -> pa.Table:
    """The features of examples."""
    return KIND.encode(examples, tokenizer, tasks.load(name), settings)


def data(tokenizer: PreTrainedTokenizerBase, sizes: tuple[int, ...] = (24,)) -> TaskData:
    """What a stage needs of the task `mlm` in some languages."""
    train = [encode(passages(size, seed), tokenizer) for seed, size in enumerate(sizes)]
    dev = passages(6, 9)
    return TaskData(
        task=tasks.load("mlm"),
        kind=KIND,
        train=pa.concat_tables(train),
        dev={"en": (dev, encode(dev, tokenizer))},
        settings=tiny.SETTINGS,
        tokenizer=tiny.saved(tokenizer),
        sizes=tuple(len(one) for one in train),
    )
