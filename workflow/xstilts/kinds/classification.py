"""Classification of a text or a pair of texts."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from xstilts.features import batching
from xstilts.features.tokens import sequence_columns

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from xstilts.kinds import Lengths
    from xstilts.task import Task

AUTO_MODEL = "AutoModelForSequenceClassification"
OUTPUTS = ("logits",)
PER_TOKEN = False
GOLD = ("labels",)
COLUMNS = ("input_ids", "token_type_ids", "labels")


def head(task: "Task") -> dict[str, Any]:
    """One output for each label of the task.

    The problem type is set here since transformers would otherwise add it to the config with the first loss.
    """
    return {**batching.label_head(task.labels), "problem_type": "single_label_classification"}


def encode(examples: pa.Table, tokenizer: "PreTrainedTokenizerBase", task: "Task", settings: "Lengths") -> pa.Table:
    """One feature for each example; pairs that are too long are truncated at the end of the longer text.

    Labelled features have `labels` (int32). The texts are pairs unless all values of `text_b` are null.
    """
    texts, pairs = examples["text_a"].to_pylist(), examples["text_b"]
    paired = None if pairs.null_count == len(pairs) else pairs.to_pylist()
    columns = sequence_columns(tokenizer, settings.max_length, texts, paired)
    columns["example"] = pa.array(np.arange(len(examples), dtype=np.int32))
    if batching.has_gold(examples, "label"):
        columns["labels"] = pa.array(batching.label_ids(examples["label"], task.labels))
    return pa.table(columns)


def collate(rows: Sequence[Mapping[str, Any]], pad_token_id: int) -> dict[str, np.ndarray]:
    """`input_ids`, `attention_mask` and, if present, `token_type_ids`: `(batch, length)`; `labels`: `(batch,)`."""
    return batching.collate(rows, pad_token_id, numbers=["labels"])


def decode(
    outputs: list[tuple[np.ndarray, ...]], features: pa.Table, examples: pa.Table, task: "Task", settings: "Lengths"
) -> list[str]:
    """The label with the highest logit for each example, the first in case of ties; logits are `(labels,)`."""
    assert len(outputs) == len(features) == len(examples), (len(outputs), len(features), len(examples))
    return [task.labels[logits.argmax()] for (logits,) in outputs]
