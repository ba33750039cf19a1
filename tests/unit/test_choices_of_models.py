"""Outputs of models for prompts with choices."""

import json
import random
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import tiny
import torch
import transformers
from safetensors.torch import load_file

from xstilts.config import Stage
from xstilts.kinds import load
from xstilts.models import encoders
from xstilts.paths import TRAINING_RECORD
from xstilts.prediction import forward
from xstilts.sources.checkpoints import Checkpoint
from xstilts.task import Task
from xstilts.training import stage
from xstilts.training.model import StageModel
from xstilts.training.resume import exclusive
from xstilts.training.stage import TaskData

pytestmark = pytest.mark.thorough

TASK = Task("toy", "multiple_choice", "accuracy", ("en",), {}, labels=("0", "1", "2"))
LENGTHS = SimpleNamespace(max_length=96)
kind = load("multiple_choice")


def toy(count: int, seed: int = 0) -> pa.Table:
    """Rows of very different lengths; the right choice is the one with honey."""
    draw = random.Random(seed)

    def words(most: int) -> list[str]:
        return [draw.choice([word for word in tiny.WORDS if word != "honey"]) for _ in range(draw.randint(1, most))]

    def row() -> tuple:
        right = draw.randrange(3)
        choices = [" ".join(words(6) + ["honey"] * (number == right)) for number in range(3)]
        return " ".join(words(8)), choices, str(right)

    names = ("prompt", "choices", "label")
    rows = [{"id": str(number), **dict(zip(names, row(), strict=True))} for number in range(count)]
    return tiny.table("multiple_choice", rows)


def encode(table: pa.Table, tokenizer) -> pa.Table:
    return kind.encode(table, tokenizer, TASK, LENGTHS)


ARCHITECTURES = {
    "xlm-roberta": {},
    "bert": {},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_biased_input": False},
    "rembert": {"input_embedding_size": 16},
    "modernbert": {"classifier_pooling": "mean"},
}
UNTYPED = ("xlm-roberta", "modernbert")


@pytest.fixture
def encoder(tmp_path, tiny_tokenizer, typed_tokenizer):
    """A random encoder of an architecture, and its tokenizer."""

    def make(model_type: str, **changes) -> tuple[Checkpoint, object]:
        tokenizer = tiny_tokenizer if model_type in UNTYPED else typed_tokenizer
        options = ARCHITECTURES[model_type] | changes
        return tiny.encoder(tmp_path / model_type, tokenizer, model_type, **options), tokenizer

    return make


def fresh(checkpoint: Checkpoint):
    return encoders.with_fresh_head(checkpoint, kind, TASK)


@pytest.mark.parametrize("model_type", ARCHITECTURES)
def test_choices_read_together_have_the_logits_that_they_have_alone(encoder, model_type):
    checkpoint, tokenizer = encoder(model_type)
    model, table = fresh(checkpoint).eval(), toy(12)
    features = encode(table, tokenizer)
    together = forward.forward(model, kind, features, pad_token_id=tokenizer.pad_token_id, precision="fp32")
    assert np.ptp(np.concatenate([logits for (logits,) in together])) > 0.01
    for (logits,), row in zip(together, table.to_pylist(), strict=True):
        assert logits.shape == (3,)
        for logit, choice in zip(logits, row["choices"], strict=True):
            alone = tokenizer(row["prompt"], choice, return_tensors="pt")
            with torch.inference_mode():
                (expected,) = model(**{name: values[None] for name, values in alone.items()}).logits[0]
            assert logit == pytest.approx(expected.item(), abs=1e-4)


@pytest.mark.parametrize("model_type", ARCHITECTURES)
def test_a_head_has_one_output_whatever_head_the_parent_had(encoder, tmp_path, model_type):
    checkpoint, tokenizer = encoder(model_type)
    encoders.with_fresh_head(checkpoint, load("classification"), tiny.TASKS["classification"]).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    model = fresh(Checkpoint(str(tmp_path)))
    assert model.classifier.out_features == model.config.num_labels == 1


@pytest.mark.parametrize("model_type", ARCHITECTURES)
def test_it_shares_the_encoder_of_a_stage_with_other_kinds(encoder, model_type):
    checkpoint, _ = encoder(model_type)
    others = {name: encoders.with_fresh_head(checkpoint, load(name), task) for name, task in tiny.TASKS.items()}
    models = {**others, "toy": fresh(checkpoint)}
    whole = StageModel(models)
    trained = [parameter.data_ptr() for parameter in whole.parameters()]
    assert len(trained) == len(set(trained))
    assert set(trained) == {parameter.data_ptr() for model in models.values() for parameter in model.parameters()}


@pytest.fixture
def train(tmp_path, tiny_tokenizer, monkeypatch):
    """Train on the toy and other tasks, on the CPU, and return the child's folder."""
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    dev = toy(30, seed=1)
    data = TaskData(
        TASK,
        kind,
        encode(toy(64), tiny_tokenizer),
        {"en": (dev, encode(dev, tiny_tokenizer))},
        LENGTHS,
        tiny.saved(tiny_tokenizer),
    )

    def run(child: str, *others: str, tokens=None, encoder=None, **recipe) -> Path:
        tasks = {"toy": data, **{name: tiny.data(name, tiny_tokenizer) for name in others}}
        parent = tiny.encoder(tmp_path / "parent", tiny_tokenizer, **encoder or {})
        folder, scratch = tmp_path / child, tmp_path / f"{child}.training"
        folder.mkdir()
        with exclusive(scratch):
            stage.train(
                Stage(**recipe), parent, tasks, folder, scratch, seed=1, execution=stage.Execution(tokens=tokens)
            )
        return folder

    return run


RECIPE = {"learning_rate": 2e-3, "epochs": 12, "batch_size": 8, "evaluate_every": 24, "patience": 9}


def test_a_stage_learns_which_choice_is_right(train, tiny_tokenizer):
    folder = train("child", **RECIPE, encoder={"initializer_range": 0.1})
    best = json.loads((folder / TRAINING_RECORD).read_text())["best"]
    assert best["toy"] == 100
    loaded = encoders.load_model(str(folder), kind)
    assert isinstance(loaded, transformers.XLMRobertaForMultipleChoice)
    table = toy(30, seed=2)
    options = {"pad_token_id": tiny_tokenizer.pad_token_id, "precision": "fp32"}
    parts = {"en": (table, encode(table, tiny_tokenizer))}
    (found,) = forward.decoded(loaded, kind, TASK, parts, LENGTHS, **options).values()
    assert sum(label == gold for label, gold in zip(found, table["label"].to_pylist(), strict=True)) >= 28


def test_micro_batches_do_not_change_what_is_learnt(train):
    plain = {"learning_rate": 1.0, "adam_epsilon": 1.0, "max_grad_norm": 1e9, "warmup": 0.0, "weight_decay": 0.0}
    options = {"encoder": tiny.NO_DROPOUT, "epochs": 0.5, "batch_size": 8, **plain}
    start = train("start", **{**options, "learning_rate": 1e-9})
    whole, parts = train("whole", **options), train("parts", tokens=192, **options)
    before, one, other = (load_file(folder / "model.safetensors") for folder in (start, whole, parts))
    assert max((one[key] - before[key]).abs().max() for key in one) > 0.1
    assert max((one[key] - other[key]).abs().max() for key in one) < 1e-5


def test_it_is_trained_in_one_stage_with_other_kinds(train):
    folder = train("child", *tiny.TASKS, **RECIPE | {"epochs": 1})
    heads = load_file(folder / "heads.safetensors")
    assert {key.partition(".")[0] for key in heads} == {"toy", *tiny.TASKS}
    assert heads["toy.classifier.weight"].shape == (1, tiny.CONFIG["hidden_size"])
