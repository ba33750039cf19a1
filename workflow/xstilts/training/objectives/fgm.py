"""The fast gradient method (Miyato et al. 2017), with weights that sum to 1.

    (1 - w) CE(x) + w CE(x + r),    r = epsilon |x| g / |g|,    g the gradient of CE(x) for the embeddings x

No gradient passes through r.
"""

from torch import Tensor

from xstilts.config.objectives import Fgm
from xstilts.training.objectives.passes import Passes


def gradient(passes: Passes, objective: Fgm) -> Tensor:
    """Add the gradient for a micro-batch to that of the parameters; the value of the objective."""
    ball = passes.ball(objective)
    clean, slope = passes.ascent(ball.centre(), 1 - objective.weight)
    delta = ball.ascended(ball.centre(), slope, objective.epsilon)
    return clean + passes.add(objective.weight, delta, is_last=True)
