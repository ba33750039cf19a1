"""Trainings with an objective: interrupted, divided, out of memory, in several processes, and with another dropout."""

import json
from collections.abc import Callable
from pathlib import Path

import plaintext
import pytest
import tiny
import torch
from objective_steps import OBJECTIVES
from safetensors.torch import load_file
from torch import nn
from trainings import RECIPE, interrupted, record, train, weights

from xstilts.config import Stage
from xstilts.errors import UserError
from xstilts.models import dropout, encoders
from xstilts.runtime.processes import spawn_processes
from xstilts.sources.checkpoints import Checkpoint
from xstilts.training import stage
from xstilts.training.loop import Loop
from xstilts.training.model import StageModel
from xstilts.training.objectives.passes import Passes
from xstilts.training.resume import exclusive

pytestmark = pytest.mark.thorough

METHODS = {
    one.method: one.model_dump()
    for name, one in OBJECTIVES.items()
    if name in ("fgm", "pgd from noise", "freelb from noise", "smart, two steps", "rdrop", "noise")
}
"""One objective of each method, which draws what it can draw."""
EACH = pytest.mark.parametrize("method", METHODS)
KINDS = ("tagging", "multiple_choice")
PLAIN = {"learning_rate": 1.0, "adam_epsilon": 1.0, "max_grad_norm": 1e9, "warmup": 0.0}
"""Makes a step of Adam about as long as the gradient, so that weights are alike only if gradients are."""


@pytest.fixture(autouse=True)
def _on_cpu(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture
def run(tmp_path, tiny_tokenizer) -> Callable[..., Path]:
    """Train on two tasks of different kinds; the child's folder."""

    def run(name: str, kinds: tuple[str, ...] = KINDS, **recipe) -> Path:
        data = {kind: tiny.data(kind, tiny_tokenizer, rows=16) for kind in kinds}
        folder = tmp_path / name
        return train(folder / "child", folder / "scratch", tiny_tokenizer, data, **recipe)

    return run


def differences(one: Path, other: Path) -> float:
    """The largest difference of two weights."""
    ours, theirs = load_file(one / "model.safetensors"), load_file(other / "model.safetensors")
    assert ours.keys() == theirs.keys()
    return max((ours[name] - theirs[name]).abs().max().item() for name in ours)


@EACH
def test_an_interrupted_training_that_is_resumed_equals_one_that_was_not(run, monkeypatch, method):
    recipe = {"objective": METHODS[method], "epochs": 1}
    undisturbed, plain = run("undisturbed", **recipe), run("plain", epochs=1)
    assert weights(undisturbed) != weights(plain)
    steps = interrupted(monkeypatch, 3)
    with pytest.raises(UserError, match="state at step 3 is saved"):
        run("interrupted", **recipe)
    resumed = run("interrupted", **recipe)
    assert (weights(resumed), record(resumed)) == (weights(undisturbed), record(undisturbed))
    assert steps.count(2) == 1


@pytest.mark.parametrize("method, passes", [("fgm", "add"), ("freelb", "add"), ("smart", "slope"), ("rdrop", "finish")])
def test_a_step_that_is_out_of_memory_in_any_pass_is_repeated_with_half_the_tokens(
    run, monkeypatch, capsys, method, passes
):
    recipe = {**PLAIN, "objective": METHODS[method], "encoder": tiny.NO_DROPOUT, "kinds": ("tagging",)}
    recipe |= {"dropout": 0.0} if method != "rdrop" else {"encoder": {}, "dropout": 1e-9}
    undisturbed = run("undisturbed", **recipe)
    pass_, calls = getattr(Passes, passes), []

    def failing(self: Passes, *arguments, **keywords):
        value = pass_(self, *arguments, **keywords)
        calls.append(passes)
        if len(calls) == 4:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return value

    monkeypatch.setattr(Passes, passes, failing)
    child = run("child", **recipe)
    assert "does not fit into the memory of the device. Continuing with micro-batches of at most 96" in (
        capsys.readouterr().out
    )
    assert differences(undisturbed, child) < 1e-5


def learn(folder: Path, tokenizer) -> None:
    """Train with each method in one of the processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.accelerator, "is_available", lambda: False)
        for method, objective in METHODS.items():
            own = {"dropout": 1e-9} if method == "rdrop" else {}
            stage.train(
                Stage(**{**RECIPE, **PLAIN, **own, "epochs": 1, "objective": objective}),
                Checkpoint(str(folder.parent / "parent")),
                {f"my_{kind}": tiny.data(kind, tokenizer, rows=21) for kind in KINDS},
                folder / method,
                folder / f"{method}.scratch",
                seed=1,
                # So few that steps have several micro-batches, not the same number in each process.
                execution=stage.Execution(tokens=192, minutes=0),
            )


def test_two_processes_train_as_one(tmp_path, tiny_tokenizer):
    tiny.encoder(tmp_path / "parent", tiny_tokenizer, **tiny.NO_DROPOUT)
    for processes in (1, 2):
        for method in METHODS:
            (tmp_path / str(processes) / method).mkdir(parents=True)
        spawn_processes(processes, learn, tmp_path / str(processes), tiny_tokenizer)
    before = load_file(tmp_path / "parent" / "model.safetensors")["embeddings.word_embeddings.weight"]
    for method in METHODS:
        one, two = (tmp_path / str(processes) / method for processes in (1, 2))
        learnt = load_file(one / "model.safetensors")["embeddings.word_embeddings.weight"]
        assert (learnt - before).abs().max() > 0.05, method
        assert differences(one, two) < 2e-5, method


def test_a_stage_whose_objective_needs_float32_computes_in_it_and_says_so(run, monkeypatch, capsys):
    words = []
    monkeypatch.setattr(stage.precision, "resolved", lambda word, _: words.append(word) or "fp32")
    run("smart", kinds=("tagging",), epochs=0.5, objective=METHODS["smart"])
    assert "The objective smart requires float32, whatever 'precision' is." in capsys.readouterr().out
    run("freelb", kinds=("tagging",), epochs=0.5, objective=METHODS["freelb"])
    assert "requires float32" not in capsys.readouterr().out
    assert words == ["fp32", "mixed"]


# Dropout


@pytest.mark.parametrize("family", tiny.FAMILIES)
@pytest.mark.parametrize("kind", tiny.TASKS)
def test_the_dropout_of_a_stage_is_that_of_every_layer_and_its_config_keeps_that_of_the_encoder(
    tmp_path, tiny_tokenizer, family, kind
):
    special = {"eos_token_id": tiny_tokenizer.sep_token_id}
    parent = tiny.encoder(tmp_path / "parent", tiny_tokenizer, family, **tiny.FAMILIES[family], **special)
    model = encoders.with_fresh_head(parent, tiny.data(kind, tiny_tokenizer).kind, tiny.TASKS[kind])
    state = torch.get_rng_state()
    changed = dropout.changed(model, 0.25, "toy")
    assert torch.equal(state, torch.get_rng_state())
    assert {part.p for part in changed.modules() if isinstance(part, nn.Dropout)} == {0.25}
    floats = [getattr(part, "attention_dropout", 0.25) for part in changed.modules()]
    assert set(floats) == {0.25}
    assert all(torch.equal(one, model.state_dict()[name]) for name, one in changed.state_dict().items())
    before, after = ({k: v for k, v in one.config.to_dict().items() if "dropout" in k} for one in (model, changed))
    assert before == after
    changed.save_pretrained(tmp_path / "child")
    saved = json.loads((tmp_path / "child" / "config.json").read_text())
    assert {key: saved.get(key) for key in before} == before


def test_the_head_of_masked_language_modelling_stays_tied_with_another_dropout(tmp_path, tiny_tokenizer):
    parent, own = tiny.encoder(tmp_path, tiny_tokenizer), plaintext.data(tiny_tokenizer)
    recipe = Stage(head="new", dropout=0.25)
    model = stage._with_head(parent, parent, recipe, own, tiny_tokenizer.pad_token_id, None)
    assert {part.p for part in model.modules() if isinstance(part, nn.Dropout)} == {0.25}
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight


def test_a_config_without_dropout_cannot_have_another_one(tmp_path, tiny_tokenizer, monkeypatch):
    model = encoders.load_encoder(tiny.encoder(tmp_path, tiny_tokenizer))
    monkeypatch.setattr(dropout, "_is_dropout", lambda *_: False)
    with pytest.raises(UserError, match=r"toy: its config.json has no dropout that could be changed"):
        dropout.changed(model, 0.1, "toy")


def test_a_training_has_the_dropout_of_its_stage(run):
    none = run("none", kinds=("tagging",), epochs=1, dropout=0.0)
    encoder = run("encoder", kinds=("tagging",), epochs=1, encoder=tiny.NO_DROPOUT)
    assert weights(none) == weights(encoder)
    assert weights(none) != weights(run("usual", kinds=("tagging",), epochs=1))


@pytest.mark.parametrize("family", ["rembert", "modernbert"])
def test_rdrop_is_refused_on_an_encoder_without_dropout_whose_head_may_have_some(tmp_path, tiny_tokenizer, family):
    none = {**tiny.NO_DROPOUT} if family == "rembert" else {}
    special = {"eos_token_id": tiny_tokenizer.sep_token_id}
    parent = tiny.encoder(tmp_path / "parent", tiny_tokenizer, family, **tiny.FAMILIES[family], **special, **none)
    data = {"tags": tiny.data("tagging", tiny_tokenizer)}

    def attempt(**changes) -> None:
        recipe = Stage(**{**RECIPE, "epochs": 0.5, "objective": METHODS["rdrop"], **changes})
        (tmp_path / "child").mkdir(exist_ok=True)
        with exclusive(tmp_path / "scratch"):
            execution = stage.Execution(tokens=192, minutes=0)
            stage.train(recipe, parent, data, tmp_path / "child", tmp_path / "scratch", seed=1, execution=execution)

    with pytest.raises(UserError, match=r"the encoder has no dropout, so that both passes of rdrop .*`dropout: 0\.1`"):
        attempt()
    attempt(dropout=0.1)
    assert record(tmp_path / "child")["steps"] == 2


def test_plain_training_has_no_hook_and_loads_no_objective(run, monkeypatch):
    loops, begin = [], Loop.run
    monkeypatch.setattr(Loop, "run", lambda self, course: (loops.append(self), begin(self, course)))
    run("plain", kinds=("tagging",), epochs=0.5)
    (loop,) = loops
    assert loop.gradients is None
    assert isinstance(loop.model, StageModel)
    assert not any(part._forward_hooks for part in loop.model.modules())
    assert not next(loop.feed.after(0, 192)).keys
