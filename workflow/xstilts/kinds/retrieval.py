"""Retrieval by sentence vectors, with the encoder alone, without a head or training."""

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

AUTO_MODEL = "AutoModel"
OUTPUTS = ()
PER_TOKEN = True
GOLD = ()
COLUMNS = ("input_ids", "token_type_ids")


def head(task: "Task") -> dict[str, Any]:
    """No entries: there is no head."""
    return {}


def encode(examples: pa.Table, tokenizer: "PreTrainedTokenizerBase", task: "Task", settings: "Lengths") -> pa.Table:
    """One feature for each sentence, stripped and truncated at the end, without labels."""
    texts = [text.strip() for text in examples["text"].to_pylist()]
    columns = sequence_columns(tokenizer, settings.max_length, texts)
    return pa.table(columns | {"example": pa.array(np.arange(len(examples), dtype=np.int32))})


def collate(rows: Sequence[Mapping[str, Any]], pad_token_id: int) -> dict[str, np.ndarray]:
    """`input_ids`, `attention_mask` and, if present, `token_type_ids`: `(batch, length)`."""
    return batching.collate(rows, pad_token_id)
