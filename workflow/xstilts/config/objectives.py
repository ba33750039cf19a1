"""The settings of training objectives: adversarial training, smoothness, and noise.

A perturbation is added to the word embeddings of a sequence. Its size is given relative to the norm of the clean word
embeddings of that sequence, so that it means the same for every encoder and length; norms are Euclidean, over all
tokens and dimensions of the sequence.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from xstilts.config.numbers import REAL, Count, Positive
from xstilts.config.settings import Settings

Share = Annotated[float, Field(ge=0, le=1), REAL]
Weight = Annotated[float, Field(ge=0), REAL]
Magnitude = Annotated[float, Field(ge=0), REAL]


class _Objective(Settings):
    """What all objectives say of themselves.

    Args:
        two_graphs: whether two passes are in memory at once.
        needs_float32: whether its gradient is lost in the rounding of bfloat16.
    """

    two_graphs: ClassVar[bool] = False
    needs_float32: ClassVar[bool] = False

    @property
    def is_plain(self) -> bool:
        """Whether the objective is that of plain training, because the weight of its own term is 0."""
        return getattr(self, "weight", None) == 0

    @property
    def passes(self) -> int:
        """The number of forward passes over a batch, of which each has a backward pass."""
        raise NotImplementedError

    @property
    def draws(self) -> bool:
        """Whether perturbations are drawn at random."""
        return False


class _Perturbing(_Objective):
    """An objective with a perturbation in a ball around the word embeddings of each sequence."""

    epsilon: Positive = 0.03
    """Radius of the ball around the clean word embeddings in which a perturbation stays."""
    norm: Literal["relative", "absolute"] = "relative"
    """Unit of `epsilon` and all other lengths: the norm of the clean word embeddings of the same sequence (`relative`),
    or 1 (`absolute`)."""


class _Ascending(_Perturbing):
    """An objective whose perturbation ascends the loss in several steps."""

    step: Positive = 0.01
    """Length of a step along the normalised gradient, in the unit of `epsilon`."""
    steps: Count = 2
    """Number of ascent steps."""
    start: Magnitude = 0.0
    """Norm of the random perturbation from which the ascent starts, in the unit of `epsilon`, at most `epsilon`; 0
    starts at the clean embeddings."""

    @model_validator(mode="after")
    def _starts_in_the_ball(self) -> Self:
        if self.start > self.epsilon:
            raise ValueError(f"'start' must be at most 'epsilon', which is {self.epsilon:g}")
        return self

    @property
    def draws(self) -> bool:
        """Whether the start is drawn at random."""
        return self.start > 0


class Fgm(_Perturbing):
    """Fast gradient method (Miyato et al. 2017).

    The original weighs both cross-entropies equally, as does `weight: 0.5`.
    """

    method: Literal["fgm"]
    """Fast gradient method: one step of length `epsilon` along the gradient."""
    weight: Share = 0.5
    """Weight of the perturbed cross-entropy; that of the clean one is 1 - `weight`. 0 is plain training."""

    @property
    def passes(self) -> int:
        """The clean pass and the perturbed one."""
        return 2


class Pgd(_Ascending):
    """Projected gradient descent (Madry et al. 2018)."""

    method: Literal["pgd"]
    """Projected gradient descent: `steps` steps along the gradient, each projected onto the ball; the last perturbation
    counts."""
    steps: Count = 3
    """Number of ascent steps."""
    weight: Share = 0.5
    """Weight of the perturbed cross-entropy; that of the clean one is 1 - `weight`. 0 is plain training."""

    @property
    def passes(self) -> int:
        """One for each step, the last one, and the clean one if the ascent does not start there."""
        return self.steps + 1 + (self.start > 0 and self.weight < 1)


class FreeLB(_Ascending):
    """FreeLB (Zhu et al. 2020).

    Defaults: the authors train RoBERTa Large on MNLI in two steps of length 0.1 within a ball of radius 0.3. Sequences
    of about 45 sub-words have word embeddings of a norm of about 10 in multilingual-e5-small.
    """

    method: Literal["freelb"]
    """FreeLB: like `pgd`, with the mean of the gradients of all passes, the first and the last one included."""

    @property
    def passes(self) -> int:
        """The first one, and one after each step."""
        return self.steps + 1


class Smart(_Ascending):
    """Smoothness-inducing regularisation of SMART (Jiang et al. 2020), without its Bregman proximal term.

    Defaults: DeBERTa's code for scale-invariant fine-tuning (SiFT) starts from normal noise of standard deviation 0.01
    of normalised embeddings, cut off at 0.02, and weighs the term by 5. A step as long as the radius makes the gradient
    decide the direction.
    """

    two_graphs: ClassVar[bool] = True
    needs_float32: ClassVar[bool] = True

    method: Literal["smart"]
    """SMART: a smoothness term, the symmetric Kullback-Leibler divergence between the predictions with and without the
    perturbation that ascends it."""
    epsilon: Positive = 0.02
    """Radius of the ball around the clean word embeddings in which a perturbation stays."""
    step: Positive = 0.02
    """Length of a step along the normalised gradient, in the unit of `epsilon`."""
    steps: Count = 1
    """Number of ascent steps."""
    start: Positive = 0.01
    """Norm of the random perturbation from which the ascent starts, in the unit of `epsilon`, at most `epsilon`. The
    divergence has no gradient at the clean embeddings."""
    weight: Weight = 5.0
    """Weight of the smoothness term. 0 is plain training."""

    @property
    def passes(self) -> int:
        """The clean one, one for each step, and the last one."""
        return self.steps + 2


class RDrop(_Objective):
    """R-Drop (Liang et al. 2021).

    Default: the authors' code for RoBERTa adds both cross-entropies and the mean of both divergences with weight 1. The
    equation here has the mean of the cross-entropies, of which half that weight is the same.
    """

    two_graphs: ClassVar[bool] = True

    method: Literal["rdrop"]
    """R-Drop: the mean cross-entropy of two passes with different dropout, and the mean of the Kullback-Leibler
    divergences between their predictions in both directions."""
    weight: Weight = 0.5
    """Weight of the divergence. 0 is plain training, with one pass."""

    @property
    def passes(self) -> int:
        """Two samples of dropout."""
        return 2


class Noise(_Perturbing):
    """Training under noise, as in randomised smoothing."""

    method: Literal["noise"]
    """Normal noise on the word embeddings in every step, without a second term."""
    epsilon: Positive = 0.1
    """Root mean square of the norm of the noise."""
    norm: Literal["relative", "absolute"] = "relative"
    """Unit of `epsilon`: the norm of the clean word embeddings of the same sequence (`relative`), or 1 (`absolute`)."""

    @property
    def passes(self) -> int:
        """One noisy pass."""
        return 1

    @property
    def draws(self) -> bool:
        """Noise is drawn at random."""
        return True


Objective = Annotated[Fgm | Pgd | FreeLB | Smart | RDrop | Noise, Field(discriminator="method")]
"""An objective, whose method is the value of `method`."""
