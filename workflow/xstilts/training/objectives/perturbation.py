"""The hook that adds a perturbation to word embeddings.

It adds to the output of the embedding module of the encoder: before positions, norms and RemBERT's projection. So token
ids, positions and attention stay what they are, whatever the architecture.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from xstilts.errors import UserError


class Perturbation:
    """Adds perturbations to the word embeddings of an encoder.

    Raises:
        UserError: the encoder has no word embeddings.
    """

    def __init__(self, encoder: PreTrainedModel):
        self._name = type(encoder).__name__
        self._words = self._embeddings(encoder)

    def _embeddings(self, encoder: PreTrainedModel) -> nn.Module:
        try:
            words = encoder.get_input_embeddings()
        except (NotImplementedError, AttributeError):
            words = None
        if not isinstance(words, nn.Module):
            raise self._refused("has no word embeddings")
        return words

    @torch.no_grad()
    def clean(self, ids: Tensor) -> Tensor:
        """The word embeddings of sequences in float32, `(sequences, length, width)`.

        Args:
            ids: `(sequences, length)`.
        """
        return self._words(ids).float()

    @contextmanager
    def added(self, delta: Tensor | None) -> Iterator[None]:
        """Within the block, which makes one forward pass, add a perturbation, `(sequences, length, width)`, or nothing.

        Raises:
            UserError: the encoder does not look up its word embeddings exactly once in a pass.
        """
        if delta is None:
            yield
            return
        calls = []

        def add(_: nn.Module, __: tuple, embedded: Tensor) -> Tensor:
            calls.append(embedded.shape)
            return embedded + delta.to(embedded.dtype)

        with self._words.register_forward_hook(add):
            yield
        if calls != [delta.shape]:
            raise self._refused("does not look up its word embeddings once in a pass")

    def _refused(self, problem: str) -> UserError:
        return UserError(
            f"{self._name} {problem}, so that they cannot be perturbed. Choose an encoder like XLM-R, BERT or "
            "ModernBERT, or another objective."
        )
