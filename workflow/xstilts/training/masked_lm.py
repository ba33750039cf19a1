"""The dev loss of masked language modelling."""

import numpy as np
import torch
from transformers import PreTrainedModel

from xstilts.errors import UserError
from xstilts.features.batching import IGNORED, list_arrays
from xstilts.features.rows import Rows
from xstilts.models.finite import NotFiniteError
from xstilts.models.precision import autocast
from xstilts.models.vocabulary import Vocabulary
from xstilts.prediction.forward import computed, token_budget
from xstilts.training.data import TaskData
from xstilts.training.model import masked_loss

_TOKENS = 8192
"""The most padded tokens of a batch, of which the scores of all words take 4 GB with 250,000 words."""


def require_words(model: PreTrainedModel, vocabulary: Vocabulary, name: str) -> None:
    """Check that each word of a tokenizer, any of which may replace a token, has an embedding.

    Args:
        name: the name of the model for messages.

    Raises:
        UserError: the tokenizer has more words than the encoder.
    """
    rows = model.get_input_embeddings().num_embeddings
    if vocabulary.size > rows:
        raise UserError(
            f"{name}: its tokenizer has {vocabulary.size} tokens, but its word embeddings have {rows} rows. Call "
            "`model.resize_token_embeddings(len(tokenizer))` and save both, or use the tokenizer of the encoder."
        )


def losses(model: PreTrainedModel, data: TaskData, *, pad_token_id: int, precision: str) -> dict[str, float]:
    """The mean dev loss per masked token, in nats, by language. The dev rows have labels (`with_masked_dev`).

    Raises:
        NotFiniteError: a loss is not finite.
    """
    return {lang: _loss(model, data, lang, pad_token_id, precision) for lang in data.dev}


def _loss(model: PreTrainedModel, data: TaskData, lang: str, pad_token_id: int, precision: str) -> float:
    features = data.dev[lang][1]
    rows = Rows(features, data.kind.COLUMNS)
    predicted = sum(int(np.count_nonzero(labels != IGNORED)) for labels in list_arrays(features["labels"]))

    def compute(tensors: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        return [masked_loss(model, **tensors)]

    with autocast(next(model.parameters()).device, precision):
        tokens = min(_TOKENS, token_budget(model))
        every = np.arange(len(rows))
        batches = computed(model, data.kind, rows, every, compute, pad_token_id=pad_token_id, tokens=tokens)
        loss = sum(float(total) for _, (total,) in batches) / max(1, predicted)
    if not np.isfinite(loss):
        raise NotFiniteError(f"{data.task.name}, {lang}: the dev loss is not finite.")
    return loss
