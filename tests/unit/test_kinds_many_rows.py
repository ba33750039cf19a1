"""Rows in several tokenizer calls are encoded as the tokenizer encodes each row alone."""

from itertools import pairwise
from types import SimpleNamespace

import pytest
import tiny
from tokenizer_types import made

from xstilts.features.batching import bounds
from xstilts.kinds import load

ROWS = 2100
"""More than two calls take, and no multiple of one."""

LENGTHS = SimpleNamespace(max_length=96, doc_stride=48, max_query_length=40)


def word(number: int) -> str:
    """A word of its own for each number; digits would all be the unknown token."""
    return "".join(tiny.WORDS[number // power % len(tiny.WORDS)] for power in (1, 14, 14 * 14))


FIRST = [f"{word(number)} and ships" for number in range(ROWS)]
SECOND = [f"the harbour master keeps {word(ROWS - number)}" for number in range(ROWS)]


@pytest.fixture(params=["tiny_tokenizer", "typed_tokenizer"])
def tokenizer(request):
    return request.getfixturevalue(request.param)


def encode(kind: str, rows: list[dict], tokenizer) -> list[dict]:
    table = tiny.table(kind, [{"id": str(number), **row} for number, row in enumerate(rows)])
    return load(kind).encode(table, tokenizer, tiny.TASKS.get(kind), LENGTHS).to_pylist()


def check(tokenizer, found: list[dict], *texts: list[str]) -> None:
    """Ids, and types where there are any, are those of the same row of each list of texts."""
    assert len(found) == len(texts[0])
    for row, own in zip(found, zip(*texts, strict=True), strict=True):
        expected = tokenizer(*own)
        assert row["input_ids"] == expected["input_ids"]
        assert row.get("token_type_ids") == expected.get("token_type_ids")
    assert len({tuple(row["input_ids"]) for row in found}) == len(found), "rows that are alike would prove nothing"


def test_pairs_of_texts(tokenizer):
    rows = [{"text_a": one, "text_b": other, "label": "no"} for one, other in zip(FIRST, SECOND, strict=True)]
    found = encode("classification", rows, tokenizer)
    check(tokenizer, found, FIRST, SECOND)
    assert [row["example"] for row in found] == list(range(ROWS))


def test_single_texts(tokenizer):
    check(tokenizer, encode("classification", [{"text_a": text} for text in FIRST], tokenizer), FIRST)


def test_sentences_of_retrieval(tokenizer):
    found = encode("retrieval", [{"text": text, "side": "english"} for text in FIRST], tokenizer)
    check(tokenizer, found, FIRST)
    assert [row["example"] for row in found] == list(range(ROWS))


def test_prompts_with_their_choices(tokenizer):
    rows = [
        {"prompt": one, "choices": [f"{other}.", "wool", f"late {other}"]}
        for one, other in zip(FIRST, SECOND, strict=True)
    ]
    found = encode("multiple_choice", rows, tokenizer)
    for row, features in zip(rows, found, strict=True):
        expected = [tokenizer(row["prompt"], choice) for choice in row["choices"]]
        for name in set(features) & {"input_ids", "token_type_ids"}:
            ends = pairwise(bounds(features["choices"]).tolist())
            assert [features[name][start:end] for start, end in ends] == [one[name] for one in expected]


def test_questions_with_their_contexts(tokenizer):
    rows = [{"question": one, "context": other} for one, other in zip(FIRST, SECOND, strict=True)]
    found = encode("span", rows, tokenizer)
    check(tokenizer, found, FIRST, SECOND)
    for row, context in zip(found, SECOND, strict=True):
        offsets = tokenizer(context, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        assert list(zip(row["starts"], row["ends"], strict=True)) == offsets


@pytest.mark.parametrize("name", ["XLMRobertaTokenizer", "byte-level BPE", "blanks behind sub-words"])
def test_words_of_sentences(name):
    """Each of the three ways in which words are looked up has more of them than one call takes."""
    tokenizer = made(name)
    check(tokenizer, encode("tagging", [{"words": text.split()} for text in FIRST], tokenizer), FIRST)
