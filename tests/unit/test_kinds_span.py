"""Windows over contexts, and answers out of them."""

import json
import re
import string
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from tokenizer_types import ALL

from xstilts.errors import UserError
from xstilts.kinds import load
from xstilts.sources.columns import SCHEMAS
from xstilts.tasks.base import Task

CONTEXT = (
    "The river runs past the old mill and under  seven bridges. Nobody in the village remembers who built the first "
    "bridge. The harbour master keeps forty-two lanterns in a wooden shed. Every evening he lights them, one after the "
    "other, until midnight."
)
ANSWERS = ("The river", "seven bridges", "forty-two lanterns", "one after the other", "midnight")
LENGTHS = SimpleNamespace(max_length=60, doc_stride=16, max_query_length=12)
CEILINGS = dict.fromkeys(["ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi"], 99.0) | {"zh": 98.0}
TASK = Task("toy", "span", "squad", ("en",), {})
UNANSWERABLE = replace(TASK, unanswerable=True)
kind = load("span")


def table(*rows: dict) -> pa.Table:
    defaults = {"question": "  Where is it kept?", "context": CONTEXT, "answers": None}
    rows = [{"id": f"q{number}"} | defaults | row for number, row in enumerate(rows)]
    return pa.Table.from_pylist(rows, SCHEMAS["span"])


def answer(text: str) -> dict:
    return {"answers": [{"start": CONTEXT.index(text), "text": text}]}


def encode(examples: pa.Table, tokenizer, **changes: int) -> pa.Table:
    return kind.encode(examples, tokenizer, TASK, SimpleNamespace(**vars(LENGTHS) | changes))


def decode(
    outputs: list[tuple[np.ndarray, np.ndarray]], features: pa.Table, examples: pa.Table, task: Task = TASK
) -> dict[str, str]:
    return kind.decode(outputs, features, examples, task, LENGTHS)


def flat(features: pa.Table) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(np.zeros(len(ids), np.float32), np.zeros(len(ids), np.float32)) for ids in features["input_ids"]]


def sharp(features: pa.Table) -> list[tuple[np.ndarray, np.ndarray]]:
    """Logits with all weight on the gold positions."""
    outputs = flat(features)
    positions = features.select(["start_positions", "end_positions"]).to_pylist()
    for (starts, ends), gold in zip(outputs, positions, strict=True):
        starts[gold["start_positions"]] = ends[gold["end_positions"]] = 10
    return outputs


def truncated(examples: pa.Table, tokenizer, lengths: SimpleNamespace) -> list[list[int]]:
    """The windows that the tokenizer itself makes."""
    windows = []
    for row in examples.to_pylist():
        question = tokenizer(row["question"], add_special_tokens=False)["input_ids"]
        room = lengths.max_length - len(question) - tokenizer.num_special_tokens_to_add(pair=True)
        windows += tokenizer(
            row["question"],
            row["context"],
            truncation="only_second",
            max_length=lengths.max_length,
            stride=room - lengths.doc_stride,
            return_overflowing_tokens=True,
        )["input_ids"]
    return windows


@pytest.mark.parametrize("name", ALL)
def test_windows_are_those_of_the_tokenizer(name):
    tokenizer = ALL[name]()
    examples = table({"question": "Who?"}, {"question": "Where is it?"})
    windows = encode(examples, tokenizer)["input_ids"].to_pylist()
    assert windows == truncated(examples, tokenizer, LENGTHS)


@pytest.mark.parametrize("name", ALL)
def test_an_answer_is_found_again_whatever_the_tokenizer_makes_of_blanks(name):
    texts = ["The river", "under  seven", "harbour master keeps", "wooden", "until"]
    examples = table(*map(answer, texts))
    features = encode(examples, ALL[name]())
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


def test_questions_are_stripped_on_the_left_and_cut(tiny_tokenizer):
    question = "village bridge " * 20
    (ids,) = encode(table({"question": "  " + question, "context": "Wool."}), tiny_tokenizer)["input_ids"].to_pylist()
    assert ids[1:13] == tiny_tokenizer(question, add_special_tokens=False)["input_ids"][:12]
    assert ids[13:15] == [tiny_tokenizer.sep_token_id] * 2


def test_a_length_without_room_for_the_context_is_refused(tiny_tokenizer):
    with pytest.raises(UserError, match=r"max_length 16 .* question 'q0'.* 12 .*max_query_length"):
        encode(table({"question": "village bridge " * 20}), tiny_tokenizer, max_length=16)


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


def test_a_sub_word_belongs_to_the_window_where_it_has_most_context():
    first, second = kind.owned_tokens(np.array([0, 4]), np.array([8, 8]))
    assert first.tolist() == [True] * 6 + [False] * 2
    assert second.tolist() == [False] * 2 + [True] * 6


def test_the_longer_window_wins_a_sub_word_with_equal_neighbours():
    first, second = kind.owned_tokens(np.array([0, 4]), np.array([7, 8]))
    assert first.tolist() == [True] * 5 + [False] * 2
    assert second.tolist() == [False] + [True] * 7


def test_starts_count_only_in_their_own_window(tiny_tokenizer):
    examples = table({})
    features = encode(examples, tiny_tokenizer)
    outputs = flat(features)
    row = features.to_pylist()[0]
    last = row["context"] + len(row["starts"]) - 1
    outputs[0][0][last] = outputs[0][1][last] = 100
    expected = decode(flat(features), features, examples)
    assert decode(outputs, features, examples) == expected


def test_answers_have_at_most_thirty_sub_words(tiny_tokenizer):
    examples = table({})
    features = encode(examples, tiny_tokenizer, max_length=500)
    context = features["context"][0].as_py()
    spans = features.to_pylist()[0]
    for length, allowed in ((30, True), (31, False)):
        ((starts, ends),) = flat(features)
        starts[context + 3] = ends[context + 3 + length - 1] = 10
        text = CONTEXT[spans["starts"][3] : spans["ends"][3 + length - 1]].strip()
        assert (decode([(starts, ends)], features, examples)["q0"] == text) is allowed


def test_answers_come_from_the_context_and_nothing_around_it(tiny_tokenizer):
    examples = table({"context": "Wool."})
    features = encode(examples, tiny_tokenizer)
    ((starts, ends),) = flat(features)
    context, characters = features["context"][0].as_py(), features["ends"][0].as_py()
    starts[1] = ends[2] = ends[-1] = 100
    starts[context] = ends[context] = 1
    assert decode([(starts, ends)], features, examples)["q0"] == "Wool."[: characters[0]]


def test_the_best_window_of_a_question_wins(tiny_tokenizer):
    examples = table(answer("The river"), answer("midnight"))
    features = encode(examples, tiny_tokenizer)
    predictions = decode(sharp(features), features, examples)
    assert list(predictions) == ["q0", "q1"]
    assert "river" in predictions["q0"]
    assert "midnight" in predictions["q1"]


def test_a_question_without_any_span_has_an_empty_answer(tiny_tokenizer):
    examples = table({"context": ""})
    features = encode(examples, tiny_tokenizer)
    assert decode(flat(features), features, examples) == {"q0": ""}


@pytest.mark.parametrize(("null", "answered"), [(9.0, True), (10.0, True), (11.0, False)])
def test_an_answer_is_withheld_only_if_there_being_none_scores_higher(tiny_tokenizer, null, answered):
    examples = table({"context": "Wool."})
    features = encode(examples, tiny_tokenizer)
    ((starts, ends),) = flat(features)
    first = features["context"][0].as_py()
    starts[first], ends[first] = 4, 6
    starts[0], ends[0] = null, 0
    found = decode([(starts, ends)], features, examples, UNANSWERABLE)["q0"]
    assert found == ("Wool."[: features["ends"][0].as_py()[0]] if answered else "")
    assert decode([(starts, ends)], features, examples)["q0"]


def test_a_question_has_no_answer_only_if_every_window_says_so(tiny_tokenizer):
    examples = table({})
    features = encode(examples, tiny_tokenizer)
    outputs = flat(features)
    assert len(outputs) > 2
    for starts, ends in outputs:
        starts[0] = ends[0] = 10
    assert decode(outputs, features, examples, UNANSWERABLE) == {"q0": ""}
    outputs[1][0][0] = outputs[1][1][0] = -10
    assert decode(outputs, features, examples, UNANSWERABLE)["q0"]


def test_questions_are_withheld_one_by_one(tiny_tokenizer):
    examples = table(answer("The river"), {"answers": []}, answer("midnight"))
    features = encode(examples, tiny_tokenizer)
    outputs = sharp(features)
    # Windows that do not hold the answer point to the first position as those of an unanswerable question do.
    predictions = decode(outputs, features, examples, UNANSWERABLE)
    assert [bool(text) for text in predictions.values()] == [True, False, True]


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
    assert windows == truncated(examples, sample_tokenizer, lengths)
