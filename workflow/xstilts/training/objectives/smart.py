"""The smoothness-inducing regularisation of SMART (Jiang et al. 2020), without its Bregman proximal term.

    CE(x) + w D(f(x), f(x + d)),    D(p, q) = KL(p || q) + KL(q || p) for each item

d ascends D from small normal noise: d <- P(d + step |x| g / |g|), where g is the gradient of D(f(x), f(x + d)) for d,
and P projects onto the ball of radius epsilon |x|. Norms are Euclidean norms of sequences, and the gradient of the
parameters passes through both predictions. The Bregman term, which keeps the weights near those of earlier steps, is
another regulariser and is left out.
"""

from functools import partial

from torch import Tensor

from xstilts.config.objectives import Smart
from xstilts.training.model import Scores
from xstilts.training.objectives.passes import Passes
from xstilts.training.objectives.smoothness import symmetric_kl


def gradient(passes: Passes, objective: Smart) -> Tensor:
    """Add the gradient for a micro-batch to that of the parameters; the value of the objective."""
    ball = passes.ball(objective)
    loss, clean = passes.scores()
    divergence = partial(symmetric_kl, tuple(Scores(one.logits.detach(), one.gold) for one in clean))
    delta = ball.start(objective.start)
    for _ in range(objective.steps):
        delta = ball.ascended(delta, passes.slope(delta, divergence), objective.step)
    _, perturbed = passes.scores(delta, is_last=True)
    return passes.finish(loss + objective.weight * symmetric_kl(clean, perturbed) / passes.items)
