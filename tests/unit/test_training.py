"""A stage: what it learns, what it keeps, and that no death loses anything."""

import json
import os
import re
import shutil
from itertools import count
from pathlib import Path

import pytest
import tiny
import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoModel

from xstilts import encoders, prediction, tokenization
from xstilts.checkpoints import Checkpoint
from xstilts.config import Stage
from xstilts.errors import UserError
from xstilts.kinds import load
from xstilts.training import stage
from xstilts.training.model import StageModel
from xstilts.training.resume import SEAL, exclusive
from xstilts.training.stage import StageTrainer

RECIPE = {"learning_rate": 1e-3, "epochs": 2, "batch_size": 8, "evaluate_every": 2, "patience": 9}
"""Six steps on the 24 rows of one task, each of two micro-batches of 4; evaluated after steps 2, 4 and 6."""

PLAIN = {"learning_rate": 1.0, "adam_epsilon": 1.0, "max_gradient_norm": 1e9, "warmup": 0.0, "weight_decay": 0.0}
"""Makes a step of Adam about as long as the gradient, so that weights are alike only if gradients are."""


class Death(Exception):  # noqa: N818
    """What kills a training."""


@pytest.fixture(autouse=True)
def _on_cpu(monkeypatch):
    """Bit for bit is promised there."""
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)


@pytest.fixture
def scratch(tmp_path) -> Path:
    return tmp_path / "store" / "0123.training"


@pytest.fixture
def train(tmp_path, tiny_tokenizer, scratch):
    """Train on tasks of some kinds and return the child's folder; other settings than those of `RECIPE` by name."""

    def run(
        child: str, *kinds: str, seed=1, micro_batch=4, encoder=None, labelled=tiny.TASKS, state=scratch, **recipe
    ) -> Path:
        data = {f"my_{kind}": tiny.data(kind, tiny_tokenizer, dev_gold=kind in labelled) for kind in kinds}
        parent = tiny.encoder(tmp_path / "parent", tiny_tokenizer, **encoder or {})
        settings = Stage(**{**RECIPE, **recipe})
        folder = tmp_path / child
        folder.mkdir(exist_ok=True)
        with exclusive(state):
            stage.train(settings, parent, data, folder, state, seed=seed, micro_batch=micro_batch)
        return folder

    return run


@pytest.fixture
def trained(monkeypatch) -> list[StageModel]:
    """The models that are saved from now on."""
    models, save = [], StageModel.save

    def recording(model: StageModel, folder: Path) -> None:
        models.append(model)
        save(model, folder)

    monkeypatch.setattr(StageModel, "save", recording)
    return models


@pytest.fixture
def score(monkeypatch):
    """Have evaluations give scores by step; return the weights that each of them saw, by step."""

    def script(scores: dict[int, float]) -> dict[int, dict[str, torch.Tensor]]:
        seen = {}

        def headline(trainer: StageTrainer, name: str, _: stage.TaskData) -> float:
            step = trainer.state.global_step
            seen[step] = {key: value.clone() for key, value in trainer.model.models[name].state_dict().items()}
            return scores[step]

        monkeypatch.setattr(StageTrainer, "_headline", headline)
        return seen

    return script


@pytest.fixture
def calls(monkeypatch):
    """Count the calls of a method, and die before one of them."""

    def watch(owner: type, name: str, death: int | None = None) -> list[int]:
        method, numbers, made = getattr(owner, name), count(1), []

        def watched(*arguments, **keywords):
            made.append(next(numbers))
            if made[-1] == death:
                raise Death
            return method(*arguments, **keywords)

        monkeypatch.setattr(owner, name, watched)
        return made

    return watch


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def record(folder: Path) -> dict:
    return json.loads((folder / stage.RECORD).read_text())


def same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> bool:
    return found.keys() == expected.keys() and all(torch.equal(found[key], expected[key]) for key in found)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(train):
    one, again = train("one", "tagging"), train("again", "tagging")
    assert weights(one) == weights(again)
    assert record(one) == record(again)
    assert weights(one) != weights(train("other", "tagging", seed=2))


@pytest.mark.parametrize(
    "owner, method, call, steps_again",
    [
        (StageTrainer, "training_step", 1, 6),
        (StageTrainer, "training_step", 5, 4),
        (StageTrainer, "training_step", 8, 4),
        (StageTrainer, "training_step", 12, 2),
        (StageTrainer, "evaluate", 2, 4),
        (StageTrainer, "save_model", 3, 2),
        (StageTrainer, "_load_best_model", 1, 0),
        (StageModel, "save", 1, 0),
    ],
)
def test_a_training_that_died_goes_on_to_the_same_bytes(train, scratch, calls, owner, method, call, steps_again):
    undisturbed = train("undisturbed", "classification")
    calls(owner, method, death=call)
    with pytest.raises(Death):
        train("child", "classification")
    assert scratch.is_dir()
    made = calls(StageTrainer, "training_step")
    child = train("child", "classification")
    assert len(made) == 2 * steps_again
    assert weights(child) == weights(undisturbed)
    assert record(child) == record(undisturbed)


def test_a_training_on_several_tasks_goes_on_with_the_same_tasks(train, calls):
    undisturbed = train("undisturbed", *tiny.TASKS, epochs=1)
    calls(StageTrainer, "training_step", death=12)
    with pytest.raises(Death):
        train("child", *tiny.TASKS, epochs=1)
    child = train("child", *tiny.TASKS, epochs=1)
    assert weights(child) == weights(undisturbed)
    assert same(load_file(child / "heads.safetensors"), load_file(undisturbed / "heads.safetensors"))


def test_a_training_that_had_stopped_early_does_not_go_on(train, score, calls):
    score({2: 2.0, 4: 1.0, 6: 3.0})
    undisturbed = train("undisturbed", "tagging", patience=1)
    calls(StageTrainer, "_load_best_model", death=1)
    with pytest.raises(Death):
        train("child", "tagging", patience=1)
    child = train("child", "tagging", patience=1)
    assert record(child) == record(undisturbed)
    assert weights(child) == weights(undisturbed)


def test_patience_that_was_lost_before_a_death_stays_lost(train, score, calls):
    score({2: 4.0, 4: 1.0, 6: 3.0, 8: 5.0, 10: 6.0, 12: 7.0})
    undisturbed = train("undisturbed", "tagging", patience=2, epochs=4)
    calls(StageTrainer, "training_step", death=10)
    with pytest.raises(Death):
        train("child", "tagging", patience=2, epochs=4)
    assert record(train("child", "tagging", patience=2, epochs=4)) == record(undisturbed)


def empty(file: Path) -> None:
    file.write_text("")


def damage(file: Path) -> None:
    """Leave the size as it is, and zeros in the place of the second half."""
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2].ljust(len(content), b"\0"))


@pytest.mark.parametrize(
    "lost", ["model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json", SEAL]
)
@pytest.mark.parametrize("harm", [Path.unlink, empty, damage])
def test_a_state_that_was_cut_off_or_damaged_is_removed_and_the_one_before_is_used(train, scratch, calls, lost, harm):
    undisturbed = train("undisturbed", "classification", epochs=1)
    calls(StageTrainer, "_load_best_model", death=1)
    with pytest.raises(Death):
        train("child", "classification", epochs=1)
    harm(scratch / "checkpoint-3" / lost)
    made = calls(StageTrainer, "training_step")
    assert weights(train("child", "classification", epochs=1)) == weights(undisturbed)
    assert len(made) == 2


def test_when_all_states_are_damaged_a_training_starts_over(train, scratch, calls, capsys):
    undisturbed = train("undisturbed", "classification", epochs=1)
    calls(StageTrainer, "_load_best_model", death=1)
    with pytest.raises(Death):
        train("child", "classification", epochs=1)
    for step in (2, 3):
        damage(scratch / f"checkpoint-{step}" / "optimizer.pt")
    made = calls(StageTrainer, "training_step")
    assert weights(train("child", "classification", epochs=1)) == weights(undisturbed)
    assert len(made) == 6
    assert re.findall(r"checkpoint-(\d) was cut off or is damaged", capsys.readouterr().out) == ["3", "2"]


def test_a_state_whose_best_weights_are_damaged_is_not_used_as_the_end_would_be_another(train, score, scratch, calls):
    score({2: 3.0, 4: 2.0, 6: 1.0})
    undisturbed = train("undisturbed", "classification")
    calls(StageTrainer, "_load_best_model", death=1)
    with pytest.raises(Death):
        train("child", "classification")
    damage(scratch / "checkpoint-2" / "model.safetensors")
    made = calls(StageTrainer, "training_step")
    assert weights(train("child", "classification")) == weights(undisturbed)
    assert len(made) == 12


def test_the_last_weights_do_not_stand_for_best_ones_that_were_removed(train, monkeypatch):
    def remove_and_load(trainer: StageTrainer) -> None:
        shutil.rmtree(trainer.state.best_model_checkpoint)
        load_best(trainer)

    load_best = StageTrainer._load_best_model
    monkeypatch.setattr(StageTrainer, "_load_best_model", remove_and_load)
    with pytest.raises(UserError, match=r"checkpoint-\d+: the state with the best dev score was removed"):
        train("child", "tagging")


def test_the_last_two_states_and_the_best_of_each_are_kept(train, score, scratch, calls):
    score({2: 4.0, 4: 1.0, 6: 2.0, 8: 3.0, 10: 5.0, 12: 4.0})
    kept = []
    for death in (9, 9, 5):
        calls(StageTrainer, "training_step", death=death)
        with pytest.raises(Death):
            train("child", "classification", epochs=4)
        kept.append({int(folder.name.rpartition("-")[2]) for folder in scratch.iterdir()})
    assert kept == [{2, 4}, {2, 6, 8}, {2, 8, 10}]


def test_a_training_goes_on_in_a_store_that_has_been_moved(train, score, scratch, calls, tmp_path):
    score({2: 3.0, 4: 2.0, 6: 1.0})
    undisturbed = train("undisturbed", "classification")
    calls(StageTrainer, "training_step", death=10)
    with pytest.raises(Death):
        train("child", "classification")
    for file in scratch.glob("*/trainer_state.json"):
        assert str(scratch) in file.read_text()
    moved = scratch.parent.rename(tmp_path / "moved") / scratch.name
    assert weights(train("child", "classification", state=moved)) == weights(undisturbed)


def test_nothing_is_left_of_the_scratch_folder_in_the_end(train, scratch):
    train("child", "tagging")
    assert list(scratch.parent.iterdir()) == []


def test_a_second_trainer_is_kept_out_and_told_who_is_there(train, scratch):
    who = rf"another process \(pid {os.getpid()} on .*\) trains in {scratch}"
    with exclusive(scratch), pytest.raises(UserError, match=who):
        train("child", "tagging")


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


@pytest.mark.parametrize("best, scores", [(2, [3, 1, 2]), (4, [1, 3, 2]), (6, [1, 2, 3]), (2, [3, 3, 3])])
def test_the_checkpoint_with_the_best_dev_score_is_kept_the_first_of_equals(train, score, best, scores):
    seen = score(dict(zip((2, 4, 6), scores, strict=True)))
    child = train("child", "classification")
    assert same(load_file(child / "model.safetensors"), seen[best])
    assert record(child)["best"] == {"my_classification": 3, "score": 3, "step": best}
    assert [entry["score"] for entry in record(child)["evaluations"]] == scores


def test_training_stops_when_patience_is_lost(train, score):
    score({2: 3.0, 4: 1.0, 6: 2.0, 8: 4.0})
    found = record(train("child", "classification", patience=2, epochs=4))
    assert (found["steps"], found["planned_steps"], found["best"]["step"]) == (6, 12, 2)


@pytest.mark.parametrize("evaluate_every, evaluated", [(2, [2, 4, 6]), (4, [4, 6]), (100, [6])])
def test_the_last_step_is_always_evaluated(train, evaluate_every, evaluated):
    found = record(train("child", "classification", evaluate_every=evaluate_every))
    assert [entry["step"] for entry in found["evaluations"]] == evaluated


def test_the_dev_score_of_several_tasks_is_their_mean(train):
    for entry in record(train("child", *tiny.TASKS))["evaluations"]:
        scores = [entry[f"my_{kind}"] for kind in tiny.TASKS]
        assert entry["score"] == pytest.approx(sum(scores) / len(tiny.TASKS))


def test_without_dev_labels_the_last_checkpoint_is_kept(train, score, capsys):
    unlabelled = train("unlabelled", "tagging", labelled=())
    assert "No dev labels: my_tagging in en. So the checkpoint of the last step is kept." in capsys.readouterr().out
    assert record(unlabelled) == {"steps": 6, "planned_steps": 6, "best": None, "evaluations": []}
    score({2: 1.0, 4: 2.0, 6: 3.0})
    assert weights(unlabelled) == weights(train("labelled", "tagging"))


def test_a_mixture_of_which_one_task_lacks_dev_labels_is_not_chosen_by_the_others(train, capsys):
    mixture = train("mixture", "classification", "tagging", labelled=("classification",))
    assert "No dev labels: my_tagging in en." in capsys.readouterr().out
    assert record(mixture)["evaluations"] == []


def test_one_language_without_dev_labels_is_named(tiny_tokenizer):
    data = tiny.data("tagging", tiny_tokenizer)
    data.dev["de"] = (tiny.examples("tagging", 3, gold=False), data.dev["en"][1])
    assert data.unlabelled_dev() == ["de"]
