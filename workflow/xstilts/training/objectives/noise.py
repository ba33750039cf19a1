"""Training under noise, as in randomised smoothing (Cohen et al. 2019), on word embeddings.

CE(x + d),    d normal, with the root mean square epsilon |x| of its norm
"""

from torch import Tensor

from xstilts.config.objectives import Noise
from xstilts.training.objectives.passes import Passes


def gradient(passes: Passes, objective: Noise) -> Tensor:
    """Add the gradient for a micro-batch to that of the parameters; the value of the objective."""
    return passes.add(1, passes.ball(objective).noise(objective.epsilon), is_last=True)
