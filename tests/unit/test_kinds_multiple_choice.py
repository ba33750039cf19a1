"""Prompts with their choices as features, batches and predictions, and what models make of them."""

import json
import random
from itertools import pairwise, product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import tiny
import torch
import transformers
from safetensors.torch import load_file

from xstilts import encoders, prediction, scoring, submission
from xstilts.checkpoints import Checkpoint
from xstilts.config import Stage
from xstilts.errors import UserError
from xstilts.kinds import load, multiple_choice
from xstilts.kinds.batching import bounds
from xstilts.tasks.base import Task
from xstilts.training import stage
from xstilts.training.model import StageModel
from xstilts.training.resume import exclusive
from xstilts.training.stage import TaskData

TASK = Task("toy", "multiple_choice", "accuracy", ("en",), {}, labels=("0", "1", "2"))
LENGTHS = SimpleNamespace(max_length=96)
PROMPT = "Every evening he lights the lanterns. What does he need?"
CHOICES = ["A wooden shed.", "Honey, apples and grey wool from the market.", "Wind."]
kind = load("multiple_choice")


def rows(*rows: tuple) -> pa.Table:
    names = ("prompt", "choices", "label")
    return tiny.table(
        "multiple_choice",
        [{"id": str(number), **dict(zip(names, row, strict=True))} for number, row in enumerate(rows)],
    )


def toy(count: int, seed: int = 0) -> pa.Table:
    """Rows of very different lengths; the right choice is the one with honey."""
    draw = random.Random(seed)

    def words(most: int) -> list[str]:
        return [draw.choice([word for word in tiny.WORDS if word != "honey"]) for _ in range(draw.randint(1, most))]

    def row() -> tuple:
        right = draw.randrange(3)
        choices = [" ".join(words(6) + ["honey"] * (number == right)) for number in range(3)]
        return " ".join(words(8)), choices, str(right)

    return rows(*(row() for _ in range(count)))


def sequences(row: dict, column: str = "input_ids") -> list[list[int]]:
    return [row[column][start:end] for start, end in pairwise(bounds(row["choices"]).tolist())]


def encode(table: pa.Table, tokenizer, max_length: int = LENGTHS.max_length) -> pa.Table:
    return kind.encode(table, tokenizer, TASK, SimpleNamespace(max_length=max_length))


def test_every_choice_is_a_pair_with_the_prompt_as_the_tokenizer_makes_it(tiny_tokenizer, typed_tokenizer):
    for tokenizer in (tiny_tokenizer, typed_tokenizer):
        (row,) = encode(rows((PROMPT, CHOICES, "1")), tokenizer).to_pylist()
        expected = tokenizer([PROMPT] * 3, CHOICES)
        assert sequences(row) == expected["input_ids"]
        if "token_type_ids" in tokenizer.model_input_names:
            assert sequences(row, "token_type_ids") == expected["token_type_ids"]


def test_a_row_holds_all_its_choices_so_that_its_length_is_its_cost(tiny_tokenizer):
    features = encode(rows((PROMPT, CHOICES, "1"), ("Wool", CHOICES[::-1], "0")), tiny_tokenizer)
    lengths = features["choices"].to_pylist()
    assert [len(ids) for ids in features["input_ids"].to_pylist()] == [sum(own) for own in lengths]
    assert lengths[0][0] < lengths[0][1]
    assert lengths[0][0] - lengths[0][2] == lengths[1][2] - lengths[1][0]


def test_columns_have_the_promised_types(typed_tokenizer):
    schema = encode(rows((PROMPT, CHOICES, "1")), typed_tokenizer).schema
    assert schema.names == ["input_ids", "token_type_ids", "example", "choices", "labels"]
    lists = pa.list_(pa.int32())
    assert schema.types == [lists, pa.list_(pa.int8()), pa.int32(), lists, pa.int32()]


def test_each_distinct_text_is_tokenised_once(tiny_tokenizer, monkeypatch):
    asked, subwords = [], multiple_choice.subwords
    monkeypatch.setattr(
        multiple_choice, "subwords", lambda tokenizer, texts: asked.extend(texts) or subwords(tokenizer, texts)
    )
    encode(rows((PROMPT, CHOICES, "1"), (PROMPT, CHOICES[::-1], "1")), tiny_tokenizer)
    assert sorted(asked) == sorted([PROMPT, *CHOICES])


def one_by_one(prompt: list, choice: list, room: int) -> tuple[list, list]:
    while len(prompt) + len(choice) > room:
        if len(prompt) >= len(choice):
            prompt = prompt[1:]
        else:
            choice = choice[1:]
    return prompt, choice


def test_the_cut_is_that_of_one_token_at_a_time_from_the_start_of_the_longer_text():
    for first, second, room in product(range(10), range(10), range(1, 21)):
        prompt, choice = np.arange(first), np.arange(100, 100 + second)
        found = tuple(ids.tolist() for ids in multiple_choice.cut(prompt, choice, room))
        assert found == one_by_one(prompt.tolist(), choice.tolist(), room), (first, second, room)


def test_a_prompt_may_be_cut_away_whole():
    prompt, choice = multiple_choice.cut(np.array([5]), np.array([6]), 1)
    assert (prompt.tolist(), choice.tolist()) == ([], [6])


@pytest.mark.parametrize("max_length", [5, 6, 7, 16, 23, 24])
def test_no_sequence_is_longer_than_the_maximum_and_the_ends_stay(tiny_tokenizer, max_length):
    (row,) = encode(rows((PROMPT * 3, [choice * 5 for choice in CHOICES], "1")), tiny_tokenizer, max_length).to_pylist()
    assert row["choices"] == [max_length] * 3
    for ids, choice in zip(sequences(row), CHOICES, strict=True):
        room = max_length - 4
        prompt_ids, choice_ids = (
            tiny_tokenizer(text, add_special_tokens=False)["input_ids"] for text in (PROMPT * 3, choice * 5)
        )
        prompt_ids, choice_ids = one_by_one(prompt_ids, choice_ids, room)
        assert ids == [0, *prompt_ids, 1, 1, *choice_ids, 1]


def test_a_maximum_without_room_for_text_is_refused(tiny_tokenizer):
    with pytest.raises(UserError, match="max_length 4 leaves no room beside 4 special tokens"):
        encode(rows((PROMPT, CHOICES, "1")), tiny_tokenizer, 4)


def test_labels_are_positions_and_unlabelled_examples_have_none(tiny_tokenizer):
    assert encode(rows((PROMPT, CHOICES, "2"), (PROMPT, CHOICES, "0")), tiny_tokenizer)["labels"].to_pylist() == [2, 0]
    assert "labels" not in encode(rows((PROMPT, CHOICES, None)), tiny_tokenizer).column_names


def test_an_empty_split_has_the_columns_of_any_other(tiny_tokenizer):
    features = encode(rows(), tiny_tokenizer)
    assert len(features) == 0
    assert features.schema == encode(rows((PROMPT, CHOICES, "1")), tiny_tokenizer).schema


def test_features_of_a_slice_are_the_slice_of_the_features(tiny_tokenizer):
    table = toy(9)
    whole, part = encode(table, tiny_tokenizer), encode(table.slice(3, 4), tiny_tokenizer)
    assert part.drop_columns("example") == whole.slice(3, 4).drop_columns("example")
    assert part["example"].to_pylist() == [0, 1, 2, 3]


def test_a_batch_is_padded_to_the_longest_sequence_of_all_its_choices(typed_tokenizer):
    features = encode(rows(("Wool", ["wind", "grey wool", "wool"], "1"), (PROMPT, CHOICES, "2")), typed_tokenizer)
    batch = kind.collate(features.to_pylist(), pad_token_id=7)
    longest = max(max(lengths) for lengths in features["choices"].to_pylist())
    shape = (2, 3, -(-longest // 8) * 8)
    assert {name: array.shape for name, array in batch.items()} == {
        **dict.fromkeys(("input_ids", "token_type_ids", "attention_mask"), shape),
        "labels": (2,),
    }
    assert {array.dtype for array in batch.values()} == {np.dtype(np.int64)}
    for number, row in enumerate(features.to_pylist()):
        for place, ids in enumerate(sequences(row)):
            assert batch["input_ids"][number, place].tolist() == ids + [7] * (shape[2] - len(ids))
            assert batch["attention_mask"][number, place].tolist() == [1] * len(ids) + [0] * (shape[2] - len(ids))
            assert not batch["token_type_ids"][number, place, len(ids) :].any()
    assert batch["labels"].tolist() == [1, 2]


def test_an_unlabelled_batch_has_no_labels(tiny_tokenizer):
    features = encode(rows((PROMPT, CHOICES, None)), tiny_tokenizer)
    assert set(kind.collate(features.to_pylist(), 2)) == {"input_ids", "attention_mask"}


def test_sharp_logits_give_back_the_gold_and_the_first_of_equals_wins(tiny_tokenizer):
    table = rows(*((PROMPT, CHOICES, label) for label in "210"))
    features = encode(table, tiny_tokenizer)
    sharp = [(np.eye(3)[label],) for label in features["labels"].to_pylist()]
    assert kind.decode(sharp, features, table, TASK, LENGTHS) == ["2", "1", "0"]
    equal = [(np.array(logits),) for logits in ([1, 1, 1], [0, 1, 1], [0, 0, 1])]
    assert kind.decode(equal, features, table, TASK, LENGTHS) == ["0", "1", "2"]


def test_predictions_are_written_a_label_a_line_and_scored_by_accuracy(tmp_path):
    table, form = rows(*((PROMPT, CHOICES, label) for label in "2101")), submission.form_of(TASK.kind, TASK.metric)
    path = tmp_path / submission.file_name(TASK.kind, "dev", "en")
    submission.write(path, form, ["2", "0", "0", "1"])
    assert (path.name, path.read_text()) == ("dev-en.tsv", "2\n0\n0\n1\n")
    gold = {"en": table}
    assert scoring.score(TASK, gold, scoring.units(TASK, "dev", gold, tmp_path))["en"] == {
        "n": 4,
        "scores": {"accuracy": 75.0},
        "headline": 75.0,
    }


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
    together = prediction.forward(model, kind, features, pad_token_id=tokenizer.pad_token_id, precision="fp32")
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

    def run(child: str, *others: str, micro_batch=4, encoder=None, **recipe) -> Path:
        tasks = {"toy": data, **{name: tiny.data(name, tiny_tokenizer) for name in others}}
        parent = tiny.encoder(tmp_path / "parent", tiny_tokenizer, **encoder or {})
        folder, scratch = tmp_path / child, tmp_path / f"{child}.training"
        folder.mkdir()
        with exclusive(scratch):
            stage.train(Stage(**recipe), parent, tasks, folder, scratch, seed=1, micro_batch=micro_batch)
        return folder

    return run


RECIPE = {"learning_rate": 2e-3, "epochs": 12, "batch_size": 8, "evaluate_every": 24, "patience": 9}


def test_a_stage_learns_which_choice_is_right(train, tiny_tokenizer):
    folder = train("child", **RECIPE, encoder={"initializer_range": 0.1})
    best = json.loads((folder / stage.RECORD).read_text())["best"]
    assert best["toy"] == 100
    loaded = encoders.load_model(str(folder), kind)
    assert isinstance(loaded, transformers.XLMRobertaForMultipleChoice)
    table = toy(30, seed=2)
    options = {"pad_token_id": tiny_tokenizer.pad_token_id, "precision": "fp32"}
    parts = {"en": (table, encode(table, tiny_tokenizer))}
    (found,) = prediction.decoded(loaded, kind, TASK, parts, LENGTHS, **options).values()
    assert sum(label == gold for label, gold in zip(found, table["label"].to_pylist(), strict=True)) >= 28


def test_micro_batches_do_not_change_what_is_learnt(train):
    plain = {"learning_rate": 1.0, "adam_epsilon": 1.0, "max_gradient_norm": 1e9, "warmup": 0.0, "weight_decay": 0.0}
    options = {"encoder": tiny.NO_DROPOUT, "epochs": 0.5, "batch_size": 8, **plain}
    start = train("start", micro_batch=8, **{**options, "learning_rate": 1e-9})
    whole, parts = train("whole", micro_batch=8, **options), train("parts", micro_batch=2, **options)
    before, one, other = (load_file(folder / "model.safetensors") for folder in (start, whole, parts))
    assert max((one[key] - before[key]).abs().max() for key in one) > 0.1
    assert max((one[key] - other[key]).abs().max() for key in one) < 1e-5


def test_it_is_trained_in_one_stage_with_other_kinds(train):
    folder = train("child", *tiny.TASKS, **RECIPE | {"epochs": 1})
    heads = load_file(folder / "heads.safetensors")
    assert {key.partition(".")[0] for key in heads} == {"toy", *tiny.TASKS}
    assert heads["toy.classifier.weight"].shape == (1, tiny.CONFIG["hidden_size"])
