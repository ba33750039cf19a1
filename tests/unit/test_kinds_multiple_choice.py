"""Prompts with their choices as features, batches and predictions."""

from dataclasses import replace
from itertools import pairwise, product
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import tiny

from xstilts.errors import UserError
from xstilts.features.batching import bounds
from xstilts.kinds import load, multiple_choice
from xstilts.prediction import scoring, xtreme_files
from xstilts.task import Task

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
    with pytest.raises(UserError, match=r"^max_length 4 leaves no room beside 4 special tokens\.$"):
        encode(rows((PROMPT, CHOICES, "1")), tiny_tokenizer, 4)


def test_a_model_scores_each_choice():
    assert kind.head(TASK) == {"num_labels": 1, "problem_type": None}


def test_a_choice_is_known_by_its_place_among_the_labels_of_the_task(tiny_tokenizer):
    turned, table = replace(TASK, labels=("2", "0", "1")), rows((PROMPT, CHOICES, "2"), (PROMPT, CHOICES, "1"))
    features = kind.encode(table, tiny_tokenizer, turned, LENGTHS)
    assert features["labels"].to_pylist() == [0, 2]
    assert kind.decode([(np.eye(3)[0],), (np.eye(3)[1],)], features, table, turned, LENGTHS) == ["2", "0"]


@pytest.mark.parametrize("missing", ["output", "feature", "example"])
def test_outputs_features_and_examples_have_to_belong_together(tiny_tokenizer, missing):
    table = rows((PROMPT, CHOICES, "1"), (PROMPT, CHOICES, "2"))
    features, outputs = encode(table, tiny_tokenizer), [(np.eye(3)[0],)] * 2
    cut = {"output": outputs[:1], "feature": features[:1], "example": table[:1]}
    given = {"output": outputs, "feature": features, "example": table} | {missing: cut[missing]}
    with pytest.raises(AssertionError):
        kind.decode(*given.values(), TASK, LENGTHS)


def test_labels_are_positions_and_unlabelled_examples_have_none(tiny_tokenizer):
    assert encode(rows((PROMPT, CHOICES, "2"), (PROMPT, CHOICES, "0")), tiny_tokenizer)["labels"].to_pylist() == [2, 0]
    assert "labels" not in encode(rows((PROMPT, CHOICES, None)), tiny_tokenizer).column_names


def test_an_empty_split_has_the_columns_of_any_other(tiny_tokenizer):
    features = encode(rows(), tiny_tokenizer)
    assert len(features) == 0
    assert features.schema == encode(rows((PROMPT, CHOICES, "1")), tiny_tokenizer).schema


def test_features_of_a_slice_are_the_slice_of_the_features(tiny_tokenizer):
    table = tiny.examples("multiple_choice", 9)
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
    table, form = rows(*((PROMPT, CHOICES, label) for label in "2101")), xtreme_files.form_of(TASK.kind, TASK.metric)
    path = tmp_path / xtreme_files.file_name(TASK.kind, "dev", "en")
    xtreme_files.write(path, form, ["2", "0", "0", "1"])
    assert (path.name, path.read_text()) == ("dev-en.tsv", "2\n0\n0\n1\n")
    gold = {"en": table}
    assert scoring.score(TASK, gold, scoring.per_example(TASK, "dev", gold, tmp_path))["en"] == {
        "n": 4,
        "scores": {"accuracy": 75.0},
        "main_score": 75.0,
    }
