"""Multiple choice: several choices for one prompt, of which one is correct."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xstilts.errors import UserError
from xstilts.features import batching
from xstilts.features.tokens import Template, subwords

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from xstilts.kinds import Lengths
    from xstilts.task import Task

AUTO_MODEL = "AutoModelForMultipleChoice"
OUTPUTS = ("logits",)
PER_TOKEN = False
GOLD = ("labels",)
COLUMNS = ("input_ids", "token_type_ids", "choices", "labels")


def head(task: "Task") -> dict[str, Any]:
    """One output, the score of a choice, for any number of choices.

    transformers loads no model with one output and the problem type of a parent that classifies.
    """
    return {"num_labels": 1, "problem_type": None}


def encode(examples: pa.Table, tokenizer: "PreTrainedTokenizerBase", task: "Task", settings: "Lengths") -> pa.Table:
    """One feature for each example: the concatenated sequences of all its choices, so that they share a batch.

    A sequence is the prompt and a choice. Sequences that are too long are truncated at the start of the longer text,
    which keeps the end of the prompt, often a question, and the end of the choice. The column `choices` (list of int32)
    has the length of each sequence. Labelled features have `labels` (int32), the position of the correct choice.

    Raises:
        UserError: `max_length` leaves no room for text.
    """
    template = Template(tokenizer, texts=2)
    room = settings.max_length - template.size
    if room < 1:
        raise UserError(f"max_length {settings.max_length} leaves no room beside {template.size} special tokens.")
    prompts = _tokenised(examples["prompt"].combine_chunks(), tokenizer)
    choices = _tokenised(examples["choices"].combine_chunks().flatten(), tokenizer)
    counts = pc.list_value_length(examples["choices"]).to_numpy()
    prompts_of_choices = np.repeat(np.arange(len(examples)), counts).tolist()
    pairs = zip(prompts_of_choices, choices, strict=True)
    sequences = template.columns([cut(prompts[prompt], choice, room) for prompt, choice in pairs])

    ends = pa.array(batching.bounds(counts))
    columns = {name: _end_to_end(column, ends) for name, column in sequences.items()}
    columns["example"] = pa.array(np.arange(len(examples), dtype=np.int32))
    columns["choices"] = pa.ListArray.from_arrays(ends, sequences["input_ids"].value_lengths())
    if batching.has_gold(examples, "label"):
        columns["labels"] = pa.array(batching.label_ids(examples["label"], task.labels))
    return pa.table(columns)


def _tokenised(texts: pa.Array, tokenizer: "PreTrainedTokenizerBase") -> list[np.ndarray]:
    """The sub-words of each text; each distinct one is tokenised once."""
    distinct = texts.dictionary_encode()
    ids = subwords(tokenizer, distinct.dictionary.to_pylist())
    return [ids[place] for place in distinct.indices.to_pylist()]


def cut(prompt: np.ndarray, choice: np.ndarray, room: int) -> tuple[np.ndarray, np.ndarray]:
    """The last sub-words of both texts that fit into `room`.

    Sub-words are removed one by one from the start of the longer text, from the prompt in case of ties.
    """
    kept = min(len(prompt), max(room - len(choice), room // 2))
    return _last(prompt, kept), _last(choice, room - kept)


def _last(ids: np.ndarray, count: int) -> np.ndarray:
    return ids[max(len(ids) - count, 0) :]


def _end_to_end(sequences: pa.ListArray, ends: pa.Array) -> pa.ListArray:
    """The sequences of each example concatenated; `ends` are the bounds of the examples, counted in sequences."""
    return pa.ListArray.from_arrays(sequences.offsets.take(ends), sequences.values)


def collate(rows: Sequence[Mapping[str, Any]], pad_token_id: int) -> dict[str, np.ndarray]:
    """`input_ids`, `attention_mask`, perhaps `token_type_ids`: `(batch, choices, length)`; `labels`: `(batch,)`."""
    flat = batching.collate([sequence for row in rows for sequence in _sequences(row)], pad_token_id)
    arrays = {name: array.reshape(len(rows), -1, array.shape[1]) for name, array in flat.items()}
    if "labels" in rows[0]:
        arrays["labels"] = np.array([row["labels"] for row in rows], np.int64)
    return arrays


def _sequences(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The sequence of each choice of a feature, as a separate feature."""
    names = [name for name in ("input_ids", "token_type_ids") if name in row]
    for start, end in pairwise(batching.bounds(row["choices"]).tolist()):
        yield {name: row[name][start:end] for name in names}


def decode(
    outputs: list[tuple[np.ndarray, ...]], features: pa.Table, examples: pa.Table, task: "Task", settings: "Lengths"
) -> list[str]:
    """The choice with the highest logit for each example, the first in case of ties; logits are `(choices,)`."""
    assert len(outputs) == len(features) == len(examples), (len(outputs), len(features), len(examples))
    return [task.labels[logits.argmax()] for (logits,) in outputs]
