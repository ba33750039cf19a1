"""FreeLB (Zhu et al. 2020): the mean of the gradients of all passes of an ascent.

    1 / (K + 1) sum of CE(x + d_t) for t = 0 ... K,    d_(t+1) = P(d_t + step |x| g_t / |g_t|)

g_t is the gradient of CE(x + d_t) for d_t, and P projects onto the ball of radius epsilon |x|. d_0 is 0, so that the
first pass is clean, or random. The authors' code for fairseq counts K as here; that for transformers makes K passes in
all.
"""

from torch import Tensor

from xstilts.config.objectives import FreeLB
from xstilts.training.objectives.passes import Passes


def gradient(passes: Passes, objective: FreeLB) -> Tensor:
    """Add the gradient for a micro-batch to that of the parameters; the value of the objective."""
    ball, share = passes.ball(objective), 1 / objective.passes
    delta, value = ball.start(objective.start), 0.0
    for _ in range(objective.steps):
        loss, slope = passes.ascent(delta, share)
        delta, value = ball.ascended(delta, slope, objective.step), value + loss
    return value + passes.add(share, delta, is_last=True)
