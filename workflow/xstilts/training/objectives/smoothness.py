"""How much the predictions of two passes differ."""

import torch
from torch import Tensor

from xstilts.features.batching import IGNORED
from xstilts.training.model import Scores


def symmetric_kl(one: tuple[Scores, ...], other: tuple[Scores, ...]) -> Tensor:
    """The divergence KL(p || q) + KL(q || p) of the predictions of two passes, summed over all items that count.

    It equals the sum of (p - q) (log p - log q) over the classes, which is 0 for equal predictions and never negative,
    rounding included. As in the loss, items without a label do not count, and starts and ends are halved.
    """
    first, *ends = (_divergence(ours, theirs) for ours, theirs in zip(one, other, strict=True))
    return (first + ends[0]) / 2 if ends else first


def _divergence(one: Scores, other: Scores) -> Tensor:
    ours, theirs = one.logits.log_softmax(dim=-1), other.logits.log_softmax(dim=-1)
    # Padding cannot be the start of an answer: its probability is 0 in both passes.
    possible = ours.isfinite() & theirs.isfinite()
    terms = (ours.exp() - theirs.exp()) * torch.where(possible, ours - theirs, 0)
    return (terms.sum(dim=-1) * (one.gold != IGNORED)).sum()
