"""Fine-tuning of XLM-R in plain torch: row by row, without padding or batches, in double precision.

Weights have the names of a stage's model: `encoder.<name>` and `heads.<task>.<name>`.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn.functional import gelu, layer_norm, linear

from xstilts.config import Stage

Weights = dict[str, torch.Tensor]
BETAS = (0.9, 0.999)
"""Of Adam, as in Kingma and Ba 2015."""


@dataclass(frozen=True)
class Encoder:
    """The shape of an encoder, from its config.json."""

    layers: int
    heads: int
    epsilon: float
    padding: int

    @classmethod
    def of(cls, folder: Path) -> "Encoder":
        """The shape of the encoder in a folder."""
        config = json.loads((folder / "config.json").read_text())
        names = ("num_hidden_layers", "num_attention_heads", "layer_norm_eps", "pad_token_id")
        return cls(*(config[name] for name in names))

    def vectors(self, weights: Weights, ids: list[int]) -> torch.Tensor:
        """The output of the last layer, `(length, size)`."""
        words, positions, types = (
            weights[f"encoder.embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
        )
        # Positions are counted from behind the id of padding (Liu et al. 2019, in fairseq).
        first = self.padding + 1
        embedded = words[torch.tensor(ids)] + positions[first : first + len(ids)] + types[0]
        vectors = self._normed(weights, "encoder.embeddings.LayerNorm", embedded)
        for number in range(self.layers):
            vectors = self._layer(weights, f"encoder.encoder.layer.{number}", vectors)
        return vectors

    def _layer(self, weights: Weights, name: str, vectors: torch.Tensor) -> torch.Tensor:
        """Vaswani et al. 2017, with normalisation behind each sum."""
        split = (len(vectors), self.heads, -1)
        query, key, value = (
            affine(weights, f"{name}.attention.self.{part}", vectors).view(split).transpose(0, 1)
            for part in ("query", "key", "value")
        )
        attention = torch.softmax(query @ key.mT / math.sqrt(query.shape[-1]), dim=-1) @ value
        attended = affine(weights, f"{name}.attention.output.dense", attention.transpose(0, 1).reshape(vectors.shape))
        vectors = self._normed(weights, f"{name}.attention.output.LayerNorm", vectors + attended)
        inner = gelu(affine(weights, f"{name}.intermediate.dense", vectors))
        outer = affine(weights, f"{name}.output.dense", inner)
        return self._normed(weights, f"{name}.output.LayerNorm", vectors + outer)

    def _normed(self, weights: Weights, name: str, vectors: torch.Tensor) -> torch.Tensor:
        scale, shift = weights[f"{name}.weight"], weights[f"{name}.bias"]
        return layer_norm(vectors, scale.shape, scale, shift, self.epsilon)


def affine(weights: Weights, name: str, vectors: torch.Tensor) -> torch.Tensor:
    return linear(vectors, weights[f"{name}.weight"], weights[f"{name}.bias"])


def classification(encoder: Encoder, weights: Weights, head: str, row: dict) -> torch.Tensor:
    """A score for each label."""
    first = encoder.vectors(weights, row["input_ids"])[0]
    hidden = torch.tanh(affine(weights, f"{head}.classifier.dense", first))
    return affine(weights, f"{head}.classifier.out_proj", hidden)


def multiple_choice(encoder: Encoder, weights: Weights, head: str, row: dict) -> torch.Tensor:
    """A score for each choice; the sequences of all choices lie end to end."""
    sequences = torch.tensor(row["input_ids"]).split(row["choices"])
    firsts = torch.stack([encoder.vectors(weights, ids.tolist())[0] for ids in sequences])
    pooled = torch.tanh(affine(weights, "encoder.pooler.dense", firsts))
    return affine(weights, f"{head}.classifier", pooled)[:, 0]


def tagging(encoder: Encoder, weights: Weights, head: str, row: dict) -> torch.Tensor:
    """A score for each tag of each sub-word."""
    return affine(weights, f"{head}.classifier", encoder.vectors(weights, row["input_ids"]))


def span(encoder: Encoder, weights: Weights, head: str, row: dict) -> torch.Tensor:
    """The scores of each sub-word as the first and as the last of the answer."""
    return affine(weights, f"{head}.qa_outputs", encoder.vectors(weights, row["input_ids"])).T


LOGITS = {"classification": classification, "multiple_choice": multiple_choice, "tagging": tagging, "span": span}


def surprise(logits: torch.Tensor, gold: int) -> torch.Tensor:
    """The cross-entropy of one choice."""
    return torch.logsumexp(logits, dim=-1) - logits[gold]


def losses(kind: str, logits: torch.Tensor, row: dict) -> list[torch.Tensor]:
    """The losses of a row, whose mean over all rows is that of a step: in tagging, one for each word with a tag."""
    if kind == "tagging":
        return [surprise(one, gold) for one, gold in zip(logits, row["labels"], strict=True) if gold != -100]
    if kind == "span":
        # Devlin et al. 2019, in run_squad.py.
        return [(surprise(logits[0], row["start_positions"]) + surprise(logits[1], row["end_positions"])) / 2]
    return [surprise(logits, row["labels"])]


@dataclass
class AdamW:
    """Loshchilov and Hutter 2019, algorithm 2; a weight without a gradient is left as it is."""

    epsilon: float
    decay: float
    moments: dict[str, tuple] = field(default_factory=dict)

    def step(self, weights: Weights, gradients: Weights, rate: float) -> None:
        """Change the weights that have a gradient."""
        for name, gradient in gradients.items():
            first, second, number = self.moments.get(name, (0.0, 0.0, 0))
            first = BETAS[0] * first + (1 - BETAS[0]) * gradient
            second = BETAS[1] * second + (1 - BETAS[1]) * gradient**2
            self.moments[name] = first, second, number + 1
            unbiased = first / (1 - BETAS[0] ** (number + 1)), second / (1 - BETAS[1] ** (number + 1))
            weight = weights[name].data
            # Biases and the scales of normalisation, which are vectors, do not decay.
            weight -= rate * self.decay * weight * (weight.ndim > 1)
            weight -= rate * unbiased[0] / (unbiased[1].sqrt() + self.epsilon)


def rate(recipe: Stage, step: int, steps: int) -> float:
    """The learning rate of a step, the first of which is 0: a straight line up, and one down to zero."""
    warmup = math.ceil(recipe.warmup * steps) if recipe.warmup < 1 else recipe.warmup
    return recipe.learning_rate * (step / warmup if step < warmup else (steps - step) / (steps - warmup))


@dataclass
class Course:
    """The weights in the end, and of every step what the log has."""

    weights: Weights
    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)


def start(parent: Path, heads: Weights) -> Weights:
    """The weights of an encoder on disk, and those of fresh heads."""
    named = {f"encoder.{name}": value for name, value in load_file(parent / "model.safetensors").items()}
    return {name: value.double().requires_grad_() for name, value in {**named, **heads}.items()}


def learn(parent: Path, heads: Weights, recipe: Stage, steps: Iterable[tuple[str, str, list[dict]]]) -> Course:
    """Train on the rows of each step: the name of its task, the kind, and features.

    Args:
        heads: the weights of the heads before the first step.
    """
    encoder, course, steps = Encoder.of(parent), Course(start(parent, heads)), list(steps)
    optimiser = AdamW(recipe.adam_epsilon, recipe.weight_decay)
    for number, (task, kind, rows) in enumerate(steps):
        scored = [(LOGITS[kind](encoder, course.weights, f"heads.{task}", row), row) for row in rows]
        loss = torch.stack([one for logits, row in scored for one in losses(kind, logits, row)]).mean()
        found = torch.autograd.grad(loss, list(course.weights.values()), allow_unused=True)
        gradients = {name: one for name, one in zip(course.weights, found, strict=True) if one is not None}
        norm = math.sqrt(sum(one.square().sum().item() for one in gradients.values()))
        clipped = {name: one * min(1, recipe.max_grad_norm / norm) for name, one in gradients.items()}
        optimiser.step(course.weights, clipped, rate(recipe, number, len(steps)))
        course.losses.append(loss.item())
        course.norms.append(norm)
        course.rates.append(rate(recipe, number, len(steps)))
    return course
