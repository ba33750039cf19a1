"""Special tokens, columns of lists and padded batches."""

import numpy as np
import pyarrow as pa
import pytest

from xstilts.errors import UserError
from xstilts.kinds import batching, load
from xstilts.kinds.tokens import Template


@pytest.mark.parametrize(("longest", "width"), [(1, 8), (8, 8), (9, 16), (16, 16)])
def test_padding_reaches_the_next_multiple_of_eight(longest, width):
    padded = batching.pad([[5], [7] * longest], 2)
    assert padded.shape == (2, width)
    assert padded.dtype == np.int64
    assert padded[0].tolist() == [5] + [2] * (width - 1)


@pytest.mark.parametrize("arrays", [[], [[]], [[1, 2], [], [3]]])
def test_columns_of_lists_give_back_their_arrays(arrays):
    column = pa.chunked_array([batching.list_column([np.array(array, np.int32) for array in arrays])])
    assert column.type == pa.list_(pa.int32())
    assert [array.tolist() for array in batching.list_arrays(column)] == arrays


def test_sliced_columns_give_back_their_arrays():
    column = pa.chunked_array([[[1], [2, 3]], [[4], [5, 6]]], pa.list_(pa.int32()))
    assert [array.tolist() for array in batching.list_arrays(column.slice(1, 2))] == [[2, 3], [4]]


def test_attention_covers_the_tokens_and_not_the_padding():
    batch = load("retrieval").collate([{"input_ids": [0, 5, 1]}, {"input_ids": [0, 5, 6, 7, 1]}], pad_token_id=2)
    assert batch["attention_mask"].sum(axis=1).tolist() == [3, 5]
    assert (batch["input_ids"][batch["attention_mask"] == 0] == 2).all()


def test_collate_hands_on_only_what_the_model_takes():
    row = {"input_ids": [0, 1], "example": 0, "words": [1], "labels": [-100, 3]}
    batch = load("tagging").collate([row], pad_token_id=2)
    assert set(batch) == {"input_ids", "attention_mask", "labels"}
    assert batch["labels"].tolist() == [[-100, 3] + [-100] * 6]


def test_positions_of_answers_are_one_number_a_row():
    row = {"input_ids": [0, 1], "start_positions": 1, "end_positions": 2, "starts": [], "context": 4}
    batch = load("span").collate([row, row], pad_token_id=2)
    assert set(batch) == {"input_ids", "attention_mask", "start_positions", "end_positions"}
    assert batch["end_positions"].tolist() == [2, 2]


@pytest.mark.parametrize("name", ["tiny_tokenizer", "typed_tokenizer"])
def test_the_template_builds_what_the_tokenizer_builds(name, request):
    tokenizer = request.getfixturevalue(name)
    texts = ["Grey wool", "The old mill and the museum"]
    ids = [np.array(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts]
    for count in (1, 2):
        template = Template(tokenizer, count)
        expected = tokenizer(*texts[:count], return_token_type_ids=True)
        assert template.wrap(*ids[:count]).tolist() == expected["input_ids"]
        assert template.types(*map(len, ids[:count])).tolist() == expected["token_type_ids"]
        assert template.size == len(expected["input_ids"]) - sum(map(len, ids[:count]))
        assert template.start(*ids[: count - 1]) == expected.sequence_ids().index(count - 1)


def test_a_tokenizer_that_hides_its_special_tokens_is_refused():
    class Slow:
        is_fast = False

    with pytest.raises(UserError, match="Slow is not a fast tokenizer"):
        Template(Slow(), 1)
