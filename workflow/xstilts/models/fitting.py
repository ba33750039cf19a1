"""Validation of features against a model before the first batch: ids, token types and lengths.

Without it, invalid features cause an IndexError in the middle of a training on a CPU, and a failed assertion on a GPU.
"""

from inspect import signature

import pyarrow as pa
import pyarrow.compute as pc
from torch import nn
from transformers import PreTrainedModel

from xstilts.errors import UserError
from xstilts.features import arrow as feature_files
from xstilts.features.batching import pad

_POSITIONS = ("position_embeddings", "embed_positions", "wpe")
"""The names of position embeddings in different architectures."""

_NO_TYPES = (
    "Use the tokenizer that belongs to the encoder, or, if it was trained without token types, remove "
    "'token_type_ids' from model_input_names in its tokenizer_config.json."
)


def require_fit(model: PreTrainedModel, features: pa.Table, pad_token_id: int, name: str) -> None:
    """Check that a model can process features.

    Args:
        model: an encoder, with or without a head.
        name: the name of the model for messages.

    Raises:
        UserError: an id has no embedding, the encoder does not have a token type, or a sequence is too long.
    """
    encoder = model.base_model
    _require_ids(encoder, features, pad_token_id, name)
    if "token_type_ids" in features.column_names:
        _require_types(model, features, name)
    if table := _embedding(encoder, *_POSITIONS):
        _require_positions(table, features, pad_token_id, name)


def _require_ids(encoder: PreTrainedModel, features: pa.Table, pad_token_id: int, name: str) -> None:
    rows = encoder.get_input_embeddings().num_embeddings
    highest = max(pad_token_id, _highest(features["input_ids"]))
    if highest >= rows:
        raise UserError(
            f"{name}: its tokenizer gives the id {highest}, but its word embeddings have {rows} rows (ids up to "
            f"{rows - 1}). If tokens were added to the tokenizer, call `model.resize_token_embeddings(len(tokenizer))` "
            "and save both; otherwise use the tokenizer that belongs to the encoder."
        )


def _require_types(model: PreTrainedModel, features: pa.Table, name: str) -> None:
    if "token_type_ids" not in signature(model.forward).parameters:
        raise UserError(
            f"{name}: its tokenizer gives token types, but {type(model).__name__} does not take them. {_NO_TYPES}"
        )
    table, highest = _embedding(model.base_model, "token_type_embeddings"), _highest(features["token_type_ids"])
    # Architectures without this table, such as DeBERTa, accept and ignore token types.
    if table and highest >= table.num_embeddings:
        raise UserError(
            f"{name}: its tokenizer gives the token type {highest}, but its config.json has type_vocab_size "
            f"{table.num_embeddings} (types up to {table.num_embeddings - 1}). {_NO_TYPES}"
        )


def _require_positions(table: nn.Embedding, features: pa.Table, pad_token_id: int, name: str) -> None:
    """Check lengths. Positions start at 0 and include padding, or they start at the padding id + 1 without padding."""
    first = 0 if table.padding_idx is None else table.padding_idx + 1
    # Each choice is a separate sequence, although the ids of all choices of an example are concatenated.
    longest = _highest(features["choices"]) if "choices" in features.column_names else _longest(features)
    needed = longest if table.padding_idx == pad_token_id else pad([range(longest)], 0).shape[1]
    if needed > table.num_embeddings - first:
        raise UserError(
            f"{name}: a sequence has {longest} sub-words (padded to {needed}), but the encoder has positions for "
            f"{table.num_embeddings - first}. Reduce max_length of the task, or of `retrieval` for BUCC and Tatoeba."
        )


def _embedding(encoder: PreTrainedModel, *names: str) -> nn.Embedding | None:
    """The embedding table with one of these names; None if the architecture has none."""
    found = (module for path, module in encoder.named_modules() if path.rpartition(".")[2] in names)
    return next((module for module in found if isinstance(module, nn.Embedding)), None)


def _highest(column: pa.ChunkedArray) -> int:
    """The highest number in a list column; 0 if it is empty."""
    return pc.max(pc.list_flatten(column)).as_py() or 0


def _longest(features: pa.Table) -> int:
    return int(feature_files.lengths(features).max(initial=0))
