"""Windows over contexts, and answers from them."""

import json
import re
import string
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from tokenizer_types import ALL, made
from transformers import BatchEncoding as Encoding

from xstilts.errors import UserError
from xstilts.kinds import load
from xstilts.sources.columns import SCHEMAS
from xstilts.task import Task

CONTEXT = (
    "The river runs past the old mill and under  seven bridges. Nobody in the village remembers who built the first "
    "bridge. The harbour master keeps forty-two lanterns in a wooden shed. Every evening he lights them, one after the "
    "other, until midnight."
)
ANSWERS = ("The river", "seven bridges", "forty-two lanterns", "one after the other", "midnight")
LENGTHS = SimpleNamespace(max_length=60, doc_stride=16, max_query_length=12)
CEILINGS = dict.fromkeys(["ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi"], 99.0) | {"zh": 98.0}
TASK = Task("toy", "span", "squad", ("en",), {})
kind = load("span")


def table(*rows: dict) -> pa.Table:
    defaults = {"question": "  Where is it kept?", "context": CONTEXT, "answers": None}
    rows = [{"id": f"q{number}"} | defaults | row for number, row in enumerate(rows)]
    return pa.Table.from_pylist(rows, SCHEMAS["span"])


def answer(text: str) -> dict:
    return {"answers": [{"start": CONTEXT.index(text), "text": text}]}


def encode(examples: pa.Table, tokenizer, **changes: int) -> pa.Table:
    return kind.encode(examples, tokenizer, TASK, SimpleNamespace(**vars(LENGTHS) | changes))


def decode(outputs: list[tuple[np.ndarray, np.ndarray]], features: pa.Table, examples: pa.Table) -> dict[str, str]:
    return kind.decode(outputs, features, examples, TASK, LENGTHS)


def sharp(features: pa.Table) -> list[tuple[np.ndarray, np.ndarray]]:
    """Logits with all weight on the gold positions."""
    outputs = [(np.zeros(len(ids), np.float32), np.zeros(len(ids), np.float32)) for ids in features["input_ids"]]
    positions = features.select(["start_positions", "end_positions"]).to_pylist()
    for (starts, ends), gold in zip(outputs, positions, strict=True):
        starts[gold["start_positions"]] = ends[gold["end_positions"]] = 10
    return outputs


def truncated(question: str, context: str, tokenizer, lengths: SimpleNamespace) -> Encoding:
    """The windows that the tokenizer itself makes, for a question that need not be cut."""
    ids = tokenizer(question, add_special_tokens=False)["input_ids"]
    room = lengths.max_length - len(ids) - tokenizer.num_special_tokens_to_add(pair=True)
    return tokenizer(
        question,
        context,
        truncation="only_second",
        max_length=lengths.max_length,
        stride=room - lengths.doc_stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )


def windows_of(examples: pa.Table, tokenizer, lengths: SimpleNamespace) -> list[list[int]]:
    rows = examples.to_pylist()
    return [ids for row in rows for ids in truncated(row["question"], row["context"], tokenizer, lengths)["input_ids"]]


@pytest.mark.parametrize("name", ALL)
def test_windows_are_those_of_the_tokenizer(name):
    examples = table({"question": "Who?"}, {"question": "Where is it?"})
    windows = encode(examples, made(name))["input_ids"].to_pylist()
    assert windows == windows_of(examples, made(name), LENGTHS)


def gold(encoded: Encoding, window: int, answer: dict) -> tuple[int, int]:
    """The positions of an answer by its characters, as Hugging Face's example script run_qa.py finds them."""
    spans, segments = encoded["offset_mapping"][window], encoded.sequence_ids(window)
    context = [n for n, segment in enumerate(segments) if segment == 1]
    start, end = answer["start"], answer["start"] + len(answer["text"])
    if not (spans[context[0]][0] <= start and end <= spans[context[-1]][1]):
        return 0, 0
    return max(n for n in context if spans[n][0] <= start), min(n for n in context if spans[n][1] >= end)


@pytest.mark.parametrize("name", ["tiny_tokenizer", "typed_tokenizer", "sample_tokenizer"])
def test_positions_are_those_of_the_example_script(name, request):
    tokenizer = request.getfixturevalue(name)
    # Without the first ones: its sub-words may begin with a blank, which shares the place of the first letter.
    words = list(re.finditer(r"\w+( \w+)?", CONTEXT))[1:]
    examples = table(*({"question": "Who?", "answers": [{"start": one.start(), "text": one.group()}]} for one in words))
    expected = []
    for example, row in enumerate(examples.to_pylist()):
        encoded = truncated("Who?", CONTEXT, tokenizer, LENGTHS)
        for window, ids in enumerate(encoded["input_ids"]):
            segments = encoded.sequence_ids(window)
            spans = [list(span) for n, span in enumerate(encoded["offset_mapping"][window]) if segments[n] == 1]
            positions = gold(encoded, window, row["answers"][0])
            expected.append((example, segments.index(1), spans, positions, ids))
    found = [
        (
            row["example"],
            row["context"],
            [list(span) for span in zip(row["starts"], row["ends"], strict=True)],
            (row["start_positions"], row["end_positions"]),
            row["input_ids"],
        )
        for row in encode(examples, tokenizer).to_pylist()
    ]
    assert found == expected
    assert 0 < [one[3] for one in expected].count((0, 0)) < len(expected)


def test_a_head_scores_starts_and_ends():
    assert kind.head(TASK) == {"num_labels": 2}


def test_columns_have_the_promised_types(typed_tokenizer):
    schema = encode(table(answer("midnight")), typed_tokenizer).schema
    lists = pa.list_(pa.int32())
    assert dict(zip(schema.names, schema.types, strict=True)) == {
        "input_ids": lists,
        "token_type_ids": pa.list_(pa.int8()),
        **dict.fromkeys(("example", "context", "first", "start_positions", "end_positions"), pa.int32()),
        **dict.fromkeys(("starts", "ends"), lists),
    }


@pytest.mark.parametrize("name", ALL)
def test_an_answer_is_found_again_whatever_the_tokenizer_makes_of_blanks(name):
    texts = ["The river", "under  seven", "harbour master keeps", "wooden", "until"]
    examples = table(*map(answer, texts))
    features = encode(examples, made(name))
    assert list(decode(sharp(features), features, examples).values()) == texts


@pytest.mark.parametrize(("max_length", "doc_stride"), [(20, 1), (40, 7), (60, 16), (60, 500), (500, 128)])
def test_windows_cover_every_sub_word_of_the_context(tiny_tokenizer, max_length, doc_stride):
    features = encode(table({}), tiny_tokenizer, max_length=max_length, doc_stride=doc_stride)
    whole = tiny_tokenizer(CONTEXT, add_special_tokens=False)["input_ids"]
    covered = set()
    for row in features.to_pylist():
        assert len(row["input_ids"]) <= max_length
        part = slice(row["first"], row["first"] + len(row["starts"]))
        assert row["input_ids"][row["context"] : -1] == whole[part]
        covered |= set(range(len(whole))[part])
    assert covered == set(range(len(whole)))


@pytest.mark.parametrize("extra", [0, 1])
def test_a_question_keeps_its_first_sub_words(tiny_tokenizer, extra):
    question = "village bridge " * 20
    whole = tiny_tokenizer(question, add_special_tokens=False)["input_ids"]
    lengths = {"max_query_length": len(whole) - extra, "max_length": 200}
    (ids,) = encode(table({"question": question, "context": "Wool."}), tiny_tokenizer, **lengths)["input_ids"]
    wool = tiny_tokenizer("Wool.", add_special_tokens=False)["input_ids"]
    assert ids.as_py() == [0, *whole[: len(whole) - extra], 1, 1, *wool, 1]


def test_a_question_is_stripped_on_the_left_alone():
    tokenizer = made("byte-level BPE")
    (ids,) = encode(table({"question": "  wool ", "context": " wool "}), tokenizer)["input_ids"]
    assert ids.as_py() == tokenizer("wool ", " wool ")["input_ids"]


def test_a_length_without_room_for_the_context_is_refused(tiny_tokenizer):
    # Four special tokens and twelve of the question.
    question = {"question": "village bridge " * 20}
    with pytest.raises(UserError) as refusal:
        encode(table({"question": "Who?"}, question), tiny_tokenizer, max_length=16)
    assert str(refusal.value) == (
        "max_length 16 leaves no room for the context of question 'q1': the question takes 12 sub-words "
        "(max_query_length is 12), special tokens take 4. Increase max_length or reduce max_query_length."
    )
    row = encode(table(question), tiny_tokenizer, max_length=17).to_pylist()[0]
    assert (len(row["input_ids"]), len(row["starts"])) == (17, 1)


@pytest.mark.parametrize("text", ANSWERS)
def test_sharp_logits_give_back_the_answer(tiny_tokenizer, text):
    examples = table(answer(text))
    features = encode(examples, tiny_tokenizer)
    assert text in decode(sharp(features), features, examples)["q0"]


def test_positions_are_of_the_sub_words_that_hold_the_ends_of_an_answer(tiny_tokenizer):
    words = [(match.start(), match.group()) for match in re.finditer(r"\w+", CONTEXT)]
    examples = table(*({"answers": [{"start": start, "text": text}]} for start, text in words))
    features = encode(examples, tiny_tokenizer, max_length=500).to_pylist()
    for (start, text), row in zip(words, features, strict=True):
        first, last = row["start_positions"] - row["context"], row["end_positions"] - row["context"]
        assert row["starts"][first] <= start < row["ends"][first]
        assert row["starts"][last] < start + len(text) <= row["ends"][last]


def test_positions_are_those_of_the_first_answer(tiny_tokenizer):
    both = answer("seven bridges")["answers"] + answer("midnight")["answers"]
    features = encode(table({"answers": both}), tiny_tokenizer, max_length=500)
    row = features.to_pylist()[0]
    first, last = row["start_positions"] - row["context"], row["end_positions"] - row["context"]
    assert CONTEXT[row["starts"][first] : row["ends"][last]].strip().startswith("seven bridges")


def test_windows_without_the_whole_answer_point_to_the_first_position(tiny_tokenizer):
    features = encode(table(answer("midnight"), {"answers": []}), tiny_tokenizer).to_pylist()
    golds = [(row["example"], row["start_positions"], row["end_positions"]) for row in features]
    assert golds[0] == (0, 0, 0)
    assert max(start for example, start, _ in golds if example == 0) > 0
    assert {gold for gold in golds if gold[0] == 1} == {(1, 0, 0)}


def test_unlabelled_questions_have_no_positions(tiny_tokenizer):
    assert not {"start_positions", "end_positions"} & set(encode(table({}), tiny_tokenizer).column_names)


def test_token_types_are_there_only_if_the_models_take_them(tiny_tokenizer, typed_tokenizer):
    row = encode(table({}), typed_tokenizer).to_pylist()[0]
    assert row["token_type_ids"] == [0] * row["context"] + [1] * (len(row["starts"]) + 1)
    assert "token_type_ids" not in encode(table({}), tiny_tokenizer).column_names


def test_the_best_window_of_a_question_wins(tiny_tokenizer):
    examples = table(answer("The river"), answer("midnight"))
    features = encode(examples, tiny_tokenizer)
    predictions = decode(sharp(features), features, examples)
    assert list(predictions) == ["q0", "q1"]
    assert "river" in predictions["q0"]
    assert "midnight" in predictions["q1"]


def squad(path) -> pa.Table:
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    return table(
        *(
            {
                "id": question["id"],
                "question": question["question"],
                "context": paragraph["context"],
                "answers": [{"start": each["answer_start"], "text": each["text"]} for each in question["answers"]],
            }
            for article in articles
            for paragraph in article["paragraphs"]
            for question in paragraph["qas"]
        )
    )


def normalised(text: str) -> str:
    kept = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())


@pytest.mark.parametrize("language", CEILINGS)
def test_gold_positions_give_back_the_answers_of_xquad(samples, sample_tokenizer, language):
    examples = squad(samples / "xquad" / f"xquad.{language}.json")
    features = encode(examples, sample_tokenizer, max_length=384, doc_stride=128, max_query_length=64)
    predictions = decode(sharp(features), features, examples)
    golds = {row["id"]: row["answers"][0]["text"] for row in examples.to_pylist()}
    exact = [normalised(predictions[name]) == normalised(text) for name, text in golds.items()]
    assert 100 * np.mean(exact) >= CEILINGS[language]


@pytest.mark.parametrize("language", ["de", "zh", "ar"])
def test_windows_over_xquad_are_those_of_the_tokenizer(samples, sample_tokenizer, language):
    examples = squad(samples / "xquad" / f"xquad.{language}.json").slice(0, 40)
    lengths = SimpleNamespace(max_length=128, doc_stride=32, max_query_length=100)
    windows = kind.encode(examples, sample_tokenizer, TASK, lengths)["input_ids"].to_pylist()
    assert windows == windows_of(examples, sample_tokenizer, lengths)
