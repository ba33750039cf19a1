"""Masked language modelling: windows of passages, pairs of sentences, and batches of masked rows."""

from types import SimpleNamespace

import numpy as np
import plaintext
import pytest

from xstilts.errors import UserError
from xstilts.kinds import masked_lm

PASSAGES = ("river mill bridge", "winter " * 20, "wool")


def texts(features, tokenizer) -> list[str]:
    return [tokenizer.decode(ids, skip_special_tokens=True) for ids in features["input_ids"].to_pylist()]


def test_a_passage_is_one_row_with_special_tokens(tiny_tokenizer):
    found = plaintext.encode(plaintext.table(*PASSAGES), tiny_tokenizer)
    assert found["input_ids"].to_pylist() == [tiny_tokenizer(text)["input_ids"] for text in PASSAGES]
    assert found["example"].to_pylist() == [0, 1, 2]
    assert found.column_names == ["input_ids", "example"]


def test_a_long_passage_is_cut_into_windows_without_overlap(tiny_tokenizer):
    found = plaintext.encode(plaintext.table(*PASSAGES), tiny_tokenizer, SimpleNamespace(max_length=10))
    whole = tiny_tokenizer(PASSAGES[1], add_special_tokens=False)["input_ids"]
    windows = [row["input_ids"] for row in found.to_pylist() if row["example"] == 1]
    assert len(windows) == -(-len(whole) // 8) > 2
    assert [token for window in windows for token in window[1:-1]] == whole
    start, end = tiny_tokenizer("")["input_ids"]
    assert {(window[0], window[-1]) for window in windows} == {(start, end)}
    assert all(len(window) == 10 for window in windows[:-1])


def test_windows_do_not_depend_on_the_blocks_in_which_they_are_made(tiny_tokenizer, monkeypatch):
    examples, settings = plaintext.passages(11), SimpleNamespace(max_length=10)
    whole = plaintext.encode(examples, tiny_tokenizer, settings)
    monkeypatch.setattr(masked_lm, "_BLOCK", 4)
    assert plaintext.encode(examples, tiny_tokenizer, settings).to_pylist() == whole.to_pylist()


def test_a_sentence_and_its_translation_are_a_pair(typed_tokenizer):
    pair = ("river mill", "winter wool")
    found = plaintext.encode(plaintext.table(pair), typed_tokenizer, name="tlm")
    expected = typed_tokenizer(*pair)
    assert found.to_pylist() == [
        {"input_ids": expected["input_ids"], "token_type_ids": expected["token_type_ids"], "example": 0}
    ]


def test_a_tokenizer_without_mask_token_is_refused(tiny_tokenizer):
    bare = SimpleNamespace(mask_token_id=None, name_or_path="gpt")
    with pytest.raises(UserError, match=r"gpt: its tokenizer has no mask token, which mlm needs"):
        plaintext.encode(plaintext.table("a"), bare)


def test_a_length_without_room_is_refused(tiny_tokenizer):
    with pytest.raises(UserError, match="max_length 2 leaves no room beside 2 special tokens"):
        plaintext.encode(plaintext.table("a"), tiny_tokenizer, SimpleNamespace(max_length=2))


def test_a_batch_has_the_places_and_the_labels_of_the_predicted_tokens():
    rows = [
        {"input_ids": np.array([0, 9, 4, 2], np.int32), "labels": np.array([-100, 7, -100, -100], np.int32)},
        {"input_ids": np.array([0, 5, 2], np.int32), "labels": np.array([-100, 5, -100], np.int32)},
    ]
    batch = masked_lm.collate(rows, pad_token_id=1)
    assert batch["input_ids"].tolist() == [[0, 9, 4, 2, 1, 1, 1, 1], [0, 5, 2, 1, 1, 1, 1, 1]]
    assert batch["positions"].tolist() == [1, 9]
    assert batch["labels"].tolist() == [7, 5]
