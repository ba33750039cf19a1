"""Sentences in pieces, with one tag for each word."""

from copy import deepcopy
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from tokenizer_types import ALONE, BLANKS, made

from xstilts.errors import UserError
from xstilts.kinds import load
from xstilts.sources.columns import SCHEMAS
from xstilts.task import Task

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


def words_of_tokens(name: str, words: list[str]) -> list[int | None]:
    """The word of each token of a sentence, by the tokenizer's own account; None for a token of no word."""
    if name in ALONE:
        return made(name)(words, is_split_into_words=True).word_ids()
    letters = [number for number, word in enumerate(words) for _ in f"{word} "][:-1]
    spans = made(name)(" ".join(words), return_offsets_mapping=True)["offset_mapping"]
    text = " ".join(words)
    own = [{letters[place] for place in range(*span) if text[place] != " "} for span in spans]
    return [min(one, default=None) for one in own]


def at_first_sub_words(numbers: list[int | None], tags: list[int], elsewhere) -> list[int]:
    """XTREME's convention: the tag of a word stands at its first sub-word; `elsewhere(tag)` at all other tokens."""
    first = {number: place for place, number in reversed(list(enumerate(numbers))) if number is not None}
    return [
        tags[number] if first.get(number) == place else elsewhere(0 if number is None else tags[number])
        for place, number in enumerate(numbers)
    ]


def pieces(features: pa.Table, table: pa.Table) -> list[tuple[list[str], list[int]]]:
    """The words of each feature and the ids of their tags."""
    rest = {row: list(zip(one["words"], one["tags"], strict=True)) for row, one in enumerate(table.to_pylist())}
    found = []
    for example, count in zip(
        features["example"].to_pylist(), features["words"].combine_chunks().value_lengths().to_pylist(), strict=True
    ):
        words, tags = zip(*rest[example][:count], strict=True)
        rest[example] = rest[example][count:]
        found.append((list(words), [TASK.labels.index(tag) for tag in tags]))
    assert not any(rest.values())
    return found


@pytest.mark.parametrize("name", ALONE | BLANKS)
def test_a_tag_is_learnt_at_the_first_sub_word_of_its_word_and_ignored_at_all_others(name):
    table = examples(LONG, LONG[1:4])
    features = encode(table, made(name), 256)
    expected = [
        at_first_sub_words(words_of_tokens(name, words), tags, lambda _: -100)
        for words, tags in pieces(features, table)
    ]
    assert features["labels"].to_pylist() == expected
    assert expected[0].count(-100) > 10, "words of one sub-word would prove nothing"


@pytest.mark.parametrize("max_length", [20, 256])
@pytest.mark.parametrize("name", ALONE)
def test_a_tag_is_read_at_the_first_sub_word_of_its_word_and_at_no_other(name, max_length):
    """Every token but the first of a word, special ones included, has a wrong tag."""
    table = examples(LONG, LONG[2:9], [], LONG[::-1])
    features = encode(table, made(name), max_length)
    assert (len(features) > 3) is (max_length == 20)
    outputs = [
        (np.eye(3)[at_first_sub_words(words_of_tokens(name, words), tags, lambda tag: (tag + 1) % 3)],)
        for words, tags in pieces(features, table)
    ]
    assert kind.decode(outputs, features, table, TASK, None) == table["tags"].to_pylist()


@pytest.mark.parametrize("name", BLANKS)
def test_a_tag_is_read_at_the_first_sub_word_that_has_letters_of_its_word(name):
    table = examples(LONG, LONG[2:9])
    outputs = [
        (np.eye(3)[at_first_sub_words(words_of_tokens(name, words), tags, lambda tag: (tag + 1) % 3)],)
        for words, tags in pieces(encode(table, made(name), 256), table)
    ]
    assert kind.decode(outputs, encode(table, made(name), 256), table, TASK, None) == table["tags"].to_pylist()


def test_the_highest_logit_is_the_tag_and_the_first_of_equal_ones():
    table = pa.Table.from_pylist([{"id": "0", "words": ["a", "b", "c"], "tags": None}], SCHEMAS["tagging"])
    features = pa.table({"example": [0], "words": [[1, 2, 4]]})
    logits = np.array([[9, 0, 0], [-3, -1, -2], [0, 2, 2], [9, 0, 0], [0, 0, 0], [9, 0, 0]], np.float32)
    assert kind.decode([(logits,)], features, table, TASK, None) == [["I", "I", "B"]]


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
    with pytest.raises(UserError, match=r"^max_length 2 leaves no room beside 2 special tokens\.$"):
        encode(examples(["river"]), tiny_tokenizer, 2)
    assert encode(examples(["river"]), tiny_tokenizer, 3)["input_ids"].to_pylist() == [[0, 3, 1]]


@pytest.mark.parametrize("less", [0, 1])
def test_a_word_is_kept_where_it_just_fits_and_unknown_where_it_does_not(tiny_tokenizer, less):
    (word,) = tiny_tokenizer(["lanterns"], add_special_tokens=False)["input_ids"]
    assert len(word) > 2
    features = encode(examples(["lanterns", "lanterns"]), tiny_tokenizer, len(word) + 2 - less)
    assert features["input_ids"].to_pylist() == ([[0, 3, 3, 1]] if less else [[0, *word, 1]] * 2)
    assert features["words"].to_pylist() == ([[1, 2]] if less else [[1], [1]])
    assert features["example"].to_pylist() == [0] * len(features)


def test_a_word_that_no_token_can_stand_for_is_refused(tiny_tokenizer):
    tokenizer = deepcopy(tiny_tokenizer)
    tokenizer.unk_token = None
    with pytest.raises(UserError) as refusal:
        encode(examples(["wool", "river"]), tokenizer, 4)
    assert str(refusal.value) == (
        "the word 'river' has no sub-words, or more than the 2 that fit, and the tokenizer has no unknown token to "
        "replace it. Remove the word or increase max_length."
    )
    assert len(encode(examples(["wool"]), tokenizer, 40)) == 1


def test_columns_have_the_promised_types(typed_tokenizer):
    schema = encode(examples(LONG), typed_tokenizer, 40).schema
    lists = pa.list_(pa.int32())
    assert dict(zip(schema.names, schema.types, strict=True)) == {
        "input_ids": lists,
        "token_type_ids": pa.list_(pa.int8()),
        "example": pa.int32(),
        "words": lists,
        "labels": lists,
    }


def test_a_head_chooses_among_the_tags_of_the_task():
    assert kind.head(TASK)["id2label"] == {0: "B", 1: "I", 2: "O"}
