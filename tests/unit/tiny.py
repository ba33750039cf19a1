"""Encoders with two random layers, and one invented, encoded task of each kind."""

import atexit
import json
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from types import SimpleNamespace

import pyarrow as pa
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerBase, set_seed

from xstilts import kinds
from xstilts.sources.checkpoints import Checkpoint
from xstilts.sources.columns import GOLD_COLUMN, SCHEMAS
from xstilts.task import Task
from xstilts.training.data import TaskData

ARCHITECTURES = ("xlm-roberta", "bert")
CONFIG = {
    # Far wider than usual, so that the outputs of a random encoder depend on its inputs.
    "initializer_range": 0.3,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 100,
}
FAMILIES = {
    "xlm-roberta": {},
    "roberta": {},
    "xlm-roberta-xl": {},
    "bert": {},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_biased_input": False},
    "rembert": {"input_embedding_size": 16, "output_embedding_size": 24, "cls_token_id": 0, "sep_token_id": 1},
    "modernbert": {"global_attn_every_n_layers": 2, "cls_token_id": 0, "sep_token_id": 1, "bos_token_id": 0},
}
"""What the models of each architecture have that others have not, on a small scale."""
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}

TASKS = {
    "classification": Task("nli", "classification", "accuracy", ("en",), {}, labels=("no", "maybe", "yes")),
    "tagging": Task("tags", "tagging", "pos", ("en",), {}, labels=("short", "middling", "long", "longest")),
    "span": Task("questions", "span", "squad", ("en",), {}),
    "multiple_choice": Task("choices", "multiple_choice", "accuracy", ("en",), {}, labels=("0", "1", "2")),
}
SETTINGS = SimpleNamespace(max_length=96, doc_stride=64, max_query_length=24)
WORDS = "river mill bridge winter harbour master lanterns wool captain wind sister museum farmers honey".split()


def encoder(folder: Path, tokenizer: PreTrainedTokenizerBase, model_type: str = "xlm-roberta", **changes) -> Checkpoint:
    """A folder with a random encoder and a tokenizer; `changes` are entries of its config."""
    set_seed(0)
    pad = tokenizer.pad_token_id
    config = AutoConfig.for_model(model_type, vocab_size=len(tokenizer), pad_token_id=pad, **{**CONFIG, **changes})
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Checkpoint(str(folder))


def examples(kind: str, count: int, *, seed: int = 0, gold: bool = True) -> pa.Table:
    """Rows of very different lengths."""
    draw = random.Random(seed)
    rows = [_ROWS[kind]([draw.choice(WORDS) for _ in range(draw.randint(1, 15))]) for _ in range(count)]
    rows = [{"id": str(number), **row} for number, row in enumerate(rows)]
    return table(kind, rows if gold else [row | {GOLD_COLUMN[kind]: None} for row in rows])


def table(kind: str, rows: list[dict]) -> pa.Table:
    """Rows as the examples of a kind."""
    return pa.Table.from_pylist(rows, SCHEMAS[kind])


_ROWS = {
    "classification": lambda words: {
        "text_a": " ".join(words),
        "text_b": words[0],
        "label": TASKS["classification"].labels[len(words) % 3],
    },
    "tagging": lambda words: {
        "words": words,
        "tags": [TASKS["tagging"].labels[len(word) % 4] for word in words],
    },
    "multiple_choice": lambda words: {
        "prompt": " ".join(words),
        # Never two alike: their scores would tie, and rounding would decide.
        "choices": [words[0], " ".join(["grey", *words[:3]]), "apples"],
        "label": str(len(words) % 3),
    },
    "span": lambda words: {
        "question": f"Who built {words[0]}?",
        "context": " ".join(["the", *words]),
        "answers": [{"start": 4, "text": words[0]}],
    },
}


def encode(
    kind: str, table: pa.Table, tokenizer: PreTrainedTokenizerBase, settings: kinds.Lengths = SETTINGS
) -> pa.Table:
    """The features of examples."""
    return kinds.load(kind).encode(table, tokenizer, TASKS[kind], settings)


def data(kind: str, tokenizer: PreTrainedTokenizerBase, *, rows: int = 24, dev_gold: bool = True) -> TaskData:
    """What a stage needs of the task of a kind."""
    dev = examples(kind, 6, seed=1, gold=dev_gold)
    return TaskData(
        task=TASKS[kind],
        kind=kinds.load(kind),
        train=encode(kind, examples(kind, rows), tokenizer),
        dev={"en": (dev, encode(kind, dev, tokenizer))},
        settings=SETTINGS,
        tokenizer=saved(tokenizer),
    )


@cache
def saved(tokenizer: PreTrainedTokenizerBase) -> Path:
    """A folder with a tokenizer, as it lies beside token ids."""
    folder = Path(mkdtemp(prefix="tokenizer"))
    atexit.register(rmtree, folder)
    tokenizer.save_pretrained(folder)
    return folder


def edit(file: Path, change: Callable[[dict], object]) -> None:
    """Change a JSON file in place."""
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
