"""The kinds of tasks, one module each: how examples become token ids, batches and predictions.

| kind | a feature is | a prediction is |
|---|---|---|
| classification | a text or a pair, cut to `max_length` | a label |
| multiple_choice | a prompt with each of its choices, cut to `max_length`, end to end | the label of a choice |
| tagging | a sentence, or a piece of one that is too long | one tag for each word of the sentence |
| span | a question with a window over its context | the text of the answer |
| retrieval | a sentence, cut to `max_length` | none: its vector is used |
"""

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from transformers import PreTrainedTokenizerBase

    from xstilts.task import Task


class Lengths(Protocol):
    """The settings that decide how examples are cut, in sub-words.

    Args:
        max_length: the whole sequence, special tokens included.
        doc_stride: between the starts of two windows over a context.
        max_query_length: the question.
    """

    max_length: int
    doc_stride: int
    max_query_length: int


class Kind(Protocol):
    """What every module here offers.

    Args:
        AUTO_MODEL: the class of transformers that loads the encoder with its head.
        OUTPUTS: the fields of the model's output that `decode` needs.
        PER_TOKEN: whether these have a value for each token, not one for the whole sequence.
        GOLD: the arguments of the model that hold labels, and the columns of features that they come from.
    """

    AUTO_MODEL: str
    OUTPUTS: tuple[str, ...]
    PER_TOKEN: bool
    GOLD: tuple[str, ...]

    def head(self, task: "Task") -> dict[str, Any]:
        """The entries of the model's config that shape the head."""

    def encode(
        self, examples: "pa.Table", tokenizer: "PreTrainedTokenizerBase", task: "Task", settings: Lengths
    ) -> "pa.Table":
        """Features, in the order of the examples.

        Every kind has the columns `input_ids` (list of int32), `example` (int32, a row of the examples) and, where the
        tokenizer's models take them, `token_type_ids` (list of int8). Labels are there if the examples have gold.

        Raises:
            UserError: the settings leave no room for the text, or the tokenizer cannot do what the kind needs.
        """

    def collate(self, rows: list[Mapping[str, Any]], pad_token_id: int) -> dict[str, "np.ndarray"]:
        """Features as the arguments of the model: int64 arrays, `(batch, length)` or, one number a row, `(batch,)`.

        Sequences of multiple choice are `(batch, choices, length)`. The length is that of the longest sequence, rounded
        up to a multiple of 8.
        """

    def decode(
        self,
        outputs: list[tuple["np.ndarray", ...]],
        features: "pa.Table",
        examples: "pa.Table",
        task: "Task",
        settings: Lengths,
    ) -> Any:
        """Predictions for the examples; retrieval has none and lacks this function.

        Args:
            outputs: for each feature the arrays named by `OUTPUTS`, without the padding of their batch.
        """


def load(name: str) -> Kind:
    """The module of a kind; a job that needs one kind imports no other."""
    return importlib.import_module(f"{__name__}.{name}")
