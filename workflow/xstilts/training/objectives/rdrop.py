"""R-Drop (Liang et al. 2021), with the mean of the cross-entropies.

    1/2 (CE(p) + CE(q)) + w 1/2 (KL(p || q) + KL(q || p))

p and q are the predictions of two passes with different dropout; the gradient passes through both. It needs no float32:
dropout changes predictions by far more than the rounding of bfloat16.
"""

from torch import Tensor

from xstilts.config.objectives import RDrop
from xstilts.training.objectives.passes import Passes
from xstilts.training.objectives.smoothness import symmetric_kl


def gradient(passes: Passes, objective: RDrop) -> Tensor:
    """Add the gradient for a micro-batch to that of the parameters; the value of the objective."""
    loss, scores = passes.scores(own_dropout=True)
    other, others = passes.scores(own_dropout=True, is_last=True)
    return passes.finish((loss + other) / 2 + objective.weight / 2 * symmetric_kl(scores, others) / passes.items)
