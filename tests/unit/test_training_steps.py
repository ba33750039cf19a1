"""Each training step follows the equations, for each kind of task and for mixtures."""

from dataclasses import dataclass, replace
from pathlib import Path

import equations
import numpy as np
import pytest
import tiny
import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoModel

from xstilts.config import Stage
from xstilts.kinds import load
from xstilts.models import tokenization
from xstilts.prediction import forward
from xstilts.sources.checkpoints import Checkpoint
from xstilts.training import stage
from xstilts.training.batches import BatchSampler
from xstilts.training.data import TaskData
from xstilts.training.loop import Loop
from xstilts.training.tracking import Course

pytestmark = pytest.mark.thorough

RECIPE = {
    "learning_rate": 0.02,
    "epochs": 2,
    "batch_size": 8,
    "warmup": 2,
    "weight_decay": 0.5,
    # The gradients of some weights are zero but for rounding, of which Adam would make whole steps.
    "adam_epsilon": 1e-3,
    "max_grad_norm": 4.0,
    "evaluate_every": 100,
}
"""Six steps on 21 rows of a task: the third batch spans two epochs, and the last one begins a third."""

OTHER = {
    "learning_rate": 0.0202,
    "warmup": 1,
    "weight_decay": 0.49,
    "adam_epsilon": 1.1e-3,
    "max_grad_norm": 4.4,
}
"""Settings of which each makes other weights."""

TOKENS = {"classification": 64, "tagging": 48, "span": 96, "multiple_choice": 192}
"""So few that most steps have several micro-batches."""
MIXTURE = {"classification": 40, "tagging": 9, "span": 21, "multiple_choice": 16}
"""Rows of each task. With a cap of 20 they count as 20, 9, 20 and 16, which is 65: 17 steps in two epochs."""
CAPPED = {"sampling": {"strategy": "capped", "cap": 20}, "warmup": 0.15}
TOLERANCE = 2e-5
"""Of weights that change by some hundredths."""


@dataclass(frozen=True)
class Trained:
    """A training, and what the equations make of the same rows.

    Args:
        log: the loss, the gradient norm and the learning rate of each step.
        heads: their weights before the first step.
    """

    recipe: Stage
    parent: Path
    child: Path
    data: dict[str, TaskData]
    loop: Loop
    log: list[tuple[float, float, float]]
    heads: equations.Weights

    def steps(self) -> list[tuple[str, str, list[dict]]]:
        """The task, the kind and the rows of each step."""
        return [
            (step.task, step.task.removeprefix("my_"), self.data[step.task].train.take(step.rows).to_pylist())
            for step in self.sampler
        ]

    @property
    def sampler(self) -> BatchSampler:
        """The sampler of the steps."""
        return self.loop.feed._sampler

    def expected(self, **changes: float) -> equations.Course:
        """The course of the training by the equations, with other settings by name."""
        recipe = self.recipe.model_copy(update=changes)
        return equations.learn(self.parent, self.heads, recipe, self.steps())

    def weights(self) -> equations.Weights:
        """The weights of the child, by their names in a stage's model."""
        found, name = load_file(self.child / "model.safetensors"), "encoder.{}".format
        if len(self.data) > 1:
            heads = load_file(self.child / "heads.safetensors")
            return {**{name(key): one for key, one in found.items()}, **{f"heads.{key}": heads[key] for key in heads}}
        (task,), base = self.data, "roberta."
        own = {key: name(key.removeprefix(base)) if key.startswith(base) else f"heads.{task}.{key}" for key in found}
        return {own[key]: one for key, one in found.items()}


def data_of(kind: str, tokenizer, count: int) -> TaskData:
    """Data of a kind; the first three sentences of tagging have no tag that is a label."""
    data = tiny.data(kind, tokenizer, rows=count)
    if kind != "tagging":
        return data
    rows = tiny.examples(kind, count).to_pylist()
    rows[:3] = [row | {"tags": ["of another treebank"] * len(row["tags"])} for row in rows[:3]]
    return replace(data, train=tiny.encode(kind, tiny.table(kind, rows), tokenizer))


def train(folder: Path, tokenizer, rows: dict[str, int], tokens: int, **changes) -> Trained:
    recipe, child, began, begin = Stage(**{**RECIPE, **changes}), folder / "child", [], Loop.run
    data = {f"my_{kind}": data_of(kind, tokenizer, count) for kind, count in rows.items()}
    parent = tiny.encoder(folder / "parent", tokenizer, **tiny.NO_DROPOUT)

    def beginning(loop: Loop, course: Course):
        weights = loop.model.state_dict().items()
        began.append((loop, {name: value.clone() for name, value in weights if name.startswith("heads.")}))
        return begin(loop, course)

    child.mkdir()
    log: list[tuple[float, float, float]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.accelerator, "is_available", lambda: False)
        patch.setattr(Loop, "run", beginning)
        patch.setattr(Course, "training", lambda _, __, *values: log.append(values))
        execution = stage.Execution(tokens=tokens)
        stage.train(recipe, parent, data, child, folder / "scratch", seed=1, execution=execution)
    ((loop, heads),) = began
    return Trained(recipe, Path(parent.name), child, data, loop, log, heads)


@pytest.fixture(scope="module")
def made(tmp_path_factory, tiny_tokenizer) -> dict[str, Trained]:
    """A training on each kind of task, and one on all of them."""
    folder = tmp_path_factory.mktemp("made")
    found = {kind: train(folder / kind, tiny_tokenizer, {kind: 21}, tokens) for kind, tokens in TOKENS.items()}
    return {**found, "mixture": train(folder / "mixture", tiny_tokenizer, MIXTURE, 192, **CAPPED)}


STAGES = pytest.mark.parametrize("name", [*TOKENS, "mixture"])


def farthest(found: equations.Weights, expected: equations.Weights) -> float:
    """The largest difference."""
    return max((found[name] - expected[name]).abs().max().item() for name in found)


def test_every_kind_that_is_trained_is_here():
    assert TOKENS.keys() == equations.LOGITS.keys() == tiny.TASKS.keys() == MIXTURE.keys()


@STAGES
def test_each_step_has_the_loss_the_gradient_the_learning_rate_and_the_weights_of_the_equations(made, name):
    trained, expected = made[name], made[name].expected()
    losses, norms, rates = zip(*trained.log, strict=True)
    assert rates == pytest.approx(expected.rates)
    assert losses == pytest.approx(expected.losses, rel=1e-4)
    assert norms == pytest.approx(expected.norms, rel=1e-4)
    assert min(expected.norms) < trained.recipe.max_grad_norm < max(expected.norms)
    assert farthest(trained.weights(), expected.weights) < TOLERANCE


@STAGES
def test_a_child_has_all_weights_that_were_trained_and_no_others(made, name):
    assert made[name].weights().keys() == dict(made[name].loop.model.named_parameters()).keys()


@pytest.mark.parametrize("setting", OTHER)
def test_each_setting_of_the_recipe_makes_other_weights(made, setting):
    other = made["span"].expected(**{setting: OTHER[setting]})
    assert farthest(made["span"].weights(), other.weights) > 10 * TOLERANCE


def test_a_mixture_draws_its_tasks_by_the_capped_formula(made):
    trained, total = made["mixture"], 20 + 9 + 20 + 16
    assert trained.sampler.weights == pytest.approx([20 / total, 9 / total, 20 / total, 16 / total])
    assert trained.loop.progress.step == 17
    assert {kind for _, kind, _ in made["mixture"].steps()} == MIXTURE.keys()


@pytest.mark.parametrize("kind", tiny.TASKS)
def test_a_child_loads_with_its_head_and_gives_the_outputs_of_the_equations(made, tiny_tokenizer, kind):
    module, child = load(kind), made[kind].child
    loaded, info = getattr(transformers, module.AUTO_MODEL).from_pretrained(child, output_loading_info=True)
    assert not any(info.values()), info
    rows = tiny.encode(kind, tiny.examples(kind, 9, seed=2), tiny_tokenizer)
    pad_token_id = tokenization.load_tokenizer(Checkpoint(str(child))).pad_token_id
    found = forward.forward(loaded, module, rows, pad_token_id=pad_token_id, precision="fp32")
    encoder = equations.Encoder.of(child)
    weights = {name: value.double() for name, value in made[kind].weights().items()}
    for outputs, row in zip(found, rows.to_pylist(), strict=True):
        logits = equations.LOGITS[kind](encoder, weights, f"heads.my_{kind}", row)
        np.testing.assert_allclose(np.squeeze(outputs), logits, atol=TOLERANCE)


def test_a_child_of_several_tasks_is_an_encoder_beside_its_heads(made):
    loaded, info = AutoModel.from_pretrained(made["mixture"].child, output_loading_info=True)
    assert not any(info.values()), info
    weights = made["mixture"].weights()
    assert all(torch.equal(value, weights[f"encoder.{name}"]) for name, value in loaded.state_dict().items())


@pytest.mark.parametrize(
    "sampling, weights, steps",
    [
        # 40 counts as 25; the square roots are 5, 3 and 4
        ({"strategy": "temperature", "temperature": 2, "cap": 25}, [5 / 12, 3 / 12, 4 / 12], 17),
        # 20, 9 and 16 squared
        ({"strategy": "temperature", "temperature": 0.5, "cap": 20}, [400 / 737, 81 / 737, 256 / 737], 17),
        ({"strategy": "proportional", "temperature": 2, "cap": 25}, [40 / 65, 9 / 65, 16 / 65], 17),
        ({"strategy": "uniform"}, [1 / 3, 1 / 3, 1 / 3], 17),
        # 25, 9 and 16 rows, twice, in batches of 8
        ({"strategy": "capped", "cap": 25}, [25 / 50, 9 / 50, 16 / 50], 13),
    ],
)
def test_the_tasks_of_a_stage_are_sampled_as_its_settings_say(tiny_tokenizer, sampling, weights, steps):
    rows = {"classification": 40, "tagging": 9, "multiple_choice": 16}
    data = {kind: tiny.data(kind, tiny_tokenizer, rows=count) for kind, count in rows.items()}
    found = stage._sampler(Stage(**RECIPE, sampling=sampling), data, 3)
    assert found.weights == pytest.approx(weights)
    assert (found.steps, found.batch_size, found.seed) == (steps, 8, 3)
    assert {kind: len(lengths) for kind, lengths in found.lengths.items()} == rows
