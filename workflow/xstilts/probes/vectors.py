"""The vectors that the head of a kind reads, from a frozen encoder."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from transformers import PreTrainedModel

from xstilts.features.batching import IGNORED
from xstilts.features.rows import Rows
from xstilts.kinds import Kind
from xstilts.models.finite import NotFiniteError
from xstilts.models.precision import BF16, autocast
from xstilts.prediction.forward import computed

Tensors = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Block:
    """Vectors with their gold labels.

    There are two forms. Either each vector has a label, or one of several vectors, the places of a row, is correct:
    a choice among others, or the first and the last sub-word of an answer.

    Args:
        vectors: `(vectors, width)` or `(rows, places, width)`.
        gold: the labels, `(vectors,)`, or the correct places, `(rows, outputs)`; -100 is ignored.
        inside: which places exist, `(rows, places)`; None for vectors with labels.
    """

    vectors: torch.Tensor
    gold: torch.Tensor
    inside: torch.Tensor | None = None

    def to(self, device: torch.device) -> "Block":
        """The block on a device."""
        return Block(*(one if one is None else one.to(device) for one in (self.vectors, self.gold, self.inside)))


def read(encoder: PreTrainedModel, kind: Kind, inputs: Tensors) -> torch.Tensor:
    """The vectors of a batch, in the last layer: of each sub-word, `(batch, length, width)`, or of each sequence.

    The vector of a sequence is that of its first token, or the mean over its tokens if the heads of the architecture
    are configured so (`classifier_pooling` of ModernBERT). No pooler is applied: it belongs to the head.

    Returns:
        For sequences, `(batch, width)`, or `(batch, choices, width)`.
    """
    batch = inputs["input_ids"].shape[:-1]
    hidden = encoder(**{name: one.flatten(end_dim=-2) for name, one in inputs.items()}).last_hidden_state
    if kind.PER_TOKEN:
        return hidden
    if getattr(encoder.config, "classifier_pooling", "cls") == "mean":
        tokens = inputs["attention_mask"].flatten(end_dim=-2).unsqueeze(-1)
        return ((hidden * tokens).sum(dim=1) / tokens.sum(dim=1)).unflatten(0, batch)
    return hidden[:, 0].unflatten(0, batch)


def blocks(
    encoder: PreTrainedModel, kind: Kind, features: pa.Table, *, pad_token_id: int, precision: str
) -> Iterator[Block]:
    """The vectors of labelled features, batch by batch, in main memory; in half precision if they are computed so.

    Args:
        precision: `fp32` or `bf16`, which computes under autocast.

    Raises:
        NotFiniteError: a vector is not finite.
        UserError: the memory of the GPU is too small for a single row.
    """
    rows, where = Rows(features, kind.COLUMNS), next(encoder.parameters()).device
    # Of the two formats of 16 bits, the one with more digits: layer norms keep the vectors within its range.
    kept = torch.float16 if precision == BF16 else torch.float32

    def compute(tensors: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        inputs = {name: one for name, one in tensors.items() if name not in kind.GOLD}
        found = read(encoder, kind, inputs)
        block = _labelled(found, {name: tensors[name] for name in kind.GOLD}, inputs["attention_mask"])
        return [block.vectors.to(kept), block.gold, *([] if block.inside is None else [block.inside])]

    with autocast(where, precision):
        for _, arrays in computed(encoder, kind, rows, np.arange(len(rows)), compute, pad_token_id=pad_token_id):
            block = Block(*map(torch.from_numpy, arrays))
            if not torch.isfinite(block.vectors).all():
                raise NotFiniteError("the encoder's output is not finite for some training examples of a probe.")
            yield block


def _labelled(vectors: torch.Tensor, gold: Tensors, attention_mask: torch.Tensor) -> Block:
    """The vectors that have labels, or among which the correct one is known."""
    if "start_positions" in gold:
        return Block(vectors, torch.stack([gold["start_positions"], gold["end_positions"]], dim=1), attention_mask > 0)
    labels = gold["labels"]
    if labels.ndim < vectors.ndim - 1:
        return Block(vectors, labels[:, None], torch.ones_like(vectors[..., 0], dtype=torch.bool))
    known = labels != IGNORED
    return Block(vectors[known], labels[known])
