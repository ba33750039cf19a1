"""Token ids and offsets are those of a call of the tokenizer, whatever its options."""

import copy

import pyarrow as pa
import pytest
from sentences import SENTENCES
from tokenizer_types import ALL, made
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
    return [one for one in TEXTS for _ in TEXTS], [other for _ in TEXTS for other in TEXTS]


def as_lists(columns: dict[str, pa.ChunkedArray]) -> dict[str, list]:
    return {name: column.to_pylist() for name, column in columns.items()}


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


class Shouting(PreTrainedTokenizerFast):
    """A tokenizer that changes texts before it encodes them."""

    def _encode_plus(self, text, text_pair=None, **options):
        return super()._encode_plus([one.upper() for one in text], text_pair, **options)


def test_a_class_that_changes_texts_is_refused(tmp_path, tiny_tokenizer):
    tiny_tokenizer.save_pretrained(tmp_path)
    require_ids_of_backend(PreTrainedTokenizerFast.from_pretrained(tmp_path))
    with pytest.raises(UserError, match=rf"{tmp_path}: Shouting gives other ids than its tokenizer\.json"):
        require_ids_of_backend(Shouting.from_pretrained(tmp_path))
