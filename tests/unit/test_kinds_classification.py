"""Texts and pairs of classification and retrieval as features."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from xstilts.kinds import load
from xstilts.sources.columns import SCHEMAS
from xstilts.tasks.base import Task

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


def test_long_pairs_are_cut_to_the_maximum(tiny_tokenizer):
    (ids,) = kind.encode(examples((A * 9, B * 9, "no")), tiny_tokenizer, TASK, LENGTHS)["input_ids"].to_pylist()
    assert len(ids) == 24
    assert ids.count(tiny_tokenizer.sep_token_id) == 3


def test_the_longer_text_of_a_pair_is_cut_first(tiny_tokenizer):
    (ids,) = kind.encode(examples(("wool", B * 9, "no")), tiny_tokenizer, TASK, LENGTHS)["input_ids"].to_pylist()
    wool = tiny_tokenizer("wool", add_special_tokens=False)["input_ids"]
    assert ids[1 : 1 + len(wool)] == wool


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


def test_retrieval_sentences_are_cut_and_never_labelled(tiny_tokenizer):
    table = pa.Table.from_pylist([{"id": "1", "side": "english", "text": B * 9, "gold": ["x"]}], SCHEMAS["retrieval"])
    features = load("retrieval").encode(table, tiny_tokenizer, TASK, LENGTHS)
    assert features.column_names == ["input_ids", "example"]
    assert len(features["input_ids"][0]) == 24
