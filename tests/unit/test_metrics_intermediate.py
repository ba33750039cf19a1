"""Metrics of the intermediate tasks that are not in XTREME."""

import random
import subprocess
import sys

import pytest
from gold_tables import labelled, score, tagged
from sklearn.metrics import accuracy_score, f1_score

from xstilts import metrics
from xstilts.errors import UserError


def test_question_pairs_are_scored_by_accuracy_and_the_f1_of_duplicates():
    scores = score("accuracy_f1", labelled(["1", "1", "0", "0", "0"]), ["1", "0", "1", "0", "0"])
    assert scores == {"accuracy": 60, "f1": pytest.approx(50)}
    assert metrics.load("accuracy_f1").main_score(scores) == pytest.approx(55)


def test_accuracy_and_f1_are_those_of_sklearn():
    chance = random.Random(0)
    gold, found = (chance.choices("01", weights=weights, k=997) for weights in ((2, 1), (3, 2)))
    assert score("accuracy_f1", labelled(gold), found) == {
        "accuracy": pytest.approx(100 * accuracy_score(gold, found)),
        "f1": pytest.approx(100 * f1_score(gold, found, pos_label="1")),
    }


@pytest.mark.parametrize(("gold", "found", "accuracy"), [("00", "00", 100), ("11", "00", 0), ("00", "11", 0)])
def test_without_a_duplicate_that_is_found_f1_is_0(gold, found, accuracy):
    assert score("accuracy_f1", labelled(list(gold)), list(found)) == {"accuracy": accuracy, "f1": 0}


def test_every_word_counts_once_whatever_the_length_of_its_sentence():
    gold = [["NP"], ["NP", r"S\NP", "N", "N"], ["N/N", "N", "NP"]]
    found = [["N"], ["NP", r"S\NP", "N", "NP"], ["N/N", "N", "NP"]]
    scores = score("word_accuracy", tagged(gold), found)
    assert scores == {"accuracy": 75}
    assert metrics.load("word_accuracy").main_score(scores) == 75


@pytest.mark.parametrize(
    ("name", "examples", "found", "message"),
    [
        ("accuracy_f1", labelled(["1", "0"]), ["1"], "1 predictions; expected one for each of the 2 examples"),
        ("accuracy_f1", labelled([]), [], "no examples"),
        ("word_accuracy", tagged([["N"]]), [["N"], ["N"]], "2 predictions; .* 1 sentences"),
        ("word_accuracy", tagged([["N"], ["N", "N"]]), [["N"], ["N"]], "Sentence 2: found 1 predicted tags"),
    ],
)
def test_predictions_that_are_not_one_for_each_example_are_refused(name, examples, found, message):
    with pytest.raises(UserError, match=message):
        score(name, examples, found)


def test_no_metric_imports_torch():
    names = ("accuracy_f1", "word_accuracy", "squad_v2")
    script = (
        f"import sys; from xstilts import metrics; [metrics.load(n) for n in {names}]; print('torch' in sys.modules)"
    )
    environment = {"PYTHONPATH": str(metrics.__path__[0]).removesuffix("/xstilts/metrics")}
    printed = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert printed.stdout == "False\n"
