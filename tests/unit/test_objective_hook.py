"""A perturbation is added to the word embeddings of every architecture, and to nothing else."""

import pytest
import tiny
import torch
from objective_steps import KINDS, TASK, batch, data, model
from torch import Tensor

from xstilts.training.objectives.perturbation import Perturbation

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module", params=tiny.FAMILIES)
def family(request, tmp_path_factory, tiny_tokenizer):
    """An encoder of an architecture, without dropout."""
    still = {"rembert": {**tiny.NO_DROPOUT, "classifier_dropout_prob": 0.0}, "modernbert": {}}
    special = {"eos_token_id": tiny_tokenizer.sep_token_id}
    changes = {**tiny.FAMILIES[request.param], **special, **still.get(request.param, tiny.NO_DROPOUT)}
    return tiny.encoder(tmp_path_factory.mktemp(request.param), tiny_tokenizer, request.param, **changes)


@pytest.mark.parametrize("kind", KINDS)
def test_a_perturbation_of_zero_changes_no_bit_and_another_one_changes_the_loss(family, tiny_tokenizer, kind):
    own, given = model(family, data(kind, tiny_tokenizer)), batch(kind, tiny_tokenizer)
    (inputs,) = given.micro_batches
    perturbation = Perturbation(own.encoder)
    nothing = torch.zeros_like(perturbation.clean(inputs["input_ids"].flatten(end_dim=-2)))
    losses = {}
    for name, delta in (("none", None), ("zero", nothing), ("some", nothing + torch.arange(nothing.shape[-1]) / 100)):
        with perturbation.added(delta):
            losses[name] = own(TASK, given.items, **inputs)
    assert torch.equal(losses["none"], losses["zero"])
    assert (losses["some"] - losses["none"]).abs() > 1e-4
    # The hook is gone.
    assert torch.equal(own(TASK, given.items, **inputs), losses["none"])


def test_the_gradient_of_a_perturbation_is_that_of_finite_differences(family, tiny_tokenizer):
    own, given = model(family, data("classification", tiny_tokenizer)).double(), batch("classification", tiny_tokenizer)
    (inputs,) = given.micro_batches
    perturbation = Perturbation(own.encoder)
    delta = torch.zeros_like(perturbation.clean(inputs["input_ids"])).double().requires_grad_()

    def loss(at: Tensor) -> Tensor:
        with perturbation.added(at):
            return own(TASK, given.items, **inputs).double()

    (slope,) = torch.autograd.grad(loss(delta), delta)
    padding = inputs["attention_mask"] == 0
    assert padding.any()
    assert not slope[padding].any()
    way = torch.randn(delta.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    with torch.no_grad():
        difference = (loss(1e-3 * way) - loss(-1e-3 * way)) / 2e-3
    assert difference.item() == pytest.approx((slope * way).sum().item(), rel=1e-2, abs=1e-5)
