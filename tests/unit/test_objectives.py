"""Perturbations of word embeddings: where they are added, how large they are, and how they are drawn."""

import numpy as np
import pytest
import tiny
import torch
from objective_steps import OBJECTIVES, data, model
from torch import Tensor, nn

from xstilts.errors import UserError
from xstilts.features.batching import IGNORED
from xstilts.training.masking import hashed
from xstilts.training.model import Scores
from xstilts.training.objectives import draws
from xstilts.training.objectives.ball import Ball, norms
from xstilts.training.objectives.perturbation import Perturbation
from xstilts.training.objectives.smoothness import symmetric_kl

LENGTHS = (5, 8, 1)
"""Tokens of three sequences that are padded to eight."""


def ball(epsilon: float = 0.2, is_relative: bool = True, length: int = 8, seed: int = 0) -> tuple[Ball, Tensor]:
    """A ball, and the clean word embeddings of its sequences, of four dimensions."""
    generator = torch.Generator().manual_seed(seed)
    clean = torch.cat([torch.randn(3, 8, 4, generator=generator), torch.ones(3, length - 8, 4)], 1)
    mask = torch.arange(length) < torch.tensor(LENGTHS)[:, None]
    keys = torch.from_numpy(draws.keys(1, 0, np.arange(3), 1))
    return Ball(clean, mask, epsilon, is_relative, keys), clean


def by_hand(clean: Tensor) -> np.ndarray:
    """The norm of the tokens of each sequence."""
    return np.array([np.sqrt((clean[n, :size].numpy() ** 2).sum()) for n, size in enumerate(LENGTHS)])


@pytest.mark.parametrize("is_relative", [True, False])
@pytest.mark.parametrize("start", [0.0, 0.15, 0.2])
def test_no_step_leaves_the_ball_and_no_perturbation_is_on_padding(is_relative, start):
    found, clean = ball(0.2, is_relative)
    radius = 0.2 * (by_hand(clean) if is_relative else np.ones(3))
    delta, generator = found.start(start), torch.Generator().manual_seed(1)
    for _ in range(6):
        assert (norms(delta).flatten().numpy() <= radius * (1 + 1e-6)).all()
        assert not any(delta[n, size:].any() for n, size in enumerate(LENGTHS))
        delta = found.ascended(delta, torch.randn(delta.shape, generator=generator), 0.15)
    assert (norms(delta).flatten().numpy() > radius / 4).all()


@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
def test_a_step_has_its_length_and_the_direction_of_the_gradient_however_small_that_is(scale):
    found, clean = ball(0.2)
    slope = scale * torch.randn(3, 8, 4, generator=torch.Generator().manual_seed(2))
    delta = found.ascended(found.centre(), slope, 0.1)
    np.testing.assert_allclose(norms(delta).flatten(), 0.1 * by_hand(clean), rtol=1e-5)
    for n, size in enumerate(LENGTHS):
        along = torch.cosine_similarity(delta[n, :size].flatten(), slope[n, :size].flatten() / scale, dim=0)
        assert along == pytest.approx(1, abs=1e-5)


def test_a_gradient_of_zero_moves_nothing():
    found, _ = ball()
    assert torch.equal(found.ascended(found.centre(), found.centre(), 0.1), found.centre())


def test_a_gradient_that_is_not_finite_is_not_hidden():
    found, _ = ball()
    assert not found.ascended(found.centre(), found.centre() + torch.inf, 0.1).isfinite().all()


def test_noise_has_the_norm_that_was_asked_for_on_average():
    mask, keys = torch.ones(4000, 2), torch.from_numpy(draws.keys(1, 0, np.arange(4000), 1))
    found = Ball(torch.full((4000, 2, 3), 2.0), mask, 1.0, True, keys)
    # Each sequence has the norm sqrt(6 * 4).
    squares = norms(found.noise(0.3)).square().mean().item()
    assert squares**0.5 == pytest.approx(0.3 * 24**0.5, rel=0.02)


def test_noise_depends_neither_on_padding_nor_on_the_other_sequences():
    (one, _), (other, _) = ball(), ball(length=24)
    assert torch.equal(one.noise(0.1), other.noise(0.1)[:, :8])
    keys = torch.from_numpy(draws.keys(1, 0, np.array([2]), 1))
    assert torch.equal(draws.normal(keys, 8, 4)[0], draws.normal(one.keys, 8, 4)[2])


def test_numbers_are_drawn_by_seed_step_row_and_choice():
    calls = [(1, 0, [3]), (2, 0, [3]), (1, 1, [3]), (1, 0, [4])]
    keys = [draws.keys(seed, step, np.array(rows), 2) for seed, step, rows in calls]
    assert len(set(np.concatenate(keys).tolist())) == 8
    assert draws.keys(1, 0, np.array([3, 4]), 2).tolist() == [*keys[0], *keys[3]]


def test_numbers_are_those_of_splitmix64_by_the_transform_of_box_and_muller():
    keys = draws.keys(7, 3, np.arange(50), 2)
    bits = hashed(keys.view(np.uint64)[:, None], np.arange(24)).reshape(100, 8, 3)
    first, second = ((bits >> np.uint64(40)) + 0.5) / 2**24, (bits & np.uint64(0xFFFFFF)) / 2**24
    expected = np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second)
    found = draws.normal(torch.from_numpy(keys), 8, 3).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert found.dtype == np.float32
    assert (found.mean(), found.std()) == (pytest.approx(0, abs=0.06), pytest.approx(1, abs=0.05))


# Encoders that cannot be perturbed


class Without(nn.Module):
    """An encoder without word embeddings, such as one that reads bytes."""

    def get_input_embeddings(self):
        raise NotImplementedError


def test_an_encoder_without_word_embeddings_is_refused():
    with pytest.raises(UserError, match="Without has no word embeddings, so that they cannot be perturbed"):
        Perturbation(Without())


def test_an_encoder_that_does_not_look_up_its_word_embeddings_is_refused(tmp_path, tiny_tokenizer):
    own = model(tiny.encoder(tmp_path, tiny_tokenizer), data("tagging", tiny_tokenizer))
    with (
        pytest.raises(UserError, match="XLMRobertaModel does not look up its word embeddings once in a pass"),
        Perturbation(own.encoder).added(torch.zeros(1)),
    ):
        pass


# Smoothness


def scores(logits: list[list[float]], gold: list[int]) -> Scores:
    return Scores(torch.tensor(logits), torch.tensor(gold))


def test_the_divergence_is_that_of_both_directions_over_the_items_that_count():
    one = scores([[0.0, 0.0], [1.0, 5.0], [0.0, np.log(3)]], [0, IGNORED, 1])
    other = scores([[0.0, np.log(3)], [9.0, 2.0], [np.log(3), 0.0]], [0, IGNORED, 1])
    # (1/2, 1/2) and (1/4, 3/4); (1/4, 3/4) and (3/4, 1/4)
    first = 0.5 * np.log(2) + 0.5 * np.log(2 / 3) + 0.25 * np.log(1 / 2) + 0.75 * np.log(3 / 2)
    second = 2 * (0.75 * np.log(3) + 0.25 * np.log(1 / 3))
    assert symmetric_kl((one,), (other,)).item() == pytest.approx(first + second, rel=1e-5)
    assert symmetric_kl((one, one), (other, other)).item() == pytest.approx(first + second, rel=1e-5)
    assert symmetric_kl((one,), (one,)).item() == 0


def test_padding_that_cannot_be_an_answer_has_no_part_in_the_divergence_and_its_gradient():
    narrow, other = torch.tensor([[0.0, 1.0]], requires_grad=True), torch.tensor([[1.0, 0.5]])
    wide = nn.functional.pad(narrow, (0, 2), value=-torch.inf)
    gold = torch.tensor([0])
    found = symmetric_kl((Scores(wide, gold),), (Scores(nn.functional.pad(other, (0, 2), value=-torch.inf), gold),))
    expected = symmetric_kl((Scores(narrow, gold),), (Scores(other, gold),))
    assert found.item() == pytest.approx(expected.item())
    (ours,), (theirs,) = (torch.autograd.grad(one, narrow, retain_graph=True) for one in (found, expected))
    torch.testing.assert_close(ours, theirs)


def test_objectives_of_the_tests_have_every_method():
    assert {one.method for one in OBJECTIVES.values()} == {"fgm", "pgd", "freelb", "smart", "rdrop", "noise"}
