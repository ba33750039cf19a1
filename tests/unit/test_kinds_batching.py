"""Special tokens, list columns and padded batches."""

import numpy as np
import pyarrow as pa
import pytest

from xstilts.errors import UserError
from xstilts.features import batching
from xstilts.features.tokens import Template
from xstilts.kinds import load


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


def test_numbers_in_a_column_of_lists_have_the_type_that_is_asked_for():
    column = batching.list_column([np.array([1, 2]), np.array([], np.int64), np.array([3])], np.int8)
    assert column.type == pa.list_(pa.int8())
    assert column.to_pylist() == [[1, 2], [], [3]]


def test_sequences_begin_where_those_before_them_end():
    found = batching.bounds([2, 0, 3])
    assert found.tolist() == [0, 2, 2, 5]
    assert found.dtype == np.int32
    assert batching.bounds([]).tolist() == [0]


def test_a_label_is_its_place_among_the_labels_and_is_ignored_if_it_is_none():
    found = batching.label_ids(pa.array(["I", "X", "B", "I"]), ("B", "I", "O"))
    assert found.tolist() == [1, -100, 0, 1]
    assert found.dtype == np.int32
    # An open set of labels may be empty.
    assert batching.label_ids(pa.array(["I"]), ()).tolist() == [-100]


@pytest.mark.parametrize(
    ("gold", "labelled"), [(["a", "b"], True), (["a", None], False), ([None, None], False), ([], True)]
)
def test_a_split_is_labelled_if_all_of_its_rows_are(gold, labelled):
    assert batching.has_gold(pa.table({"label": pa.array(gold, pa.string())}), "label") is labelled


def test_a_head_knows_its_labels_by_number_and_by_name():
    assert batching.label_head(("no", "yes")) == {
        "num_labels": 2,
        "id2label": {0: "no", 1: "yes"},
        "label2id": {"no": 0, "yes": 1},
    }


LONG = list(range(20, 29))
"""Nine tokens, so that a batch has a width of 16."""
TYPED = [{"input_ids": [0, 5, 1], "token_type_ids": [0, 1, 1]}, {"input_ids": LONG, "token_type_ids": [1] * 9}]
PADDED = {
    "input_ids": [[0, 5, 1] + [7] * 13, LONG + [7] * 7],
    "token_type_ids": [[0, 1, 1] + [0] * 13, [1] * 9 + [0] * 7],
    "attention_mask": [[1] * 3 + [0] * 13, [1] * 9 + [0] * 7],
}
GOLD = {
    "classification": ([{"labels": 2}, {"labels": 0}], {"labels": [2, 0]}),
    "retrieval": ([{}, {}], {}),
    "span": (
        [{"start_positions": 1, "end_positions": 2}, {"start_positions": 0, "end_positions": 4}],
        {"start_positions": [1, 0], "end_positions": [2, 4]},
    ),
    "tagging": (
        [{"labels": [-100, 3, -100]}, {"labels": [1] * 9}],
        {"labels": [[-100, 3] + [-100] * 14, [1] * 9 + [-100] * 7]},
    ),
}
"""Gold of two rows, and of their batch."""


@pytest.mark.parametrize("kind", GOLD)
@pytest.mark.parametrize("typed", [True, False])
@pytest.mark.parametrize("labelled", [True, False])
def test_a_batch_is_padded_on_the_right_and_has_only_what_a_model_takes(kind, typed, labelled):
    rows, expected = GOLD[kind]
    other = {"example": 0, "words": [1], "starts": [], "ends": [], "context": 4, "first": 3}
    given = [{**tokens, **other, **(gold if labelled else {})} for tokens, gold in zip(TYPED, rows, strict=True)]
    whole = PADDED | (expected if labelled else {})
    if not typed:
        given = [{name: value for name, value in row.items() if name != "token_type_ids"} for row in given]
        whole.pop("token_type_ids")
    batch = load(kind).collate(given, pad_token_id=7)
    assert {name: array.tolist() for name, array in batch.items()} == whole
    assert {array.dtype for array in batch.values()} == {np.dtype(np.int64)}


@pytest.mark.parametrize("name", ["tiny_tokenizer", "typed_tokenizer"])
def test_the_template_builds_what_the_tokenizer_builds(name, request):
    tokenizer = request.getfixturevalue(name)
    texts = ["Grey wool", "The old mill and the museum"]
    ids = [np.array(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts]
    for count in (1, 2):
        template = Template(tokenizer, count)
        expected = tokenizer(*texts[:count], return_token_type_ids=True)
        columns = template.columns([ids[:count], ids[:count]])
        assert {name: column.to_pylist() for name, column in columns.items()} == {
            name: [expected[name]] * 2 for name in tokenizer.model_input_names if name != "attention_mask"
        }
        assert template.size == len(expected["input_ids"]) - sum(map(len, ids[:count]))
        assert template.start(*ids[: count - 1]) == expected.sequence_ids().index(count - 1)


def test_a_tokenizer_that_hides_its_special_tokens_is_refused():
    class Slow:
        is_fast = False

    with pytest.raises(UserError, match="Slow is not a fast tokenizer"):
        Template(Slow(), 1)
