"""Texts and text pairs of classification and retrieval as features."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from xstilts.kinds import load
from xstilts.sources.columns import SCHEMAS
from xstilts.task import Task

TASK = Task("toy", "classification", "accuracy", ("en",), {}, labels=("no", "maybe", "yes"))
LENGTHS = SimpleNamespace(max_length=24)
A, B = "The harbour is dark.", "A captain waited for the wind to turn."
kind = load("classification")


def examples(*rows: tuple) -> pa.Table:
    names = SCHEMAS["classification"].names
    rows = [dict(zip(names, (str(number), *row), strict=True)) for number, row in enumerate(rows)]
    return pa.Table.from_pylist(rows, SCHEMAS["classification"])


def test_pairs_and_single_texts_are_encoded_as_the_tokenizer_does(tiny_tokenizer):
    lengths = SimpleNamespace(max_length=256)
    pairs = kind.encode(examples((A, B, "no"), (B, A, "yes")), tiny_tokenizer, TASK, lengths)
    single = kind.encode(examples((A, None, "no")), tiny_tokenizer, TASK, lengths)
    assert pairs["input_ids"].to_pylist() == tiny_tokenizer([A, B], [B, A])["input_ids"]
    assert single["input_ids"].to_pylist() == tiny_tokenizer([A])["input_ids"]


SHORT, LONG_A, LONG_B = "wool and wind", A * 9, B * 9


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [(SHORT, LONG_B, (None, -1)), (LONG_A, SHORT, (-1, None)), (LONG_A, LONG_B, (10, 10)), (LONG_B, LONG_A, (10, 10))],
    ids=["the second is longer", "the first is longer", "both are long", "both are long, swapped"],
)
def test_a_pair_that_is_too_long_loses_the_end_of_its_longer_text(tiny_tokenizer, first, second, kept):
    """Of 24 tokens, 4 are special ones; -1 stands for what the other text leaves of the 20."""
    ids = [tiny_tokenizer(text, add_special_tokens=False)["input_ids"] for text in (first, second)]
    sizes = [len(own) if size is None else size for own, size in zip(ids, kept, strict=True)]
    sizes = [20 - sum(sizes) - 1 if size == -1 else size for size in sizes]
    (found,) = kind.encode(examples((first, second, "no")), tiny_tokenizer, TASK, LENGTHS)["input_ids"].to_pylist()
    assert found == [0, *ids[0][: sizes[0]], 1, 1, *ids[1][: sizes[1]], 1]
    assert len(found) == 24


def test_a_text_that_is_too_long_loses_its_end(tiny_tokenizer):
    whole = tiny_tokenizer(LONG_A, add_special_tokens=False)["input_ids"]
    (found,) = kind.encode(examples((LONG_A, None, "no")), tiny_tokenizer, TASK, LENGTHS)["input_ids"].to_pylist()
    assert found == [0, *whole[:22], 1]


def test_a_pair_of_which_one_text_is_missing_in_some_rows_is_no_single_text(tiny_tokenizer):
    table = examples((A, "", "no"), (A, B, "no"))
    found = kind.encode(table, tiny_tokenizer, TASK, SimpleNamespace(max_length=256))["input_ids"].to_pylist()
    (first, second) = tiny_tokenizer([A, B], add_special_tokens=False)["input_ids"]
    assert found == [[0, *first, 1, 1, 1], [0, *first, 1, 1, *second, 1]]


def test_labels_are_places_in_the_labels_of_the_task(tiny_tokenizer):
    features = kind.encode(examples((A, B, "yes"), (A, B, "no")), tiny_tokenizer, TASK, LENGTHS)
    assert features["labels"].type == pa.int32()
    assert features["labels"].to_pylist() == [2, 0]
    assert kind.head(TASK) == {
        "num_labels": 3,
        "id2label": {0: "no", 1: "maybe", 2: "yes"},
        "label2id": {"no": 0, "maybe": 1, "yes": 2},
        "problem_type": "single_label_classification",
    }


def test_the_name_of_a_label_decides_its_number_and_the_number_its_name(tiny_tokenizer):
    turned, table = replace(TASK, labels=("yes", "no", "maybe")), examples((A, B, "yes"), (A, B, "maybe"))
    features = kind.encode(table, tiny_tokenizer, turned, LENGTHS)
    assert features["labels"].to_pylist() == [0, 2]
    outputs = [(np.array([0.5, 2.0, -1.0]),), (np.array([-3.0, -2.0, -1.0]),)]
    assert kind.decode(outputs, features, table, turned, LENGTHS) == ["no", "maybe"]


def test_the_first_of_equally_good_labels_is_predicted(tiny_tokenizer):
    table = examples((A, B, None), (A, B, None))
    features = kind.encode(table, tiny_tokenizer, TASK, LENGTHS)
    assert kind.decode([(np.array([1, 1, 0]),), (np.array([0, 1, 1]),)], features, table, TASK, LENGTHS) == [
        "no",
        "maybe",
    ]


@pytest.mark.parametrize("missing", ["output", "feature", "example"])
def test_outputs_features_and_examples_have_to_belong_together(tiny_tokenizer, missing):
    table = examples((A, B, "no"), (B, A, "yes"))
    features, outputs = kind.encode(table, tiny_tokenizer, TASK, LENGTHS), [(np.eye(3)[0],)] * 2
    cut = {"output": outputs[:1], "feature": features[:1], "example": table[:1]}
    given = {"output": outputs, "feature": features, "example": table} | {missing: cut[missing]}
    with pytest.raises(AssertionError):
        kind.decode(*given.values(), TASK, LENGTHS)


def test_unlabelled_examples_have_no_labels(tiny_tokenizer):
    assert "labels" not in kind.encode(examples((A, B, None)), tiny_tokenizer, TASK, LENGTHS).column_names


@pytest.mark.parametrize("name", ["classification", "retrieval"])
def test_token_types_are_there_only_if_the_models_take_them(name, tiny_tokenizer, typed_tokenizer):
    table = examples((A, B, "no")) if name == "classification" else pa.table({"text": [A]})
    types = load(name).encode(table, typed_tokenizer, TASK, LENGTHS)["token_type_ids"]
    assert types.type == pa.list_(pa.int8())
    assert set(types[0].as_py()) == ({0, 1} if name == "classification" else {0})
    assert "token_type_ids" not in load(name).encode(table, tiny_tokenizer, TASK, LENGTHS).column_names


def test_sharp_logits_give_back_the_gold(tiny_tokenizer):
    table = examples((A, B, "maybe"), (B, A, "no"), (A, A, "yes"))
    features = kind.encode(table, tiny_tokenizer, TASK, LENGTHS)
    outputs = [(np.eye(3)[label],) for label in features["labels"].to_pylist()]
    assert kind.decode(outputs, features, table, TASK, LENGTHS) == table["label"].to_pylist()


def test_an_empty_split_has_the_columns_of_any_other(tiny_tokenizer):
    features = kind.encode(examples(), tiny_tokenizer, TASK, LENGTHS)
    assert len(features) == 0
    assert features.column_names == ["input_ids", "example", "labels"]


def test_retrieval_sentences_lose_the_blanks_around_them_and_their_end_and_have_no_label(tiny_tokenizer):
    texts = [f"  {LONG_B} ", f"{A}\u3000\n"]
    rows = [{"id": str(n), "side": "english", "text": text, "gold": ["x"]} for n, text in enumerate(texts)]
    features = load("retrieval").encode(pa.Table.from_pylist(rows, SCHEMAS["retrieval"]), tiny_tokenizer, TASK, LENGTHS)
    assert features.column_names == ["input_ids", "example"]
    whole = tiny_tokenizer(LONG_B, add_special_tokens=False)["input_ids"]
    assert features["input_ids"].to_pylist() == [[0, *whole[:22], 1], tiny_tokenizer(A)["input_ids"]]
    assert features["example"].type == pa.int32()
    assert load("retrieval").head(TASK) == {}
