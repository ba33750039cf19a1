"""Sentences in pieces, and one tag for each of their words."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from xstilts.errors import UserError
from xstilts.kinds import load
from xstilts.sources.columns import SCHEMAS
from xstilts.tasks.base import Task

TASK = Task("toy", "tagging", "chunk_f1", ("en",), {}, labels=("B", "I", "O"))
LONG = ["The", "harbour", "master", "keeps", "forty-two", "lanterns", "in", "a", "wooden", "shed", "."] * 3
WEIRD = ["", "river", "\u200b", "鳥", "bridges" * 30, "x"]
kind = load("tagging")


def examples(*sentences: list[str]) -> pa.Table:
    rows = [
        {"id": str(row), "words": words, "tags": [TASK.labels[(len(word) + row) % 3] for word in words]}
        for row, words in enumerate(sentences)
    ]
    return pa.Table.from_pylist(rows, SCHEMAS["tagging"])


def encode(table: pa.Table, tokenizer, max_length: int) -> pa.Table:
    return kind.encode(table, tokenizer, TASK, SimpleNamespace(max_length=max_length))


@pytest.mark.parametrize("max_length", [12, 16, 40, 256])
@pytest.mark.parametrize("sentences", [[LONG, ["Wool"], LONG], [WEIRD], [[], ["river"], []]])
def test_sharp_logits_give_every_word_its_tag_back(tiny_tokenizer, sentences, max_length):
    table = examples(*sentences)
    features = encode(table, tiny_tokenizer, max_length)
    outputs = [(np.eye(3)[np.maximum(labels, 0)],) for labels in features["labels"].to_pylist()]
    assert kind.decode(outputs, features, table, TASK, None) == table["tags"].to_pylist()


def test_long_sentences_are_split_between_words_and_lose_nothing(tiny_tokenizer):
    features = encode(examples(LONG), tiny_tokenizer, 16)
    words = iter(tiny_tokenizer(LONG, add_special_tokens=False)["input_ids"])
    assert len(features) > 1
    for ids, firsts in zip(features["input_ids"].to_pylist(), features["words"].to_pylist(), strict=True):
        assert len(ids) <= 16
        assert ids == [ids[0], *(token for _ in firsts for token in next(words)), ids[-1]]
    assert not list(words)


def test_a_piece_is_as_long_as_its_words_allow(tiny_tokenizer):
    features = encode(examples(LONG), tiny_tokenizer, 16)
    pieces = features["input_ids"].to_pylist()
    for ids, following, firsts in zip(pieces, pieces[1:], features["words"].to_pylist()[1:], strict=False):
        next_word = (firsts[1] if len(firsts) > 1 else len(following) - 1) - 1
        assert len(ids) + next_word > 16


def test_words_that_cannot_be_tokenised_become_the_unknown_token(tiny_tokenizer):
    features = encode(examples(WEIRD), tiny_tokenizer, 40)
    ids, firsts = features["input_ids"][0].as_py(), features["words"][0].as_py()
    assert len(firsts) == len(WEIRD)
    assert ids[firsts[0]] == ids[firsts[4]] == tiny_tokenizer.unk_token_id


def test_only_first_sub_words_are_labelled(tiny_tokenizer):
    features = encode(examples(LONG), tiny_tokenizer, 256)
    labels, firsts = np.array(features["labels"][0].as_py()), features["words"][0].as_py()
    assert len(labels) == len(features["input_ids"][0])
    assert np.flatnonzero(labels != -100).tolist() == firsts
    assert len(firsts) == len(LONG) < len(labels) - 2


def test_a_tag_that_is_no_label_is_not_learnt(tiny_tokenizer):
    rows = [{"id": "0", "words": ["river", "mill", "wool"], "tags": ["B", "S/NP", "O"]}]
    features = encode(pa.Table.from_pylist(rows, SCHEMAS["tagging"]), tiny_tokenizer, 256)
    assert [features["labels"][0][place].as_py() for place in features["words"][0].as_py()] == [0, -100, 2]


def test_unlabelled_sentences_have_no_labels(tiny_tokenizer):
    rows = [{"id": "0", "words": ["river"], "tags": None}]
    features = encode(pa.Table.from_pylist(rows, SCHEMAS["tagging"]), tiny_tokenizer, 16)
    assert features.column_names == ["input_ids", "example", "words"]


def test_token_types_are_there_only_if_the_models_take_them(tiny_tokenizer, typed_tokenizer):
    assert encode(examples(["river"]), typed_tokenizer, 16)["token_type_ids"].type == pa.list_(pa.int8())
    assert "token_type_ids" not in encode(examples(["river"]), tiny_tokenizer, 16).column_names


def test_outputs_of_too_few_pieces_are_noticed(tiny_tokenizer):
    table = examples(LONG)
    features = encode(table, tiny_tokenizer, 16).slice(1)
    outputs = [(np.zeros((len(ids), 3)),) for ids in features["input_ids"]]
    with pytest.raises(AssertionError, match="do not belong together"):
        kind.decode(outputs, features, table, TASK, None)


def test_a_length_without_room_for_words_is_refused(tiny_tokenizer):
    with pytest.raises(UserError, match="max_length 2 leaves no room beside 2 special tokens"):
        encode(examples(["river"]), tiny_tokenizer, 2)
