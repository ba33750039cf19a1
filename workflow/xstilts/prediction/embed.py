"""Sentence vectors: the pooled hidden states of one layer of an encoder."""

from math import floor

import numpy as np
import pyarrow as pa
import torch
from transformers import PreTrainedModel

from xstilts import kinds
from xstilts.errors import UserError
from xstilts.features.rows import Rows
from xstilts.prediction.forward import computed

DEFAULT_DEPTH = 14 / 24
"""Layer 14 of the 24 of XLM-R Large, which Phang et al. 2020 use, as a fraction of the depth."""

_LAYERS = {
    **dict.fromkeys(("bert", "roberta", "xlm-roberta", "xlm-roberta-xl", "rembert", "deberta-v2"), "encoder.layer"),
    "modernbert": "layers",
}
"""The place of the list of layers in an encoder, by architecture."""


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


def without_unread_layers(encoder: PreTrainedModel, layer: int | None) -> PreTrainedModel:
    """Remove the layers above the one that is pooled, whose state stays the same; returns the encoder.

    Architectures that are not in `_LAYERS` keep all layers.

    Args:
        layer: counted from 1; None for the default.

    Raises:
        UserError: the encoder has fewer layers.
    """
    depth, path = encoder.config.num_hidden_layers, _LAYERS.get(encoder.config.model_type)
    number = layer_of(depth, layer)
    if path and number < depth:
        del encoder.get_submodule(path)[number:]
        # Otherwise the norm behind the last layer would be applied to the state of the layer that is now the last.
        encoder.config.tie_last_hidden_states = False
    return encoder


def embed(
    encoder: PreTrainedModel,
    features: pa.Table,
    *,
    pad_token_id: int,
    layer: int | None,
    pooling: str,
    chosen: np.ndarray | None = None,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """The vectors of rows, float32, (rows, hidden size), pooled in float32 whatever the precision of the weights.

    Args:
        encoder: an encoder with at least the layers up to the one that is pooled.
        layer: counted from 1, as in `hidden_states`; None for the default.
        pooling: `mean` over the tokens of a row, special tokens included, or `cls`, the first token.
        chosen: the numbers of the rows to embed; all by default.
        out: the array to write to; a new one by default.
    """
    kind, number = kinds.load("retrieval"), layer_of(encoder.config.num_hidden_layers, layer)
    rows = Rows(features, kind.COLUMNS)
    chosen = np.arange(len(rows)) if chosen is None else chosen
    vectors = np.empty((len(chosen), encoder.config.hidden_size), dtype=np.float32) if out is None else out

    def compute(tensors: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        # A number instead of True keeps the states of this layer alone, where transformers supports it.
        states = encoder(**tensors, output_hidden_states=number).hidden_states[number]
        return [_pool(states.float(), tensors["attention_mask"], pooling)]

    for places, (pooled,) in computed(encoder, kind, rows, chosen, compute, pad_token_id=pad_token_id):
        vectors[places] = pooled
    return vectors


def _pool(states: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """Vectors, (rows, hidden size), from states, (rows, tokens, hidden size)."""
    if pooling == "cls":
        return states[:, 0]
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)
