"""Training survives interruptions at any point, and the tasks of a stage share one encoder."""

import math
import re
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
import tiny
import torch
from safetensors.torch import load_file
from torch import nn
from trainings import record, same, train, weights

from xstilts.errors import UserError
from xstilts.kinds import load
from xstilts.models import encoders
from xstilts.training import stage, states
from xstilts.training.loop import Loop
from xstilts.training.model import StageModel
from xstilts.training.states import SEAL

pytestmark = pytest.mark.thorough


class Death(Exception):  # noqa: N818
    """What kills a training."""


@pytest.fixture(autouse=True, scope="module")
def _on_cpu():
    """Bit for bit is promised there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.accelerator, "is_available", lambda: False)
        yield


@pytest.fixture
def scratch(tmp_path) -> Path:
    return tmp_path / "store" / "0123.training"


@pytest.fixture
def run(tmp_path, tiny_tokenizer, scratch) -> Callable[..., Path]:
    """Train on tasks of some kinds; the child's folder."""

    def run(child: str, *kinds: str, state: Path = scratch, **recipe) -> Path:
        data = {f"my_{kind}": tiny.data(kind, tiny_tokenizer) for kind in kinds}
        return train(tmp_path / child, state, tiny_tokenizer, data, **recipe)

    return run


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, tiny_tokenizer) -> Path:
    """The child of a training on the classification task that nothing has disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    data = {"my_classification": tiny.data("classification", tiny_tokenizer)}
    return train(folder / "child", folder / "scratch", tiny_tokenizer, data)


@pytest.fixture(scope="module")
def killed(tmp_path_factory, tiny_tokenizer) -> Path:
    """The scratch folder of the same training, which died when it was over: states of steps 4 and 6, the best first."""
    folder = tmp_path_factory.mktemp("killed")
    data = {"my_classification": tiny.data("classification", tiny_tokenizer)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loop, "dev_scores", lambda loop: ({"my_classification": -loop.progress.step}, {}))
        patch.setattr(stage, "_load_best", die)
        with pytest.raises(Death):
            train(folder / "child", folder / "scratch", tiny_tokenizer, data)
    return folder / "scratch"


def die(*_, **__) -> None:
    raise Death


@pytest.fixture
def score(monkeypatch):
    """Have evaluations give scores by step."""

    def script(scores: dict[int, float]) -> None:
        monkeypatch.setattr(Loop, "dev_scores", lambda loop: ({"task": scores[loop.progress.step]}, {}))

    return script


@pytest.fixture
def calls(monkeypatch):
    """Count the calls of a function or a method, and die before one of them."""

    def watch(owner: object, name: str, death: int | None = None) -> list[int]:
        method, numbers, made = getattr(owner, name), count(1), []

        def watched(*arguments, **keywords):
            made.append(next(numbers))
            if made[-1] == death:
                raise Death
            return method(*arguments, **keywords)

        monkeypatch.setattr(owner, name, watched)
        return made

    return watch


@pytest.mark.parametrize(
    "owner, method, call, steps_again",
    [
        (Loop, "take_step", 1, 6),
        (Loop, "take_step", 3, 4),
        (Loop, "take_step", 4, 4),
        (Loop, "take_step", 6, 2),
        (Loop, "evaluate", 2, 4),
        (Loop, "save", 3, 2),
        (stage, "_load_best", 1, 0),
        (StageModel, "save", 1, 0),
    ],
)
def test_a_training_that_died_goes_on_to_the_same_bytes(
    run, scratch, calls, owner, method, call, steps_again, undisturbed
):
    calls(owner, method, death=call)
    with pytest.raises(Death):
        run("child", "classification")
    assert scratch.is_dir()
    made = calls(Loop, "take_step")
    child = run("child", "classification")
    assert len(made) == steps_again
    assert weights(child) == weights(undisturbed)
    assert record(child) == record(undisturbed)


def test_a_training_on_several_tasks_goes_on_with_the_same_tasks(run, calls):
    undisturbed = run("undisturbed", *tiny.TASKS, epochs=1)
    calls(Loop, "take_step", death=6)
    with pytest.raises(Death):
        run("child", *tiny.TASKS, epochs=1)
    child = run("child", *tiny.TASKS, epochs=1)
    assert weights(child) == weights(undisturbed)
    assert same(load_file(child / "heads.safetensors"), load_file(undisturbed / "heads.safetensors"))


def test_a_training_that_had_stopped_early_does_not_go_on(run, score, calls):
    score({2: 2.0, 4: 1.0, 6: 3.0})
    undisturbed = run("undisturbed", "tagging", patience=1)
    calls(stage, "_load_best", death=1)
    with pytest.raises(Death):
        run("child", "tagging", patience=1)
    child = run("child", "tagging", patience=1)
    assert record(child) == record(undisturbed)
    assert weights(child) == weights(undisturbed)


def test_patience_that_was_lost_before_a_death_stays_lost(run, score, calls):
    score({2: 4.0, 4: 1.0, 6: 3.0, 8: 5.0, 10: 6.0, 12: 7.0})
    undisturbed = run("undisturbed", "tagging", patience=2, epochs=4)
    calls(Loop, "take_step", death=5)
    with pytest.raises(Death):
        run("child", "tagging", patience=2, epochs=4)
    assert record(run("child", "tagging", patience=2, epochs=4)) == record(undisturbed)


def empty(file: Path) -> None:
    file.write_text("")


def damage(file: Path) -> None:
    """Leave the size as it is, and zeros in the place of the second half."""
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2].ljust(len(content), b"\0"))


@pytest.mark.parametrize("lost", [states.MODEL, states.OPTIMIZER, states.GENERATORS, states.PROGRESS, SEAL])
@pytest.mark.parametrize("harm", [Path.unlink, empty, damage])
def test_a_state_that_was_cut_off_or_damaged_is_removed_and_the_one_before_is_used(
    killed, tmp_path, capsys, lost, harm
):
    scratch = Path(shutil.copytree(killed, tmp_path / "scratch"))
    harm(scratch / "state-6" / lost)
    assert states.last(scratch) == scratch / "state-4"
    assert capsys.readouterr().out.startswith(f"The state in {scratch / 'state-6'} is incomplete or damaged")
    assert sorted(folder.name for folder in scratch.iterdir()) == ["best-2", "state-4"]


def test_a_state_whose_best_weights_are_damaged_is_not_used_as_the_end_would_be_another(killed, tmp_path):
    scratch = Path(shutil.copytree(killed, tmp_path / "scratch"))
    damage(scratch / "best-2" / states.MODEL)
    assert states.last(scratch) is None
    states.discard_after(scratch, None)
    assert list(scratch.iterdir()) == []


def test_when_all_states_are_damaged_a_training_starts_over(run, killed, scratch, calls, undisturbed, capsys):
    shutil.copytree(killed, scratch)
    for step in (4, 6):
        damage(scratch / f"state-{step}" / states.OPTIMIZER)
    made = calls(Loop, "take_step")
    assert weights(run("child", "classification")) == weights(undisturbed)
    assert len(made) == 6
    assert re.findall(r"state-(\d) is incomplete or damaged", capsys.readouterr().out) == ["6", "4"]


def test_the_last_weights_do_not_stand_for_best_ones_that_were_removed(run, monkeypatch, score):
    def remove_and_load(model: StageModel, scratch: Path, *rest) -> None:
        shutil.rmtree(scratch / "best-2")
        load_best(model, scratch, *rest)

    score({2: 3.0, 4: 2.0, 6: 1.0})
    load_best = stage._load_best
    monkeypatch.setattr(stage, "_load_best", remove_and_load)
    with pytest.raises(UserError, match=r"best-2: the weights with the best dev score were removed"):
        run("child", "tagging")


def test_the_last_two_states_and_the_best_of_each_are_kept(run, score, scratch, calls):
    score({2: 4.0, 4: 1.0, 6: 2.0, 8: 3.0, 10: 5.0, 12: 4.0})
    kept = []
    for death in (5, 5, 3):
        calls(Loop, "take_step", death=death)
        with pytest.raises(Death):
            run("child", "classification", epochs=4)
        kept.append({folder.name for folder in scratch.iterdir()})
    assert kept == [
        {"best-2", "state-2", "state-4"},
        {"best-2", "state-6", "state-8"},
        {"best-2", "best-10", "state-8", "state-10"},
    ]


def test_a_training_in_blocks_goes_on_with_the_steps_that_are_left(run, calls, tmp_path):
    sampling = {"schedule": "blocks", "order": ["my_tagging", "my_classification"], "overlap": 0.5}
    tasks = "classification", "tagging"
    undisturbed = run("undisturbed", *tasks, state=tmp_path / "another", sampling=sampling)
    calls(Loop, "take_step", death=8)
    with pytest.raises(Death):
        run("child", *tasks, sampling=sampling)
    assert weights(run("child", *tasks, sampling=sampling)) == weights(undisturbed)


def test_a_training_goes_on_in_a_store_that_has_been_moved(run, score, scratch, calls, tmp_path):
    score({2: 3.0, 4: 2.0, 6: 1.0})
    undisturbed = run("undisturbed", "classification")
    calls(Loop, "take_step", death=5)
    with pytest.raises(Death):
        run("child", "classification")
    moved = scratch.parent.rename(tmp_path / "moved") / scratch.name
    assert weights(run("child", "classification", state=moved)) == weights(undisturbed)


@pytest.mark.parametrize("model_type", tiny.ARCHITECTURES)
@pytest.mark.parametrize("kinds", [tuple(tiny.TASKS), tuple(reversed(tiny.TASKS))])
def test_the_tasks_of_a_stage_share_one_encoder(tmp_path, tiny_tokenizer, model_type, kinds):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer, model_type)
    models = {kind: encoders.with_fresh_head(checkpoint, load(kind), tiny.TASKS[kind]) for kind in kinds}
    shared = StageModel(models).encoder.state_dict()
    for model in models.values():
        for key, value in model.base_model.state_dict().items():
            assert value.data_ptr() == shared[key].data_ptr(), key


@pytest.mark.parametrize("model_type", tiny.ARCHITECTURES)
def test_every_parameter_of_a_stage_is_trained_once(tmp_path, tiny_tokenizer, model_type):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer, model_type)
    models = {kind: encoders.with_fresh_head(checkpoint, load(kind), tiny.TASKS[kind]) for kind in tiny.TASKS}
    trained = [parameter.data_ptr() for parameter in StageModel(models).parameters()]
    assert len(trained) == len(set(trained))
    assert set(trained) == {parameter.data_ptr() for model in models.values() for parameter in model.parameters()}


@pytest.mark.parametrize("model_type", tiny.ARCHITECTURES)
def test_dropout_is_on_or_off_in_all_of_a_stage(tmp_path, tiny_tokenizer, model_type):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer, model_type)
    models = {kind: encoders.with_fresh_head(checkpoint, load(kind), tiny.TASKS[kind]) for kind in tiny.TASKS}
    for mode in (False, True):
        StageModel(models).train(mode)
        assert {module.training for model in models.values() for module in model.modules()} == {mode}


def test_losses_of_bf16_logits_are_computed_in_fp32():
    # The right label has the logit 0 and the other one 2; the right start 0 against 1, the right end 0 against 3.
    labels = StageModel({"toy": _Fixed(logits=torch.tensor([[0.0, 2.0]] * 3))})
    found = labels("toy", 3, labels=torch.tensor([0, 0, 0]))
    assert (found.dtype, found.item()) == (torch.float32, pytest.approx(math.log(1 + math.e**2), rel=1e-6))
    span = StageModel({"toy": _Fixed(start_logits=torch.tensor([[0.0, 1.0]]), end_logits=torch.tensor([[3.0, 0.0]]))})
    places = {"start_positions": torch.tensor([0]), "end_positions": torch.tensor([1])}
    found = span("toy", 1, attention_mask=torch.ones(1, 2), **places)
    expected = (math.log(1 + math.e) + math.log(1 + math.e**3)) / 2
    assert (found.dtype, found.item()) == (torch.float32, pytest.approx(expected, rel=1e-6))


class _Fixed(nn.Module):
    """A model that gives the same outputs in bf16 whatever it is given."""

    def __init__(self, **outputs: torch.Tensor):
        super().__init__()
        self.base_model = nn.Module()
        self.outputs = {name: value.bfloat16() for name, value in outputs.items()}

    def forward(self, **_) -> SimpleNamespace:
        return SimpleNamespace(**self.outputs)
