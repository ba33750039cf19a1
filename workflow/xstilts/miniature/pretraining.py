"""Pretraining of a small multilingual encoder on parallel text of the miniature, in minutes on a CPU.

The encoder has the architecture of XLM-R (Conneau et al. 2020), with token types. Its word embeddings are initialised
from the co-occurrence of words and parallel sentences, so that translations are close. It is then trained jointly on
translation language modelling (Lample & Conneau 2019), detection of words that the other segment does not express (like
replaced tokens, Chi et al. 2022), selection of what is masked there (Ram et al. 2021) and classification of roles.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, normalize
from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaForMaskedLM

from xstilts.config import Pretraining
from xstilts.errors import UserError
from xstilts.features.batching import IGNORED
from xstilts.miniature import corpus, vocabulary
from xstilts.miniature.corpus import Batch
from xstilts.miniature.sentences import Text
from xstilts.miniature.variations import SLOTS
from xstilts.models.finite import require_finite

_POSITION, _SEGMENT = 0.6, 0.7
"""The norms of position and token type embeddings, relative to those of word embeddings."""

_HEADS = {"role": len(SLOTS), "differs": 1, "altered": 1, "answers": 1}
"""The number of outputs of each head except for the masked words; these heads are discarded after pretraining."""

_WEIGHTS = {"word": 0.3, "role": 0.3, "differs": 3.0, "altered": 1.0, "answers": 3.0}
"""The weights of the losses."""

_REPORT = 100
"""Steps over which the losses are averaged for the log."""


def pretrain(settings: Pretraining, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Pretrain an encoder and save it, with its tokenizer, as a Hugging Face checkpoint.

    The result is deterministic for the same settings and the same number of threads.

    Raises:
        UserError: a loss, a gradient or a weight is not finite.
    """
    torch.manual_seed(settings.seed)
    batches = corpus.batches(
        tokenizer,
        settings.seed,
        count=settings.batches,
        tokens=settings.tokens,
        masked=settings.masked,
    )
    model = XLMRobertaForMaskedLM(_config(settings, tokenizer))
    _initialise(model, occurrences(vocabulary.texts(settings), tokenizer))
    _train(model, batches, settings)
    require_finite(model.state_dict())
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _config(settings: Pretraining, tokenizer: PreTrainedTokenizerFast) -> XLMRobertaConfig:
    return XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.hidden_size,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        intermediate_size=2 * settings.hidden_size,
        # Positions are numbered from the padding id + 1.
        max_position_embeddings=settings.max_length + tokenizer.pad_token_id + 1,
        type_vocab_size=2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.05,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )


@torch.no_grad()
def _initialise(model: XLMRobertaForMaskedLM, occurrences: torch.Tensor) -> None:
    """Initialise weights close to what training would otherwise spend most of its time on.

    Translations have similar vectors, and positions are sinusoids. Attention heads look for tokens that are similar to
    the query (queries and keys are initialised equally, cf. Trockman & Kolter 2023), in two thirds of the dimensions in
    the other segment.
    """
    embeddings, size = model.roberta.embeddings, model.config.hidden_size
    vectors = translation_vectors(occurrences, size)
    found = vectors.norm(dim=1) > 0
    embeddings.word_embeddings.weight[found] = vectors[found]
    positions = embeddings.position_embeddings.weight[model.config.pad_token_id + 1 :]
    positions.copy_(_POSITION * normalize(_sinusoids(*positions.shape)))
    segment = normalize(torch.randn(size), dim=0)
    embeddings.token_type_embeddings.weight.copy_(_SEGMENT * torch.stack([segment, -segment]))
    mirror = torch.eye(size) - 2 * torch.outer(segment, segment)
    for layer in model.roberta.encoder.layer:
        query, key = layer.attention.self.query.weight, layer.attention.self.key.weight
        query.normal_(0, size**-0.5)
        key.copy_(query)
        across = slice(0, 2 * size // 3)
        key[across] = query[across] @ mirror


def occurrences(sentences: list[list[Text]], tokenizer: PreTrainedTokenizerFast) -> torch.Tensor:
    """Whether a token occurs in a sentence in any language: `(vocabulary, sentences)`."""
    found = torch.zeros(len(tokenizer), len(sentences))
    for column, row in enumerate(sentences):
        for ids in tokenizer([text.text for text in row], add_special_tokens=False)["input_ids"]:
            found[ids, column] = 1
    return found


def translation_vectors(occurrences: torch.Tensor, size: int) -> torch.Tensor:
    """Unit vectors for the tokens that occur, zero vectors for others: `(vocabulary, size)`.

    They are the left singular vectors of the row-normalised matrix of tokens and sentences, weighted by the square
    roots of the singular values.
    """
    left, values, _ = torch.svd_lowrank(normalize(occurrences), q=size, niter=4)
    return normalize(left * values.sqrt())


def _sinusoids(count: int, size: int) -> torch.Tensor:
    """The position embeddings of Vaswani et al. 2017, section 3.5, with shorter wavelengths: `(count, size)`."""
    angles = torch.arange(count)[:, None] / 1000 ** (torch.arange(0, size, 2) / size)
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)


def _train(model: XLMRobertaForMaskedLM, batches: Iterator[Batch], settings: Pretraining) -> None:
    heads = nn.ModuleDict({name: nn.Linear(settings.hidden_size, size) for name, size in _HEADS.items()})
    parameters = [*model.parameters(), *heads.parameters()]
    optimiser = torch.optim.AdamW(
        parameters, lr=settings.learning_rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, _rise_and_fall(settings))
    model.train()
    seen = defaultdict(list)
    for step, batch in enumerate(islice(_again_and_again(batches, settings.seed), settings.steps), 1):
        losses = _losses(model, heads, batch)
        total = sum(_WEIGHTS[name] * loss for name, loss in losses.items())
        total.backward()
        norm = nn.utils.clip_grad_norm_(parameters, 1.0)
        if not torch.isfinite(total + norm):
            raise UserError(
                f"pretraining: the loss or the gradient is not finite at step {step}; reduce its learning_rate."
            )
        optimiser.step()
        optimiser.zero_grad()
        schedule.step()
        for name, loss in losses.items():
            seen[name].append(loss.item())
        if step % _REPORT == 0:
            print(f"step {step}:", *(f"{name} {mean(values):.3f}" for name, values in seen.items()), flush=True)
            seen.clear()


def _again_and_again(batches: Iterator[Batch], seed: int) -> Iterator[Batch]:
    """All batches, repeated without end in new random orders."""
    rng, seen = random.Random(seed), []
    for batch in batches:
        seen.append(batch)
        yield batch
    while True:
        yield from rng.sample(seen, len(seen))


def _rise_and_fall(settings: Pretraining) -> Callable[[int], float]:
    warmup = max(1, round(settings.warmup * settings.steps))
    return lambda step: min((step + 1) / warmup, (settings.steps - step) / max(1, settings.steps - warmup))


def _losses(model: XLMRobertaForMaskedLM, heads: nn.ModuleDict, batch: Batch) -> dict[str, torch.Tensor]:
    """The mean loss of each objective with labels in the batch."""
    states = model.roberta(**_tensors(batch.inputs)).last_hidden_state
    losses = {}
    for name, labels in _tensors(batch.labels).items():
        asked = labels != IGNORED
        if asked.any():
            head = model.lm_head if name == "word" else heads[name]
            losses[name] = _loss(head(states[asked]), labels[asked])
    return losses


def _loss(outputs: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
    """The cross-entropy of outputs `(tokens, classes)`; binary if there is one output."""
    if outputs.shape[1] == 1:
        return binary_cross_entropy_with_logits(outputs[:, 0], gold.float())
    return cross_entropy(outputs, gold)


def _tensors(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array) for name, array in arrays.items()}
