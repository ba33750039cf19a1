"""A sentence of words has the sub-words of running text, for each type of tokenizer."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentences import SENTENCES
from tokenizer_types import ACROSS, ALL, ALONE, BLANKS, TWO_WORDS, made

from xstilts.errors import UserError
from xstilts.features.tokens import Template, located, subwords
from xstilts.features.words import tokenised
from xstilts.kinds import load
from xstilts.sources.columns import SCHEMAS
from xstilts.task import Task

TASK = Task("toy", "tagging", "chunk_f1", ("en",), {}, labels=("B", "I", "O"))
WORDS = (
    *(sentence.split() for sentence in SENTENCES),
    ["Ships", "Ships", "that", "Ships", ".", ".", "Ships"],
    ["鳥", "鳥", "river", "鳥", "."],
    ["wool"],
    [],
    ["'", "s", "miller's", "'s", ",", "forty-two"],
)
SHORT = 12


def tagged(*sentences: list[str]) -> pa.Table:
    rows = [{"id": str(n), "words": words, "tags": ["O"] * len(words)} for n, words in enumerate(sentences)]
    return pa.Table.from_pylist(rows, SCHEMAS["tagging"])


def encode(sentences, tokenizer, max_length: int = 256) -> pa.Table:
    return load("tagging").encode(tagged(*sentences), tokenizer, TASK, SimpleNamespace(max_length=max_length))


def running(tokenizer, words: list[str]) -> list[int]:
    return tokenizer(" ".join(words), add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("name", ALL)
def test_a_sentence_has_the_ids_of_running_text(name):
    tokenizer = made(name)
    features = encode(WORDS, tokenizer)
    assert features["example"].to_pylist() == [n for n, words in enumerate(WORDS) if words]
    expected = [tokenizer(" ".join(words))["input_ids"] for words in WORDS if words]
    assert features["input_ids"].to_pylist() == expected


@pytest.mark.parametrize("name", ALL)
def test_pieces_of_a_sentence_have_the_ids_of_the_whole(name):
    tokenizer = made(name)
    special = Template(tokenizer, texts=1)
    features = encode(WORDS, tokenizer, SHORT)
    texts = [[] for _ in WORDS]
    for example, ids in zip(features["example"].to_pylist(), features["input_ids"].to_pylist(), strict=True):
        assert len(ids) <= SHORT
        text = ids[special.start() : len(ids) - special.size + special.start()]
        assert special.columns([(np.array(text),)])["input_ids"].to_pylist() == [ids]
        texts[example] += text
    assert len(features) > len(WORDS)
    assert texts == [running(tokenizer, words) for words in WORDS]


@pytest.mark.parametrize("name", ALONE)
def test_where_words_have_a_prefix_of_their_own_the_first_sub_word_is_the_first_of_the_word(name):
    tokenizer = made(name)
    for words, positions in zip(filter(None, WORDS), encode(WORDS, tokenizer)["words"].to_pylist(), strict=True):
        numbers = tokenizer(words, is_split_into_words=True).word_ids()
        assert positions == [numbers.index(number) for number in range(len(words))]


@pytest.mark.parametrize("name", BLANKS | ACROSS)
def test_where_blanks_are_marked_the_first_sub_word_holds_the_first_character_of_the_word(name):
    tokenizer = made(name)
    for words, positions in zip(filter(None, WORDS), encode(WORDS, tokenizer)["words"].to_pylist(), strict=True):
        encoded = tokenizer(" ".join(words), return_offsets_mapping=True)
        starts = np.cumsum([0, *(len(word) + 1 for word in words)])[:-1]
        spans = encoded["offset_mapping"]
        assert positions == [
            next(n for n, (start, end) in enumerate(spans) if start <= character < end) for character in starts
        ]


def test_a_blank_that_is_a_sub_word_of_its_own_is_not_the_first_of_the_word():
    tokenizer = made("byte-level BPE")
    features = encode([["Grey", "is", "鳥"]], tokenizer)
    tokens = tokenizer.convert_ids_to_tokens(features["input_ids"][0].as_py())
    assert tokens == ["<s>", "Grey", "Ġ", "is", "Ġ", "é", "³", "¥", "</s>"]
    assert features["words"].to_pylist() == [[1, 3, 5]]
    assert np.flatnonzero(np.array(features["labels"][0].as_py()) != -100).tolist() == [1, 3, 5]


@pytest.mark.parametrize("name", ALONE | BLANKS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_empty_word_is_the_unknown_token_and_its_neighbours_stay(name, place):
    tokenizer = made(name)
    words = ["river", "wool"]
    words.insert(place, "")
    features = encode([words], tokenizer)
    ids, positions = features["input_ids"][0].as_py(), features["words"][0].as_py()
    assert len(positions) == 3
    assert ids[positions[place]] == tokenizer.unk_token_id
    kept = subwords(tokenizer, ["river", "wool" if name in ALONE else " wool"])
    if place == 0 and name not in ALONE:
        kept = subwords(tokenizer, [" river", " wool"])
    kept.insert(place, np.array([tokenizer.unk_token_id]))
    assert [ids] == Template(tokenizer, texts=1).columns([(np.concatenate(kept),)])["input_ids"].to_pylist()


@pytest.mark.parametrize("name", ALONE)
def test_a_word_that_has_only_the_prefix_is_empty(name):
    tokenizer = made(name)
    features = encode([["river", " ", "wool"]], tokenizer)
    assert features["input_ids"][0][features["words"][0][1].as_py()].as_py() == tokenizer.unk_token_id


def test_two_words_that_begin_with_one_sub_word_are_refused():
    with pytest.raises(UserError, match=r"a sub-word that spans two words, 'late wind', so each cannot have"):
        encode([TWO_WORDS.split()], made("Metaspace without split"))


@pytest.mark.parametrize("name", ALL)
def test_no_sentences_have_no_words(name):
    assert len(encode([], made(name))) == 0
    assert len(encode([[], []], made(name))) == 0


def test_each_distinct_form_is_tokenised_once():
    tokenizer = made("byte-level BPE")
    sentences = pa.chunked_array([[["wool", "wool", "wool"], ["wool", "river"]] * 50])
    assert tokenised(sentences, tokenizer).forms.to_pylist() == ["wool", " wool", " river"]


CHARACTERS = st.characters(exclude_categories=("Z", "C"))


@given(st.lists(st.lists(st.text(CHARACTERS, min_size=1, max_size=6), max_size=6), max_size=4))
@pytest.mark.parametrize("name", ["byte-level BPE", "RobertaTokenizer"])
def test_any_words_have_the_ids_of_running_text(name, sentences):
    tokenizer = made(name)
    words = tokenised(pa.chunked_array([sentences], pa.list_(pa.string())), tokenizer)
    found = iter(words.codes)
    for sentence in sentences:
        ids = [id_ for _, code in zip(sentence, found, strict=False) for id_ in words.ids[code].tolist()]
        assert ids == running(tokenizer, sentence)


@pytest.mark.parametrize("name", ALL)
def test_two_texts_tokenised_apart_are_the_pair(name):
    tokenizer = made(name)
    first, second = SENTENCES[0], SENTENCES[1][:-1]
    template, texts = Template(tokenizer, texts=2), subwords(tokenizer, [first, second])
    columns = template.columns([texts])
    whole = tokenizer(first, second, return_token_type_ids=True)
    assert columns["input_ids"].to_pylist() == [whole["input_ids"]]
    if "token_type_ids" in columns:
        assert columns["token_type_ids"].to_pylist() == [whole["token_type_ids"]]
    assert [text.ids.tolist() for text in located(tokenizer, [first, second])] == [ids.tolist() for ids in texts]
