"""The miniature's tasks need what they claim to test: no part of an example gives its label away."""

import csv
import json

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from xstilts.config import Miniature
from xstilts.miniature.release import choices, inference, paraphrase

SETTINGS = Miniature(train=1500, dev=30, test=30)
SLACK = 0.06


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def table(path) -> list[dict]:
    return list(csv.DictReader(path.open(), delimiter="\t", quoting=csv.QUOTE_NONE))


def accuracy(texts: list[str], labels: list[str], run: int = 2) -> float:
    """Of a classifier that sees bags of words and of runs of words, on examples that it has not seen."""
    features = CountVectorizer(ngram_range=(1, run), binary=True).fit_transform(texts)
    return cross_val_score(LogisticRegression(C=0.3, max_iter=500), features, labels, cv=3).mean()


@pytest.mark.parametrize(
    ("writer", "name"), [(inference.mnli, "multinli_1.0_train"), (inference.snli, "snli_1.0_train")]
)
def test_neither_hypothesis_nor_premise_tells_the_label(tmp_path, writer, name):
    writer(tmp_path, SETTINGS)
    rows = lines(tmp_path / f"{name}.jsonl")
    for part in ("sentence1", "sentence2"):
        assert accuracy([row[part] for row in rows], [row["gold_label"] for row in rows]) < 1 / 3 + SLACK


@pytest.mark.parametrize(
    ("writer", "name", "columns"),
    [
        (paraphrase.pawsx, "en/train.tsv", ("sentence1", "sentence2", "label")),
        (paraphrase.qqp, "train.tsv", ("question1", "question2", "is_duplicate")),
    ],
)
def test_the_words_of_a_pair_do_not_tell_whether_it_is_a_paraphrase(tmp_path, writer, name, columns):
    writer(tmp_path, SETTINGS)
    rows = [[row[column] for column in columns] for row in table(tmp_path / name)]
    labels = [label for *_, label in rows]
    assert accuracy([one for one, *_ in rows], labels) < 1 / 2 + SLACK
    assert accuracy([f"{one} {other}" for one, other, _ in rows], labels, run=1) < 1 / 2 + SLACK
    shared = {label: np.mean([overlap(one, other) for one, other, own in rows if own == label]) for label in "01"}
    assert shared["1"] > 0.6
    assert abs(shared["0"] - shared["1"]) < 0.03


def overlap(one: str, other: str) -> float:
    words = [set(text.lower().strip(".?").split()) for text in (one, other)]
    return len(words[0] & words[1]) / len(words[0] | words[1])


def hellaswag(folder) -> list[tuple[list[str], int]]:
    choices.hellaswag(folder, SETTINGS)
    return [(row["endings"], row["label"]) for row in lines(folder / "hellaswag_train.jsonl")]


def cosmosqa(folder) -> list[tuple[list[str], int]]:
    choices.cosmosqa(folder, SETTINGS)
    rows = csv.DictReader((folder / "train.csv").open())
    return [([row[f"answer{number}"] for number in range(4)], int(row["label"])) for row in rows]


def commonsenseqa(folder) -> list[tuple[list[str], int]]:
    choices.commonsenseqa(folder, SETTINGS)
    rows = lines(folder / "train_rand_split.jsonl")
    return [
        ([choice["text"] for choice in row["question"]["choices"]], "ABCDE".index(row["answerKey"])) for row in rows
    ]


@pytest.mark.parametrize("read", [hellaswag, cosmosqa, commonsenseqa])
def test_no_choice_tells_by_itself_that_it_is_the_right_one(tmp_path, read):
    rows = read(tmp_path)
    size, half = len(rows[0][0]), len(rows) // 2
    texts = [choice for offered, _ in rows for choice in offered]
    right = [number == label for offered, label in rows for number in range(len(offered))]
    features = CountVectorizer(ngram_range=(1, 2), binary=True).fit_transform(texts)
    model = LogisticRegression(C=0.3, max_iter=500).fit(features[: half * size], right[: half * size])
    chosen = model.decision_function(features[half * size :]).reshape(-1, size).argmax(axis=1)
    assert np.mean(chosen == [label for _, label in rows[half:]]) < 1 / size + SLACK
