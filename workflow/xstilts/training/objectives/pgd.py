"""Projected gradient descent (Madry et al. 2018), with weights that sum to 1.

    (1 - w) CE(x) + w CE(x + d_K),    d_(t+1) = P(d_t + step |x| g_t / |g_t|)

g_t is the gradient of CE(x + d_t) for d_t, and P projects onto the ball of radius epsilon |x|. d_0 is 0 or random. The
passes of the ascent have no part in the gradient of the parameters, except for the clean one.
"""

from torch import Tensor

from xstilts.config.objectives import Pgd
from xstilts.training.objectives.passes import Passes


def gradient(passes: Passes, objective: Pgd) -> Tensor:
    """Add the gradient for a micro-batch to that of the parameters; the value of the objective."""
    ball, share = passes.ball(objective), 1 - objective.weight
    delta = ball.start(objective.start)
    if objective.start:
        clean = passes.add(share) if share else delta.new_zeros(())
        slope = passes.slope(delta)
    else:
        clean, slope = passes.ascent(delta, share)
    delta = ball.ascended(delta, slope, objective.step)
    for _ in range(objective.steps - 1):
        delta = ball.ascended(delta, passes.slope(delta), objective.step)
    return clean + passes.add(objective.weight, delta, is_last=True)
