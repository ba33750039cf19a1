"""The gradient of each objective is that of its equation, for every kind of task and architecture."""

from pathlib import Path

import pytest
import tiny
import torch
from objective_steps import KINDS, OBJECTIVES, PAIRS, PARTS, WHOLE, Equations, batch, data, model, padded, taken
from torch import nn

from xstilts.sources.checkpoints import Checkpoint

pytestmark = pytest.mark.thorough

PAIR = pytest.mark.parametrize("kind, name", PAIRS)
EACH = pytest.mark.parametrize("name", OBJECTIVES)
OF_KIND = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(autouse=True)
def _on_cpu(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)


@pytest.fixture(scope="module")
def still(tmp_path_factory, tiny_tokenizer) -> Checkpoint:
    """An encoder without dropout."""
    return tiny.encoder(tmp_path_factory.mktemp("still"), tiny_tokenizer, **tiny.NO_DROPOUT)


@pytest.fixture(scope="module")
def dropping(tmp_path_factory, tiny_tokenizer) -> Checkpoint:
    """An encoder with dropout."""
    return tiny.encoder(tmp_path_factory.mktemp("dropping"), tiny_tokenizer)


@PAIR
def test_the_gradient_and_the_value_are_those_of_the_equation_in_double_precision(still, tiny_tokenizer, kind, name):
    objective, own = OBJECTIVES[name], model(still, data(kind, tiny_tokenizer))
    given = batch(kind, tiny_tokenizer, objective)
    found, expected = taken(own, given, objective), Equations.of(kind, own, given).expected(objective)
    assert found.value == pytest.approx(expected.value, rel=1e-4)
    assert found.gradient.keys() == expected.gradient.keys()
    assert found.cosine(expected) > 0.9999
    assert found.distance(expected) < 2e-3


@pytest.mark.parametrize("kind, name", [pair for pair in PAIRS if not OBJECTIVES[pair[1]].needs_float32])
def test_bfloat16_keeps_the_direction_of_the_gradient_where_it_may_be_used(still, tiny_tokenizer, kind, name):
    objective, own = OBJECTIVES[name], model(still, data(kind, tiny_tokenizer))
    given = batch(kind, tiny_tokenizer, objective)
    found = taken(own, given, objective, "bf16")
    assert found.cosine(Equations.of(kind, own, given).expected(objective)) > 0.98


@PAIR
def test_micro_batches_change_neither_value_nor_gradient(still, tiny_tokenizer, kind, name):
    objective, own = OBJECTIVES[name], model(still, data(kind, tiny_tokenizer))
    whole, parts = (batch(kind, tiny_tokenizer, objective, tokens) for tokens in (WHOLE, PARTS))
    assert len(parts.micro_batches) > 1 == len(whole.micro_batches)
    one, other = (taken(own, given, objective) for given in (whole, parts))
    assert other.value == pytest.approx(one.value, rel=1e-4)
    assert other.distance(one) < 1e-3


@PAIR
def test_more_padding_changes_neither_value_nor_gradient(still, tiny_tokenizer, kind, name):
    objective, own = OBJECTIVES[name], model(still, data(kind, tiny_tokenizer))
    given = batch(kind, tiny_tokenizer, objective)
    one, other = (taken(own, each, objective) for each in (given, padded(given, 16, tiny_tokenizer.pad_token_id)))
    assert other.value == pytest.approx(one.value, rel=1e-4)
    assert other.distance(one) < 1e-3


@OF_KIND
@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_every_architecture_can_be_trained_with_every_objective(tmp_path, tiny_tokenizer, family, kind):
    special = {"eos_token_id": tiny_tokenizer.sep_token_id}
    parent = tiny.encoder(tmp_path, tiny_tokenizer, family, **tiny.FAMILIES[family], **special)
    own = model(parent, data(kind, tiny_tokenizer))
    plain = taken(own, batch(kind, tiny_tokenizer), None)
    for name, objective in {one.method: one for one in OBJECTIVES.values()}.items():
        found = taken(own, batch(kind, tiny_tokenizer, objective, PARTS), objective)
        assert found.gradient.keys() == plain.gradient.keys(), name
        assert all(one.isfinite().all() for one in found.gradient.values()), name
        assert any(one.any() for one in found.gradient.values()), name


@EACH
def test_an_objective_without_strength_is_plain_training_with_its_dropout(dropping, tiny_tokenizer, name):
    """Of R-Drop, this is the mean of two plain trainings."""
    own, objective = model(dropping, data("classification", tiny_tokenizer)), OBJECTIVES[name]
    changes = {"epsilon": 1e-9, "start": min(getattr(objective, "start", 0), 1e-9), "step": 1e-9}
    weak = objective.model_copy(update={key: one for key, one in changes.items() if hasattr(objective, key)})
    torch.manual_seed(3)
    plain = taken(own, batch("classification", tiny_tokenizer), None)
    torch.manual_seed(3)
    found = taken(own, batch("classification", tiny_tokenizer, weak), weak)
    if objective.method == "rdrop":
        assert found.distance(plain) > 0.1
    else:
        assert found.distance(plain) < 1e-4


@OF_KIND
def test_rdrop_is_the_mean_of_two_samples_of_dropout_and_their_divergences(dropping, tiny_tokenizer, kind):
    own, objective = model(dropping, data(kind, tiny_tokenizer)), OBJECTIVES["rdrop"]
    given = batch(kind, tiny_tokenizer)
    torch.manual_seed(5)
    found = taken(own, given, objective)
    torch.manual_seed(5)
    own.zero_grad()
    (inputs,) = given.micro_batches
    losses, scores = zip(*(own(given.task, given.items, scored=True, **inputs) for _ in range(2)), strict=True)
    value = sum(losses) / 2
    for one, other in zip(*scores, strict=True):
        counts = one.gold != -100
        p, q = (nn.functional.log_softmax(each.logits[counts], -1).clamp_min(-1e4) for each in (one, other))
        kl = nn.functional.kl_div
        both = kl(p, q, reduction="sum", log_target=True) + kl(q, p, reduction="sum", log_target=True)
        value = value + 0.5 * both / 2 / given.items / len(scores[0])
    value.backward()
    assert found.value == pytest.approx(value.item(), rel=1e-5)
    for key, one in own.named_parameters():
        if one.grad is not None:
            torch.testing.assert_close(found.gradient[key], one.grad, rtol=1e-4, atol=1e-6)


@EACH
def test_a_step_has_as_many_passes_as_its_plan_says(still, tiny_tokenizer, name):
    objective, own, calls = OBJECTIVES[name], model(still, data("classification", tiny_tokenizer)), []
    own.encoder.register_forward_hook(lambda *_: calls.append(1))
    own.models["task"].base_model.register_forward_hook(lambda *_: calls.append(1))
    hooks = len({id(own.encoder), id(own.models["task"].base_model)})
    taken(own, batch("classification", tiny_tokenizer, objective), objective)
    assert len(calls) / (2 if hooks == 1 else 1) == objective.passes


def test_word_embeddings_that_are_not_trained_are_perturbed_as_well(still, tiny_tokenizer):
    own, objective = model(still, data("classification", tiny_tokenizer)), OBJECTIVES["freelb"]
    given = batch("classification", tiny_tokenizer, objective)
    trained = taken(own, given, objective)
    own.encoder.get_input_embeddings().requires_grad_(False)
    frozen = taken(own, given, objective)
    assert frozen.value == trained.value
    assert trained.gradient.keys() - frozen.gradient.keys() == {"encoder.embeddings.word_embeddings.weight"}
