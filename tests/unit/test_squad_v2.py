"""SQuAD 2.0: questions without answers are read and scored as in its own script."""

import collections
import json
import re
import string

import pytest
from gold_tables import asked, score
from released import question, read, squad

from xstilts import metrics, tasks
from xstilts.errors import DataError, UserError
from xstilts.sources import reading, release

DEV = "dev-v2.0.json"
POSSIBLE = question() | {"is_impossible": False}
IMPOSSIBLE = {
    "id": "q2",
    "question": "When?",
    "is_impossible": True,
    "answers": [],
    "plausible_answers": [{"text": "nonsense", "answer_start": 900}],
}


def test_a_question_without_answer_has_an_empty_list_and_its_plausible_answers_are_ignored(tmp_path):
    rows = read(tmp_path, "squad_v2", {DEV: squad(POSSIBLE, IMPOSSIBLE)}, "dev", "en")
    assert [row["answers"] for row in rows] == [[{"start": 10, "text": "a mill"}], []]


BAD = {
    "impossible with an answer": (
        squad(POSSIBLE, POSSIBLE | {"id": "q2", "is_impossible": True}),
        ["qas[1].answers", "'a mill'", "'q2'", "expected no answer", "is_impossible"],
    ),
    "possible without an answer": (
        squad(IMPOSSIBLE | {"is_impossible": False}),
        ["qas[0].answers", "an empty list for question 'q2'", "expected an answer"],
    ),
    "no word on whether it is possible": (squad(question()), ["qas[0]", "the key 'is_impossible'"]),
    "a number for true": (
        squad(POSSIBLE | {"is_impossible": 0}),
        ["qas[0].is_impossible", "found 0", "true or false"],
    ),
    "true for a number": (squad(POSSIBLE | question(start=True)), ["answer_start", "True", "a whole number"]),
    "answers missing": (
        squad({key: value for key, value in IMPOSSIBLE.items() if key != "answers"}),
        ["qas[0]", "the key 'answers'"],
    ),
    "answer one character off": (
        squad(POSSIBLE | question(start=11)),
        ["qas[0].answers[0]", "'a mill'", "character 11", "'q1'"],
    ),
    "question again": (squad(POSSIBLE, IMPOSSIBLE, IMPOSSIBLE), ["qas[2]", "'q2' again"]),
    "cut off": (squad(POSSIBLE, IMPOSSIBLE)[:-5], ["line 1 column", "its end", "truncated"]),
    "not UTF-8": (b'{"data": "\xe4"}', ["line 1", "byte 0xe4", "UTF-8"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_its_place(tmp_path, case):
    content, expected = BAD[case]
    with pytest.raises(DataError) as raised:
        read(tmp_path, "squad_v2", {DEV: content}, "dev", "en")
    for part in (DEV, *expected):
        assert part in str(raised.value)


def test_other_question_answering_tasks_have_no_such_questions(tmp_path):
    with pytest.raises(DataError, match="an empty list for question 'q2'; expected an answer"):
        read(tmp_path, "squad_v1", {"dev-v1.1.json": squad(POSSIBLE, IMPOSSIBLE)}, "dev", "en")


@pytest.mark.parametrize(
    ("folder", "split", "rows"),
    [("squad/v2.0", "dev", 1002), ("squad/derived", "train", 2439), ("squad/derived", "dev", 812)],
)
def test_the_samples_are_read_whole(samples, folder, split, rows):
    task = tasks.load("squad_v2")
    found = release.locate(task, split, "en", [samples / folder])
    answers = reading.read([found], task, "en")["answers"].to_pylist()
    articles = json.loads(found.paths[0].read_text(encoding="utf-8"))["data"]
    questions = [entry for article in articles for paragraph in article["paragraphs"] for entry in paragraph["qas"]]
    assert len(answers) == rows
    assert [not listed for listed in answers] == [entry["is_impossible"] for entry in questions]


# The official script, restated


def normal(text: str) -> str:
    kept = "".join(character for character in text.lower() if character not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())


def f1(gold: str, found: str) -> float:
    golds, founds = normal(gold).split(), normal(found).split()
    if not golds or not founds:
        return float(golds == founds)
    same = sum((collections.Counter(golds) & collections.Counter(founds)).values())
    precision, recall = same / len(founds), same / len(golds)
    return 2 * precision * recall / (precision + recall) if same else 0.0


def official(gold: dict[str, list[str]], predictions: dict[str, str]) -> dict[str, float]:
    exact, overlap = {}, {}
    for name, answers in gold.items():
        answers = [text for text in answers if normal(text)] or [""]
        exact[name] = max(float(normal(text) == normal(predictions[name])) for text in answers)
        overlap[name] = max(f1(text, predictions[name]) for text in answers)

    def mean(values: dict[str, float], names: list[str]) -> float:
        return 100 * sum(values[name] for name in names) / len(names)

    has, no = ([name for name in gold if bool(gold[name]) is kind] for kind in (True, False))
    return {
        "exact_match": mean(exact, list(gold)),
        "f1": mean(overlap, list(gold)),
        "answerable_exact_match": mean(exact, has),
        "answerable_f1": mean(overlap, has),
        "unanswerable_accuracy": mean(exact, no),
    }


GOLD = {"one": ["a mill", "The old mill"], "two": ["seven bridges"], "three": ["the"], "four": [], "five": []}
CASES = {
    "all right": {"one": "mill", "two": "Seven bridges.", "three": "", "four": "", "five": ""},
    "nothing answered": dict.fromkeys(GOLD, ""),
    "everything answered": dict.fromkeys(GOLD, "an old mill"),
    "half an answer": {"one": "old mill wheel", "two": "bridges", "three": "an", "four": "the", "five": "seven"},
    "only punctuation": dict.fromkeys(GOLD, " ?! "),
}


@pytest.mark.parametrize("case", CASES)
def test_scores_are_those_of_the_official_script(case):
    assert score("squad_v2", asked(GOLD), CASES[case]) == pytest.approx(official(GOLD, CASES[case]))


def test_scores_are_exact_numbers():
    found = score("squad_v2", asked(GOLD), CASES["half an answer"])
    assert found == {
        # F1 4/5 against "old mill", 2/3 against "seven bridges"; the gold answer "the" is as good as none.
        "f1": pytest.approx(100 * (4 / 5 + 2 / 3 + 1 + 1 + 0) / 5),
        "exact_match": 40,
        "answerable_f1": pytest.approx(100 * (4 / 5 + 2 / 3 + 1) / 3),
        "answerable_exact_match": pytest.approx(100 / 3),
        "unanswerable_accuracy": 50,
    }
    assert metrics.load("squad_v2").main_score(found) == pytest.approx((found["f1"] + 40) / 2)


@pytest.mark.parametrize(
    ("gold", "names"),
    [
        ({"q": ["Rome"]}, {"f1", "exact_match", "answerable_f1", "answerable_exact_match"}),
        ({"q": []}, {"f1", "exact_match", "unanswerable_accuracy"}),
    ],
)
def test_a_split_with_questions_of_one_kind_has_no_scores_of_the_other(gold, names):
    assert score("squad_v2", asked(gold), {"q": "Rome"}).keys() == names


def test_a_gold_answer_that_is_an_article_alone_does_not_count_beside_another():
    for nothing in ("", "a", "!"):
        scores = score("squad_v2", asked({"q": ["the", "river"]}), {"q": nothing})
        assert scores == {"f1": 0, "exact_match": 0, "answerable_f1": 0, "answerable_exact_match": 0}


def test_a_missing_prediction_counts_0_even_where_nothing_is_right():
    scores = score("squad_v2", asked({"q": [], "r": []}), {"q": ""})
    assert scores == {"f1": 50, "exact_match": 50, "unanswerable_accuracy": 50}


def test_a_prediction_that_is_no_text_is_refused():
    with pytest.raises(UserError, match="'q': found the prediction None"):
        score("squad_v2", asked({"q": []}), {"q": None})


def test_squad_1_1_still_gives_two_empty_answers_no_f1():
    assert score("squad", asked({"q": ["the"]}), {"q": "a"}) == {"f1": 0, "exact_match": 100}
    assert score("squad_v2", asked({"q": ["the"]}), {"q": "a"})["f1"] == 100
