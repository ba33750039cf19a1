"""Sentence vectors: the pooled output of one layer of an encoder."""

from math import floor

import numpy as np
import pyarrow as pa
import torch
from transformers import PreTrainedModel

from xstilts import kinds
from xstilts.errors import UserError
from xstilts.features import arrow as feature_files
from xstilts.prediction.forward import TOKENS_PER_BATCH, batches

DEFAULT_DEPTH = 14 / 24
"""XLM-R Large's layer 14 of 24, which Phang et al. 2020 use, as a share of the depth."""


def layer_of(depth: int, layer: int | None) -> int:
    """The number of the layer whose output is pooled, from 1 to the depth of the encoder.

    Raises:
        UserError: the encoder is not that deep.
    """
    if layer is None:
        return max(1, floor(DEFAULT_DEPTH * depth + 0.5))
    if layer > depth:
        raise UserError(f"retrieval.layer {layer}: the encoder has {depth} layers; choose one from 1 to {depth}.")
    return layer


@torch.inference_mode()
def embed(
    encoder: PreTrainedModel, features: pa.Table, *, pad_token_id: int, layer: int | None, pooling: str
) -> np.ndarray:
    """The vectors of all rows, float32 of shape (rows, hidden size).

    Args:
        layer: counted from 1, as in `hidden_states`; None for the default depth.
        pooling: `mean` over the tokens of a row, special ones included, or `cls`, its first token.
    """
    kind, where = kinds.load("retrieval"), next(encoder.parameters()).device
    number = layer_of(encoder.config.num_hidden_layers, layer)
    vectors = np.empty((features.num_rows, encoder.config.hidden_size), dtype=np.float32)
    encoder.eval()
    for indices in batches(feature_files.lengths(features), TOKENS_PER_BATCH):
        batch = kind.collate(feature_files.rows(features, indices), pad_token_id)
        tensors = {key: torch.from_numpy(array).to(where) for key, array in batch.items()}
        states = encoder(**tensors, output_hidden_states=True).hidden_states[number]
        vectors[indices] = _pool(states, tensors["attention_mask"], pooling).float().cpu().numpy()
    return vectors


def _pool(states: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """Vectors of shape (rows, hidden) from states of shape (rows, tokens, hidden)."""
    if pooling == "cls":
        return states[:, 0]
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)
