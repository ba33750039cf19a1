"""Sentence vectors: the pooled hidden states of one layer of an encoder."""

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
"""Layer 14 of the 24 of XLM-R Large, which Phang et al. 2020 use, as a fraction of the depth."""


def layer_of(depth: int, layer: int | None) -> int:
    """The number of the layer that is pooled, from 1 to the depth of the encoder.

    Args:
        depth: the number of layers of the encoder.
        layer: the layer in the configuration; None for the default.

    Raises:
        UserError: the encoder has fewer layers.
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
    """The vectors of all rows, float32, (rows, hidden size).

    Args:
        layer: counted from 1, as in `hidden_states`; None for the default.
        pooling: `mean` over the tokens of a row, special tokens included, or `cls`, the first token.
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
    """Vectors, (rows, hidden size), from states, (rows, tokens, hidden size)."""
    if pooling == "cls":
        return states[:, 0]
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)
