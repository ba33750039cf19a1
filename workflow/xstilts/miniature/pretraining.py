"""Pretraining of a tiny multilingual encoder on parallel text of the miniature world, in minutes on a CPU.

The encoder is XLM-R (Conneau et al. 2020) in miniature, with segments. Its word vectors start from the co-occurrence
of words and parallel sentences, so that translations are neighbours. Then it learns at once to fill masks with a
translation at hand (Lample & Conneau 2019), to detect what the other segment does not say (as replaced tokens, Chi et
al. 2022), to find what is masked there (Ram et al. 2021) and to tell the roles of words.
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
"""The lengths of the vectors of positions and segments beside those of words, which is 1."""

_HEADS = {"role": len(SLOTS), "differs": 1, "altered": 1, "answers": 1}
"""The number of outputs of each head beside that of the masked words; these heads are thrown away in the end."""

_WEIGHTS = {"word": 0.3, "role": 0.3, "differs": 3.0, "altered": 1.0, "answers": 3.0}
"""What the losses count."""

_REPORT = 100
"""Steps over which the losses are averaged for the log."""


def pretrain(settings: Pretraining, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Make an encoder and write it, with its tokenizer, as an ordinary Hugging Face folder.

    The same settings give the same weights on the same number of threads.

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
        # Positions are counted from behind the id of the padding token.
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
    """Start where training would otherwise spend most of its time getting to.

    Translations have like vectors; positions are sinusoids; and the attention of a head looks for what is like a token
    (queries and keys start equal, cf. Trockman & Kolter 2023), in the other segment in two of three dimensions.
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


def occurrences(said: list[list[Text]], tokenizer: PreTrainedTokenizerFast) -> torch.Tensor:
    """Whether a token is in a sentence, whatever the language: `(vocabulary, sentences)`."""
    found = torch.zeros(len(tokenizer), len(said))
    for column, row in enumerate(said):
        for ids in tokenizer([text.text for text in row], add_special_tokens=False)["input_ids"]:
            found[ids, column] = 1
    return found


def translation_vectors(occurrences: torch.Tensor, size: int) -> torch.Tensor:
    """Vectors of unit length for the tokens that occur, zero for others: `(vocabulary, size)`.

    They are the left singular vectors of the matrix of tokens and sentences with rows of unit length, weighted by the
    roots of the singular values.
    """
    left, values, _ = torch.svd_lowrank(normalize(occurrences), q=size, niter=4)
    return normalize(left * values.sqrt())


def _sinusoids(count: int, size: int) -> torch.Tensor:
    """The position vectors of Vaswani et al. 2017, section 3.5, with shorter waves: `(count, size)`."""
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
                f"pretraining: the loss or the gradient is not finite at step {step}; lower its learning_rate."
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
    """All batches, and all of them again in other orders."""
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
    """The mean loss of everything that the batch asks for."""
    states = model.roberta(**_tensors(batch.inputs)).last_hidden_state
    losses = {}
    for name, labels in _tensors(batch.labels).items():
        asked = labels != IGNORED
        if asked.any():
            head = model.lm_head if name == "word" else heads[name]
            losses[name] = _loss(head(states[asked]), labels[asked])
    return losses


def _loss(outputs: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
    """The cross-entropy of outputs `(tokens, classes)`, or of one output for yes or no."""
    if outputs.shape[1] == 1:
        return binary_cross_entropy_with_logits(outputs[:, 0], gold.float())
    return cross_entropy(outputs, gold)


def _tensors(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array) for name, array in arrays.items()}
