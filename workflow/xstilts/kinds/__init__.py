"""The kinds of tasks, one module each: how examples become token ids, batches and predictions.

| kind | a feature is | a prediction is |
|---|---|---|
| classification | a text or a pair, truncated to `max_length` | a label |
| multiple_choice | a prompt with each of its choices, truncated to `max_length`, concatenated | the label of a choice |
| tagging | a sentence, or a part of one that is too long | one tag for each word of the sentence |
| span | a question with a window over its context | the text of the answer |
| retrieval | a sentence, truncated to `max_length` | none: its vector is used |
| masked_lm | a window of a passage, or a pair of sentences, truncated to `max_length` | none: its loss is used |
"""

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from transformers import PreTrainedTokenizerBase

    from xstilts.task import Task


class Lengths(Protocol):
    """The length settings of a task, in sub-words."""

    @property
    def max_length(self) -> int:
        """The length of a sequence, special tokens included."""

    @property
    def doc_stride(self) -> int:
        """The distance between the starts of two windows over a context."""

    @property
    def max_query_length(self) -> int:
        """The length of a question."""


class Kind(Protocol):
    """The interface of the modules in this package.

    Args:
        AUTO_MODEL: the class of transformers that loads the encoder with its head.
        OUTPUTS: the fields of the model's output that `decode` needs.
        PER_TOKEN: whether these fields have one value for each token instead of one for each sequence.
        GOLD: the label arguments of the model, which are also the label columns of features.
        COLUMNS: the columns of features that `collate` reads, as far as they exist.
    """

    AUTO_MODEL: str
    OUTPUTS: tuple[str, ...]
    PER_TOKEN: bool
    GOLD: tuple[str, ...]
    COLUMNS: tuple[str, ...]

    def head(self, task: "Task") -> dict[str, Any]:
        """The entries of the model's config that define the head."""

    def encode(
        self, examples: "pa.Table", tokenizer: "PreTrainedTokenizerBase", task: "Task", settings: Lengths
    ) -> "pa.Table":
        """Features, in the order of the examples.

        Every kind has the columns `input_ids` (list of int32), `example` (int32, the row number of the example) and, if
        the tokenizer's models take them, `token_type_ids` (list of int8). Labelled examples give labelled features.

        Raises:
            UserError: the settings leave no room for the text, or the tokenizer lacks a feature that the kind needs.
        """

    def collate(self, rows: Sequence[Mapping[str, Any]], pad_token_id: int) -> dict[str, "np.ndarray"]:
        """Features as the arguments of the model: int64 arrays, `(batch, length)`, or `(batch,)` for numbers.

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
        """Predictions for the examples; retrieval and masked language modelling do not have this function.

        Args:
            outputs: for each feature, the arrays named by `OUTPUTS`, without padding.
        """


def load(name: str) -> Kind:
    """The module of a kind, which is imported on demand."""
    return importlib.import_module(f"{__name__}.{name}")
