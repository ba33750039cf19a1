"""One optimiser step of each kind of task with each objective, on tiny models, and what the equations make of it."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache

import plaintext
import tiny
import torch
from accelerate import Accelerator
from pydantic import TypeAdapter
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from xstilts.config import Stage
from xstilts.config.objectives import Objective
from xstilts.models import encoders, lm_heads
from xstilts.sources.checkpoints import Checkpoint
from xstilts.training import objectives, stage
from xstilts.training.data import TaskData
from xstilts.training.feed import Batch, Feed
from xstilts.training.model import StageModel
from xstilts.training.objectives import draws

TASK = "task"
KINDS = (*tiny.TASKS, "masked_lm")
WHOLE, PARTS = 100_000, 96
"""Token budgets with which a step is one micro-batch, and several."""

OBJECTIVES: dict[str, Objective] = {
    name: TypeAdapter(Objective).validate_python(block)
    for name, block in {
        "fgm": {"method": "fgm", "epsilon": 0.1, "weight": 0.3},
        "fgm, perturbed only": {"method": "fgm", "epsilon": 2, "norm": "absolute", "weight": 1},
        "pgd": {"method": "pgd", "epsilon": 0.1, "step": 0.06, "steps": 3, "weight": 0.4},
        "pgd from noise": {"method": "pgd", "epsilon": 0.1, "step": 0.06, "steps": 2, "start": 0.05, "weight": 0.4},
        "pgd, perturbed only": {"method": "pgd", "epsilon": 0.1, "step": 0.06, "steps": 2, "start": 0.05, "weight": 1},
        "freelb": {"method": "freelb", "epsilon": 0.1, "step": 0.06, "steps": 2},
        "freelb from noise": {"method": "freelb", "epsilon": 0.1, "step": 0.06, "steps": 2, "start": 0.08},
        "smart": {"method": "smart"},
        "smart, two steps": {"method": "smart", "epsilon": 0.1, "step": 0.07, "steps": 2, "start": 0.05, "weight": 2},
        "rdrop": {"method": "rdrop"},
        "noise": {"method": "noise", "epsilon": 0.3},
    }.items()
}

PAIRS = [
    *(("classification", name) for name in OBJECTIVES),
    *((kind, name) for kind in KINDS[1:] for name in ("fgm", "freelb from noise", "smart, two steps")),
]
"""Each objective on one kind, and each kind with one loss, with several, and with a divergence."""


@cache
def data(kind: str, tokenizer: PreTrainedTokenizerBase) -> TaskData:
    """The data of a kind."""
    return plaintext.data(tokenizer) if kind == "masked_lm" else tiny.data(kind, tokenizer)


def model(parent: Checkpoint, own: TaskData) -> StageModel:
    """The model of a stage on one task, ready to be trained."""
    if own.is_masked_lm:
        return StageModel({TASK: lm_heads.with_lm_head(parent, parent, own.kind, own.task, "new")}).train()
    return StageModel({TASK: encoders.with_fresh_head(parent, own.kind, own.task)}).train()


def batch(
    kind: str, tokenizer: PreTrainedTokenizerBase, objective: Objective | None = None, tokens: int = WHOLE
) -> Batch:
    """The first step of a training."""
    own = {TASK: data(kind, tokenizer)}
    recipe = Stage(batch_size=4, tasks=(TASK,), steps=3)
    keys = objectives.keys(objective, 1)
    feed = Feed(own, stage._sampler(recipe, own, 1), tokenizer.pad_token_id, Accelerator(cpu=True), keys)
    return next(feed.after(0, tokens))


@dataclass(frozen=True)
class Taken:
    """The value of an objective and its gradient, by parameter."""

    value: float
    gradient: dict[str, Tensor]

    def cosine(self, other: "Taken") -> float:
        """The cosine of both gradients, of all parameters together."""
        ours, theirs = (
            torch.cat([one.gradient[name].double().flatten() for name in sorted(self.gradient)])
            for one in (self, other)
        )
        return torch.cosine_similarity(ours, theirs, dim=0).item()

    def distance(self, other: "Taken") -> float:
        """The largest difference of the gradients, relative to the largest gradient."""
        largest = max(one.abs().max().item() for one in other.gradient.values())
        return max((self.gradient[key] - other.gradient[key]).abs().max().item() for key in other.gradient) / largest


def taken(found: StageModel, given: Batch, objective: Objective | None, precision: str = "fp32") -> Taken:
    """The gradient of an objective, or of plain training, for a batch."""
    found.zero_grad()
    accelerator = Accelerator(cpu=True)
    if objective:
        value = objectives.gradients(objective, accelerator, found, found).accumulate(given, precision)
    else:
        losses = [found(given.task, given.items, **inputs) for inputs in given.micro_batches]
        value = sum(losses)
        value.backward()
    return Taken(value.item(), gradient(found))


def gradient(found: torch.nn.Module) -> dict[str, Tensor]:
    """The gradient of each parameter that has one."""
    return {name: one.grad.clone() for name, one in found.named_parameters() if one.grad is not None}


def padded(given: Batch, places: int, pad_token_id: int) -> Batch:
    """A batch of one micro-batch with more padding."""
    fills = {"input_ids": pad_token_id, "attention_mask": 0, "token_type_ids": 0}
    (inputs,) = given.micro_batches
    length = inputs["input_ids"].shape[-1]
    wider = {
        name: torch.nn.functional.pad(one, (0, places), value=fills.get(name, -100))
        if one.ndim > 1 and one.shape[-1] == length
        else one
        for name, one in inputs.items()
    }
    if "positions" in inputs:
        wider["positions"] = inputs["positions"] // length * (length + places) + inputs["positions"] % length
    return given._replace(micro_batches=[wider])


# The equations, in double precision: row by row, without padding, hook or batches.


@dataclass(frozen=True)
class Row:
    """A row of a batch of one micro-batch.

    Args:
        ids: the sequences of the row, without padding.
        noise: standard normal numbers for the word embeddings of each sequence.
        gold: the labels of its items, -100 for items that do not count; the start and the end of an answer.
        places: the positions of the predicted tokens of masked language modelling.
    """

    ids: list[Tensor]
    noise: list[Tensor]
    gold: Tensor
    places: Tensor | None


def rows(given: Batch, width: int) -> Iterator[Row]:
    """The rows of a step."""
    (inputs,) = given.micro_batches
    ids, mask = (
        inputs[name].unsqueeze(1) if inputs[name].ndim == 2 else inputs[name]
        for name in ("input_ids", "attention_mask")
    )
    count, choices, length = ids.shape
    keys = given.keys[0] if given.keys else torch.zeros(count * choices, dtype=torch.int64)
    noise = draws.normal(keys, length, width).double().view(count, choices, length, width)
    for row in range(count):
        inside = mask[row].bool()
        gold, places = _gold(inputs, row, inside)
        pairs = [(ids[row, one][inside[one]], noise[row, one][inside[one]]) for one in range(choices)]
        yield Row(*map(list, zip(*pairs, strict=True)), gold, places)


def _gold(inputs: dict[str, Tensor], row: int, inside: Tensor) -> tuple[Tensor, Tensor | None]:
    if "positions" in inputs:
        length = inputs["input_ids"].shape[1]
        own = inputs["positions"] // length == row
        return inputs["labels"][own], inputs["positions"][own] % length
    if "start_positions" in inputs:
        return torch.stack([inputs["start_positions"][row], inputs["end_positions"][row]]), None
    labels = inputs["labels"][row]
    return (labels[inside[0]] if labels.ndim else labels[None]), None


@dataclass(frozen=True)
class Equations:
    """The equations of objectives for a batch of one micro-batch."""

    kind: str
    stage: StageModel
    given: Batch

    @classmethod
    def of(cls, kind: str, found: StageModel, given: Batch) -> "Equations":
        """The equations with a copy of a model in double precision."""
        return cls(kind, deepcopy_of(found).double(), given)

    def expected(self, objective: Objective) -> Taken:
        """The value and the gradient of an objective."""
        self.stage.zero_grad()
        value = _METHODS[objective.method](self, objective)
        value.backward()
        return Taken(value.item(), gradient(self.stage))

    @property
    def model(self) -> PreTrainedModel:
        """The model of the task."""
        return self.stage.models[TASK]

    def words(self, row: Row) -> list[Tensor]:
        """The clean word embeddings of a row."""
        return [self.model.get_input_embeddings()(ids) for ids in row.ids]

    def probabilities(self, row: Row, embedded: list[Tensor]) -> Tensor:
        """The logarithms of the probabilities of the classes of each item, `(items, classes)`."""
        if self.kind == "multiple_choice":
            scores = [self.model(inputs_embeds=one[None, None]).logits.flatten() for one in embedded]
            return torch.cat(scores)[None].log_softmax(-1)
        (one,) = embedded
        if self.kind == "masked_lm":
            hidden = self.model.base_model(inputs_embeds=one[None]).last_hidden_state[0, row.places]
            return lm_heads.logits(self.model, hidden).log_softmax(-1)
        output = self.model(inputs_embeds=one[None])
        if self.kind == "span":
            return torch.cat([output.start_logits, output.end_logits]).log_softmax(-1)
        return output.logits.flatten(end_dim=-2).log_softmax(-1)

    def loss(self, row: Row, embedded: list[Tensor]) -> Tensor:
        """The share of a row in the loss of the step."""
        found, counts = self.probabilities(row, embedded), row.gold != -100
        chosen = found[torch.arange(len(found)), row.gold.clamp_min(0)]
        return self.shared(-(chosen * counts).sum())

    def divergence(self, row: Row, one: Tensor, other: Tensor) -> Tensor:
        """KL(p || q) + KL(q || p) of all items of a row, as its share in the step."""
        both = (one.exp() * (one - other)).sum(-1) + (other.exp() * (other - one)).sum(-1)
        return self.shared((both * (row.gold != -100)).sum())

    def shared(self, total: Tensor) -> Tensor:
        """A sum over the items of a row as its share in the step."""
        return total / self.given.items / (2 if self.kind == "span" else 1)

    def rows(self) -> Iterator[tuple[Row, list[Tensor], list[float]]]:
        """The rows with their word embeddings, and the norm of those of each sequence."""
        width = self.model.get_input_embeddings().weight.shape[1]
        for row in rows(self.given, width):
            words = self.words(row)
            yield row, words, [one.detach().norm().item() for one in words]


def deepcopy_of(found: StageModel) -> StageModel:
    """A copy of a model; its task model and its encoder stay one."""
    return StageModel({TASK: deepcopy(found.models[TASK])}).train()


def slopes(value: Callable[[list[Tensor]], Tensor], at: list[Tensor]) -> list[Tensor]:
    """The gradient of a function of perturbations."""
    leaves = [one.detach().requires_grad_() for one in at]
    return list(torch.autograd.grad(value(leaves), leaves, allow_unused=True, materialize_grads=True))


def ascended(deltas: list[Tensor], slope: list[Tensor], sizes: list[float], objective: Objective) -> list[Tensor]:
    """A step and its projection, by sequence."""
    found = []
    for delta, own, size in zip(deltas, slope, sizes, strict=True):
        unit = size if objective.norm == "relative" else 1.0
        length = objective.epsilon if objective.method == "fgm" else objective.step
        moved = delta + length * unit * own / own.norm() if own.norm() else delta
        found.append(moved / max(1.0, moved.norm().item() / (objective.epsilon * unit)))
    return found


def started(row: Row, sizes: list[float], magnitude: float, objective: Objective, within: bool = True) -> list[Tensor]:
    """Random perturbations, by sequence."""
    found = []
    for noise, size in zip(row.noise, sizes, strict=True):
        unit = size if objective.norm == "relative" else 1.0
        delta = magnitude * unit * noise / noise.numel() ** 0.5
        found.append(delta / max(1.0, delta.norm().item() / (objective.epsilon * unit)) if within else delta)
    return found


def moved(words: list[Tensor], deltas: list[Tensor]) -> list[Tensor]:
    """Word embeddings with perturbations."""
    return [one + delta for one, delta in zip(words, deltas, strict=True)]


def _adversarial(equations: Equations, objective: Objective) -> Tensor:
    """FGM and PGD."""
    total = torch.zeros((), dtype=torch.float64)
    for row, words, sizes in equations.rows():
        deltas = started(row, sizes, getattr(objective, "start", 0.0), objective)
        for _ in range(getattr(objective, "steps", 1)):
            slope = slopes(lambda at: equations.loss(row, moved(words, at)), deltas)  # noqa: B023
            deltas = ascended(deltas, slope, sizes, objective)
        perturbed = equations.loss(row, moved(words, deltas))
        total = total + (1 - objective.weight) * equations.loss(row, words) + objective.weight * perturbed
    return total


def _freelb(equations: Equations, objective: Objective) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for row, words, sizes in equations.rows():
        deltas = started(row, sizes, objective.start, objective)
        for number in range(objective.steps + 1):
            total = total + equations.loss(row, moved(words, deltas)) / (objective.steps + 1)
            if number < objective.steps:
                slope = slopes(lambda at: equations.loss(row, moved(words, at)), deltas)  # noqa: B023
                deltas = ascended(deltas, slope, sizes, objective)
    return total


def _smart(equations: Equations, objective: Objective) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for row, words, sizes in equations.rows():
        clean, deltas = equations.probabilities(row, words), started(row, sizes, objective.start, objective)
        for _ in range(objective.steps):

            def divergence(at: list[Tensor]) -> Tensor:
                return equations.divergence(row, clean.detach(), equations.probabilities(row, moved(words, at)))  # noqa: B023

            deltas = ascended(deltas, slopes(divergence, deltas), sizes, objective)
        perturbed = equations.probabilities(row, moved(words, deltas))
        total = total + equations.loss(row, words) + objective.weight * equations.divergence(row, clean, perturbed)
    return total


def _noise(equations: Equations, objective: Objective) -> Tensor:
    return sum(
        equations.loss(row, moved(words, started(row, sizes, objective.epsilon, objective, within=False)))
        for row, words, sizes in equations.rows()
    )


def _rdrop(equations: Equations, _: Objective) -> Tensor:
    """Without dropout, whose two passes are the same."""
    return sum(equations.loss(row, words) for row, words, _ in equations.rows())


_METHODS = {
    "fgm": _adversarial,
    "pgd": _adversarial,
    "freelb": _freelb,
    "smart": _smart,
    "noise": _noise,
    "rdrop": _rdrop,
}
