"""Masked language modelling: the original tokens at masked positions of a passage or of a sentence pair.

Features are not masked. Masks are drawn when a batch is collated (`xstilts.training.masking`).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from xstilts.errors import UserError
from xstilts.features import batching
from xstilts.features.tokens import Template, sequence_columns, subwords

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from xstilts.kinds import Lengths
    from xstilts.task import Task

AUTO_MODEL = "AutoModelForMaskedLM"
OUTPUTS = ("logits",)
PER_TOKEN = True
GOLD = ()
COLUMNS = ("input_ids", "token_type_ids", "labels")

_BLOCK = 50_000
"""Passages whose windows are in memory at once."""


def head(task: "Task") -> dict[str, Any]:
    """No entries: the head is that of the architecture."""
    return {}


def encode(examples: pa.Table, tokenizer: "PreTrainedTokenizerBase", task: "Task", settings: "Lengths") -> pa.Table:
    """The windows of each passage, without overlap; a pair of sentences is one feature.

    Pairs that are too long are truncated at the end of the longer sentence. A passage without sub-words has no window.

    Raises:
        UserError: the tokenizer has no mask token, or `max_length` leaves no room for text.
    """
    if tokenizer.mask_token_id is None:
        raise UserError(
            f"{tokenizer.name_or_path}: its tokenizer has no mask token, which {task.name} needs. Choose an encoder "
            f"that was pretrained by masked language modelling, or remove {task.name} from the stage."
        )
    starts = range(0, max(len(examples), 1), _BLOCK)
    return pa.concat_tables([_encoded(examples.slice(start, _BLOCK), start, tokenizer, settings) for start in starts])


def _encoded(examples: pa.Table, start: int, tokenizer: "PreTrainedTokenizerBase", settings: "Lengths") -> pa.Table:
    """The features of examples, of which the first has the row number `start`."""
    texts, others = examples["text_a"].to_pylist(), examples["text_b"]
    if others.null_count < len(others):
        columns = sequence_columns(tokenizer, settings.max_length, texts, others.to_pylist())
        numbers = np.arange(len(texts))
    else:
        columns, numbers = _windows(texts, tokenizer, settings.max_length)
    return pa.table(columns | {"example": pa.array((start + numbers).astype(np.int32))})


def _windows(
    texts: list[str], tokenizer: "PreTrainedTokenizerBase", max_length: int
) -> tuple[dict[str, pa.Array], np.ndarray]:
    """The columns of all windows, and the number of the text of each."""
    template = Template(tokenizer, texts=1)
    room = max_length - template.size
    if room < 1:
        raise UserError(f"max_length {max_length} leaves no room beside {template.size} special tokens.")
    found = subwords(tokenizer, texts)
    windows = [(n, ids[at : at + room]) for n, ids in enumerate(found) for at in range(0, len(ids), room)]
    return template.columns([(ids,) for _, ids in windows]), np.array([n for n, _ in windows], np.int64)


def collate(rows: Sequence[Mapping[str, Any]], pad_token_id: int) -> dict[str, np.ndarray]:
    """`input_ids`, `attention_mask` and, if present, `token_type_ids`: `(batch, length)`.

    Masked rows also give `positions`, the places of the predicted tokens in the flattened batch, and `labels`, their
    original ids: `(predicted,)` each.
    """
    arrays = batching.collate(rows, pad_token_id, sequences={"labels": batching.IGNORED})
    if "labels" in arrays:
        labels = arrays["labels"].ravel()
        arrays["positions"] = np.flatnonzero(labels != batching.IGNORED)
        arrays["labels"] = labels[arrays["positions"]]
    return arrays
