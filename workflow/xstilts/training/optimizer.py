"""AdamW with the groups of parameters and the schedule of transformers' Trainer."""

import re
from math import ceil

import torch
from torch import Tensor, nn

from xstilts.config import Stage

_EXEMPT = re.compile(r"bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)", re.IGNORECASE)


def adamw(model: nn.Module, stage: Stage) -> torch.optim.AdamW:
    """AdamW in which biases and the parameters of norms are exempt from weight decay."""
    norms = {id(one) for part in model.modules() if isinstance(part, nn.LayerNorm) for one in part.parameters()}
    exempt = {name: id(one) in norms or bool(_EXEMPT.search(name)) for name, one in model.named_parameters()}
    groups = [
        {"params": [one for name, one in model.named_parameters() if exempt[name] == without], "weight_decay": decay}
        for without, decay in ((False, stage.weight_decay), (True, 0.0))
    ]
    return torch.optim.AdamW(groups, lr=stage.learning_rate, eps=stage.adam_epsilon, fused=True)


def learning_rate(stage: Stage, step: int, steps: int) -> float:
    """The learning rate of a step, counted from 0: it rises linearly during the warmup, then falls linearly to 0."""
    warmup = int(stage.warmup) if stage.warmup >= 1 else ceil(steps * stage.warmup)
    if step < warmup:
        return stage.learning_rate * (step / warmup)
    return stage.learning_rate * max(0.0, (steps - step) / max(1, steps - warmup))


def values(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The values of an optimiser, by `<parameter>.<value>`."""
    return {
        f"{name}.{key}": value
        for name, parameter in model.named_parameters()
        for key, value in optimizer.state.get(parameter, {}).items()
    }


def load_values(model: nn.Module, optimizer: torch.optim.Optimizer, found: dict[str, Tensor]) -> None:
    """Set the values of an optimiser to those that `values` has returned."""
    parameters = dict(model.named_parameters())
    for path, value in found.items():
        name, _, key = path.rpartition(".")
        optimizer.state[parameters[name]][key] = value.to(parameters[name].device, copy=True)
