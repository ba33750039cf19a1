"""Token ids and offsets are those of a call of the tokenizer, whatever its options."""

import copy
import csv
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentences import SENTENCES
from tokenizer_types import ALL, made
from tokenizers import normalizers, processors
from transformers import PreTrainedTokenizerFast

from xstilts.errors import UserError
from xstilts.features import tokens
from xstilts.features.tokens import located, require_ids_of_backend, sequence_columns, subwords

pytestmark = pytest.mark.thorough

TEXTS = [*SENTENCES, "", " ", "  Grey  wool 鳥 ", "<mask> [MASK] </s>", "½ ﬁ Café", "a" * 80]
OPTIONS = {
    "as it is": lambda tokenizer: None,
    "cut on the left": lambda tokenizer: setattr(tokenizer, "truncation_side", "left"),
    "padded on the left": lambda tokenizer: setattr(tokenizer, "padding_side", "left"),
    "with special tokens as text": lambda tokenizer: setattr(tokenizer, "split_special_tokens", True),
    "padding of its own": lambda tokenizer: tokenizer.backend_tokenizer.enable_padding(length=40),
    "truncation of its own": lambda tokenizer: tokenizer.backend_tokenizer.enable_truncation(5),
}


def pairs_of_all() -> tuple[list[str], list[str]]:
    """Every text with every other."""
    return every_pair(TEXTS)


def every_pair(texts: list[str]) -> tuple[list[str], list[str]]:
    first, second = zip(*product(texts, texts), strict=True)
    return list(first), list(second)


def as_lists(columns: dict[str, pa.ChunkedArray]) -> dict[str, list]:
    return {name: column.to_pylist() for name, column in columns.items()}


def called(tokenizer, length: int, *texts: list[str]) -> dict[str, list]:
    """The columns that a call of the tokenizer gives."""
    found = tokenizer(*texts, truncation="longest_first", max_length=length)
    return {name: found[name] for name in found if name != "attention_mask"}


@pytest.fixture
def alone(monkeypatch) -> list[str]:
    """The texts that are encoded without special tokens, to be joined."""
    texts, encoded = [], tokens._encoded

    def recorded(tokenizer, first, *others, **options):
        if not options.get("special_tokens", True):
            texts.extend(first)
        return encoded(tokenizer, first, *others, **options)

    monkeypatch.setattr(tokens, "_encoded", recorded)
    monkeypatch.setattr(tokens, "_SAMPLE", 1)
    return texts


@pytest.mark.parametrize("change", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("name", ["tiny_tokenizer", "typed_tokenizer"])
@pytest.mark.parametrize("length", [9, 24, 512])
def test_sequences_are_those_of_a_call_with_any_options(request, monkeypatch, name, change, length):
    tokenizer = copy.deepcopy(request.getfixturevalue(name))
    change(tokenizer)
    other = copy.deepcopy(tokenizer)
    monkeypatch.setattr(tokens, "_BATCH", 100)
    for texts in ((TEXTS,), pairs_of_all()):
        expected = other(*texts, truncation="longest_first", max_length=length)
        columns = as_lists(sequence_columns(tokenizer, length, *texts))
        assert columns == {column: expected[column] for column in expected if column != "attention_mask"}


@pytest.mark.parametrize("name", ALL)
def test_sequences_of_every_type_of_tokenizer_are_those_of_a_call(name):
    tokenizer, texts = made(name), pairs_of_all()
    expected = tokenizer(*texts, truncation="longest_first", max_length=16)
    columns = as_lists(sequence_columns(tokenizer, 16, *texts))
    assert columns == {column: expected[column] for column in expected if column != "attention_mask"}


@pytest.mark.parametrize("name", ALL)
def test_sub_words_and_offsets_of_every_type_of_tokenizer_are_those_of_a_call(name):
    tokenizer = made(name)
    sequence_columns(tokenizer, 5, TEXTS)
    ids = tokenizer(TEXTS, add_special_tokens=False)["input_ids"]
    assert [own.tolist() for own in subwords(tokenizer, TEXTS)] == ids
    sequence_columns(tokenizer, 5, TEXTS)
    offsets = tokenizer(TEXTS, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    found = located(tokenizer, TEXTS)
    assert [text.ids.tolist() for text in found] == ids
    assert [list(zip(text.starts.tolist(), text.ends.tolist(), strict=True)) for text in found] == offsets


def test_batches_become_chunks_and_no_text_is_no_row(tiny_tokenizer, monkeypatch):
    monkeypatch.setattr(tokens, "_BATCH", 4)
    column = sequence_columns(tiny_tokenizer, 16, TEXTS[:10])["input_ids"]
    assert [len(chunk) for chunk in column.chunks] == [4, 4, 2]
    assert sequence_columns(tiny_tokenizer, 16, [], [])["input_ids"].to_pylist() == []
    assert subwords(tiny_tokenizer, []) == located(tiny_tokenizer, []) == []


LENGTHS = [5, 16, 60, 512]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", ALL)
def test_texts_that_repeat_have_the_ids_of_a_call_with_and_without_cuts(name, length):
    tokenizer = made(name)
    for texts in ((TEXTS * 3,), pairs_of_all()):
        assert as_lists(sequence_columns(tokenizer, length, *texts)) == called(tokenizer, length, *texts)


UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(UNICODE | st.sampled_from(TEXTS), min_size=1, max_size=4), st.sampled_from(LENGTHS))
@pytest.mark.parametrize("name", ALL)
def test_any_texts_have_the_ids_of_a_call(name, texts, length):
    tokenizer = made(name)
    for sides in ((texts * 2,), every_pair(texts)):
        assert as_lists(sequence_columns(tokenizer, length, *sides)) == called(tokenizer, length, *sides)


@pytest.mark.parametrize("length", [40, 256])
@pytest.mark.parametrize("lang", ["en", "zh", "ar", "th"])
def test_real_pairs_have_the_ids_of_a_call(samples, sample_tokenizer, lang, length):
    with (samples / "xnli" / f"dev-{lang}.tsv").open(encoding="utf-8") as file:
        first, second, *_ = zip(*csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), strict=True)
    sides = list(first), list(second)
    assert as_lists(sequence_columns(sample_tokenizer, length, *sides)) == called(sample_tokenizer, length, *sides)


def test_each_distinct_text_is_encoded_once_and_sequences_that_are_too_long_take_their_places(
    tiny_tokenizer, monkeypatch, alone
):
    monkeypatch.setattr(tokens, "_BATCH", 4)
    short, long = ["wool", "old mill"], " ".join(SENTENCES)
    texts = short * 2 + [long] + short * 2 + [long]
    column = sequence_columns(tiny_tokenizer, 30, texts, ["seven"] * 10)["input_ids"]
    sample, rest = alone[:2], alone[2:]
    assert sample == ["wool", "seven"]
    assert sorted(rest) == sorted([*short, long, "seven"])
    assert [len(chunk) for chunk in column.chunks] == [4, 4, 2]
    assert column.to_pylist() == called(tiny_tokenizer, 30, texts, ["seven"] * 10)["input_ids"]
    assert [len(ids) == 30 for ids in column.to_pylist()] == [text == long for text in texts]


def test_texts_are_shared_within_a_block(tiny_tokenizer, monkeypatch, alone):
    monkeypatch.setattr(tokens, "_BLOCK", 4)
    texts = ["wool", "mill"] * 3
    found = sequence_columns(tiny_tokenizer, 30, texts)["input_ids"].to_pylist()
    assert alone == ["wool", "wool", "mill"]
    assert found == called(tiny_tokenizer, 30, texts)["input_ids"]


@pytest.mark.parametrize("texts", [SENTENCES, [*SENTENCES, *SENTENCES]], ids=["all are distinct", "all are too long"])
def test_sequences_are_encoded_as_a_whole_where_joining_saves_nothing(tiny_tokenizer, alone, texts):
    length = 8 if len(set(texts)) < len(texts) else 512
    found = as_lists(sequence_columns(tiny_tokenizer, length, list(texts)))
    assert alone[1:] == []
    assert found == called(tiny_tokenizer, length, list(texts))


TEMPLATES = {
    "the second text first": "<s> $B </s> $A </s>",
    "a text twice": "<s> $A </s> $A </s> $B </s>",
    "types by text": "<s> $A </s> $B:1 </s>:1",
    "no special tokens": "$A $B",
}


@pytest.mark.parametrize("pair", TEMPLATES.values(), ids=TEMPLATES)
def test_sequences_of_any_template_are_those_of_a_call(typed_tokenizer, pair):
    tokenizer = copy.deepcopy(typed_tokenizer)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair=pair, special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    sides = ["Grey wool", "The old mill"] * 4, ["seven bridges"] * 8
    assert as_lists(sequence_columns(tokenizer, 64, *sides)) == called(tokenizer, 64, *sides)


def test_without_a_template_sequences_are_those_of_a_call(typed_tokenizer):
    tokenizer = copy.deepcopy(typed_tokenizer)
    tokenizer.backend_tokenizer.normalizer = normalizers.Replace("a", "")
    tokenizer.backend_tokenizer.pre_tokenizer = None
    with pytest.raises(UserError, match="the positions of texts among its special tokens are unknown"):
        tokens.Template(tokenizer, 2)
    sides = ["Grey wool", "The old mill"] * 4, ["seven bridges"] * 8
    assert as_lists(sequence_columns(tokenizer, 64, *sides)) == called(tokenizer, 64, *sides)


class Shouting(PreTrainedTokenizerFast):
    """A tokenizer that changes texts before it encodes them."""

    def _encode_plus(self, text, text_pair=None, **options):
        return super()._encode_plus([one.upper() for one in text], text_pair, **options)


def test_a_class_that_changes_texts_is_refused(tmp_path, tiny_tokenizer):
    tiny_tokenizer.save_pretrained(tmp_path)
    require_ids_of_backend(PreTrainedTokenizerFast.from_pretrained(tmp_path))
    with pytest.raises(UserError, match=rf"{tmp_path}: Shouting gives other ids than its tokenizer\.json"):
        require_ids_of_backend(Shouting.from_pretrained(tmp_path))
