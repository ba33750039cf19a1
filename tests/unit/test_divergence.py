"""Non-finite values are never trained on, saved, published or turned into predictions."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tiny
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from trainings import train

from xstilts.config import Pretraining
from xstilts.errors import UserError
from xstilts.kinds import load
from xstilts.miniature import pretraining, vocabulary
from xstilts.models import encoders
from xstilts.models.finite import NotFiniteError, Watch, require_finite
from xstilts.prediction import forward as prediction
from xstilts.training.feed import Batch
from xstilts.training.loop import Loop
from xstilts.training.model import StageModel
from xstilts.training.states import SEAL

pytestmark = pytest.mark.thorough

RECIPE = {"epochs": 4, "evaluate_every": 4}
"""Twelve steps on the 24 rows of a task."""


@pytest.fixture(autouse=True)
def _on_cpu(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)


@pytest.fixture
def run(tmp_path, tiny_tokenizer) -> Callable[..., Path]:
    """Train on one task; the folder of the child."""

    def run(kind: str = "classification", dev_gold=True, **recipe) -> Path:
        data = {"task": tiny.data(kind, tiny_tokenizer, dev_gold=dev_gold)}
        return train(tmp_path / "child", tmp_path / "scratch", tiny_tokenizer, data, **{**RECIPE, **recipe})

    return run


@pytest.fixture
def spoil(monkeypatch) -> Callable[..., None]:
    """Let all weights become a value before a step, or all gradients in it."""

    accumulate = Loop.accumulate_gradient

    def spoil(what: str, at: int | None, value: float) -> None:
        def spoiling(loop: Loop, batch: Batch):
            now = loop.progress.step + 1 == at
            if now and what == "weights":
                fill((parameter.data for parameter in loop.model.parameters()), value)
            loss = accumulate(loop, batch)
            if now and what == "gradients":
                fill((parameter.grad for parameter in loop.model.parameters()), value)
            return loss

        monkeypatch.setattr(Loop, "accumulate_gradient", spoiling)

    return spoil


def fill(tensors: Iterator[torch.Tensor | None], value: float) -> None:
    for tensor in tensors:
        if tensor is not None:
            tensor.fill_(value)


def sealed(scratch: Path) -> list[str]:
    return sorted(seal.parent.name for seal in scratch.glob(f"*/{SEAL}"))


@pytest.mark.parametrize(
    "kind, dev_gold, precision",
    [
        *((kind, True, "fp32") for kind in tiny.TASKS),
        ("span", False, "fp32"),
        ("tagging", True, "bf16"),
    ],
)
def test_a_learning_rate_that_is_far_too_high_ends_the_training_and_makes_no_model(
    run, tmp_path, kind, dev_gold, precision
):
    with pytest.raises(UserError, match=r"^the training diverges at optimiser step [123]: .*learning_rate"):
        run(kind, dev_gold, learning_rate=1e30, warmup=0.0, precision=precision)
    assert list((tmp_path / "child").iterdir()) == []
    assert sealed(tmp_path / "scratch") == []


@pytest.mark.parametrize(
    "step, what, value",
    [
        (6, "weights", np.nan),
        (8, "gradients", np.inf),
        (8, "weights", -np.inf),
        (12, "gradients", np.nan),
    ],
)
def test_the_first_bad_step_is_named_and_the_state_before_it_is_the_last(run, spoil, tmp_path, what, step, value):
    spoil(what, step, value)
    with pytest.raises(UserError, match=rf"^the training diverges at optimiser step {step}: the loss or the gradient"):
        run()
    last = (step - 1) // 4 * 4
    assert f"state-{last}" in sealed(tmp_path / "scratch")
    assert max(int(folder.name.rpartition("-")[2]) for folder in (tmp_path / "scratch").iterdir()) == last
    assert list((tmp_path / "child").iterdir()) == []


def test_a_loss_that_is_not_finite_is_seen_though_its_gradient_is(run, monkeypatch):
    forward = StageModel.forward

    def infinite(model: StageModel, *arguments, **batch):
        return forward(model, *arguments, **batch) + torch.tensor(torch.inf)

    monkeypatch.setattr(StageModel, "forward", infinite)
    with pytest.raises(UserError, match="at optimiser step 1: the loss or the gradient is not finite"):
        run()


def test_a_training_that_diverged_goes_on_from_its_last_good_state(run, spoil, tmp_path):
    undisturbed = run()
    expected = {file.name: file.read_bytes() for file in undisturbed.iterdir()}
    for file in undisturbed.iterdir():
        file.unlink()
    spoil("gradients", 7, np.nan)
    with pytest.raises(UserError, match="at optimiser step 7"):
        run()
    spoil("gradients", None, np.nan)
    assert sealed(tmp_path / "scratch") == ["best-4", "state-4"]
    assert {file.name: file.read_bytes() for file in run().iterdir()} == expected


def test_weights_that_a_step_of_the_optimiser_has_spoilt_are_not_saved(run, monkeypatch, tmp_path):
    evaluate = Loop.evaluate

    def spoiling(loop: Loop, *arguments):
        evaluate(loop, *arguments)
        if loop.progress.step == 8:
            next(loop.model.parameters()).data[0, 0] = np.nan

    monkeypatch.setattr(Loop, "evaluate", spoiling)
    with pytest.raises(UserError, match=r"at optimiser step 8: 1 of the \d+ tensors of the model"):
        run()
    assert [name for name in sealed(tmp_path / "scratch") if name.startswith("state")] == ["state-4"]


def test_a_dev_set_whose_outputs_are_not_finite_is_not_scored(run, monkeypatch):
    forward = prediction.forward

    def spoiling(*arguments, **keywords):
        outputs = forward(*arguments, **keywords)
        outputs[3][0][0] = np.nan
        return outputs

    monkeypatch.setattr(prediction, "forward", spoiling)
    with pytest.raises(UserError, match=r"at optimiser step 4: nli, en: the model's output is not finite for 1 of 6"):
        run()


@pytest.mark.parametrize("kind, value", list(zip(tiny.TASKS, (np.nan, np.inf, -np.inf, np.nan), strict=True)))
def test_no_kind_makes_a_prediction_of_outputs_that_are_not_finite(tmp_path, tiny_tokenizer, kind, value, monkeypatch):
    tables = {lang: tiny.examples(kind, 5, seed=seed) for seed, lang in enumerate(("en", "de"))}
    tables["de"] = tables["de"].set_column(0, "id", pa.array([f"de-{row}" for row in range(5)]))
    parts = {lang: (table, tiny.encode(kind, table, tiny_tokenizer)) for lang, table in tables.items()}
    model = encoders.with_fresh_head(tiny.encoder(tmp_path, tiny_tokenizer), load(kind), tiny.TASKS[kind])
    forward = prediction.forward

    def spoiling(*arguments, **keywords):
        outputs = forward(*arguments, **keywords)
        outputs[7][-1][-1] = value
        return outputs

    monkeypatch.setattr(prediction, "forward", spoiling)
    with pytest.raises(NotFiniteError, match=rf"^{tiny.TASKS[kind].name}, de: .* for 1 of 5 rows, .* example 'de-2'"):
        prediction.decoded(
            model,
            load(kind),
            tiny.TASKS[kind],
            parts,
            tiny.SETTINGS,
            pad_token_id=tiny_tokenizer.pad_token_id,
            precision="fp32",
        )


def test_no_stage_writes_a_model_with_a_tensor_that_is_not_finite(tmp_path, tiny_tokenizer):
    for kinds in (["tagging"], ["tagging", "span"]):
        checkpoint = tiny.encoder(tmp_path / "parent", tiny_tokenizer)
        model = StageModel({k: encoders.with_fresh_head(checkpoint, load(k), tiny.TASKS[k]) for k in kinds})
        model.heads["tagging"]["classifier"].bias.data[2] = np.inf
        with pytest.raises(NotFiniteError, match=r"1 of the \d+ tensors .* 'heads\.tagging\.classifier\.bias'"):
            model.save(tmp_path / "child")
        assert not (tmp_path / "child").exists()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 500, 1000])
def test_one_bad_value_of_a_tensor_is_found_at_any_place_in_any_precision(dtype, value, place):
    bad = torch.linspace(-1, 1, 1001, dtype=dtype)
    bad[place] = value
    with pytest.raises(NotFiniteError, match=r"^1 of the 2 tensors of the model .* the first is 'bad'"):
        require_finite({"good": torch.ones(2, 3, dtype=dtype), "bad": bad})


def test_the_largest_and_the_smallest_number_of_each_precision_are_finite():
    types = (torch.float32, torch.bfloat16, torch.float16, torch.float64)
    require_finite({str(t): torch.tensor([torch.finfo(t).min, torch.finfo(t).max], dtype=t) for t in types})


def test_integers_and_empty_tensors_of_a_model_are_finite():
    integers, nothing = torch.arange(3), torch.empty(0, 4)
    require_finite({"positions": integers, "nothing": nothing, "weights": torch.ones(2)})
    require_finite({"positions": integers, "nothing": nothing})
    require_finite({})


class Sizes(TorchDispatchMode):
    """Collects the number of elements of all tensors that operations return."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[int] = []

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **keywords or {})
        self.found += [leaf.numel() for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        return result


def test_a_large_weight_is_checked_without_a_temporary_tensor_of_its_size():
    weights = {"words": torch.ones(100, 10), "bias": torch.ones(10)}
    with Sizes() as sizes:
        require_finite(weights)
    assert 0 < max(sizes.found) < 10


def test_a_miniature_pretraining_that_diverges_says_at_which_step_and_writes_nothing(tmp_path):
    settings = Pretraining(
        sentences=300, hidden_size=32, max_length=128, batches=4, steps=6, tokens=600, learning_rate=1e30
    )
    with pytest.raises(UserError, match=r"^pretraining: the loss or the gradient is not finite at step [23];"):
        pretraining.pretrain(settings, vocabulary.tokenizer_of(settings), tmp_path / "encoder")
    assert not (tmp_path / "encoder").exists()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_of_several_bad_steps_is_the_one_that_counts(bad):
    watch = Watch()
    assert watch.first_bad_step() is None
    for step, value in enumerate([1.0, 2.0, bad, 3.0, np.nan], start=1):
        watch.add(step, torch.tensor(value))
    assert watch.first_bad_step() == 3
    watch.add(6, torch.tensor(1.0))
    assert watch.first_bad_step() is None
