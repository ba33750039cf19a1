"""Scores are functions of sums over units, so that the scores of any sample are known."""

import random

import numpy as np
import pyarrow as pa
import pytest
from gold_tables import asked, labelled, parallel, table, tagged

from xstilts import metrics

UNITS = 60
TAGS = {
    "chunks": ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"],
    "pos": ["NOUN", "VERB", "SYM"],
    "word_accuracy": ["N", "NP"],
}
WORDS = ["rome", "the", "old", "river", "blue"]


def invented(name: str, seed: int) -> tuple[pa.Table, object]:
    """Gold and predictions of a metric, some of them right."""
    chance = random.Random(seed)
    ids = [f"u{number}" for number in range(UNITS)]
    if name in TAGS:
        gold = [chance.choices(TAGS[name], k=chance.randint(1, 9)) for _ in ids]
        found = [[tag if chance.random() < 0.7 else chance.choice(TAGS[name]) for tag in tags] for tags in gold]
        return table("tagging", id=ids, tags=gold), found
    if name in ("accuracy", "accuracy_f1"):
        gold = chance.choices("01", k=UNITS)
        return table("classification", id=ids, label=gold), chance.choices("01", k=UNITS)
    if name == "tatoeba":
        return parallel({unit: [str(chance.randrange(3))] for unit in ids}), chance.choices("012", k=UNITS)
    if name == "bucc":
        gold = {unit: [f"f{chance.randrange(9)}"] * chance.randint(0, 1) for unit in ids}
        return parallel(gold), [(f"f{chance.randrange(9)}", unit) for unit in chance.choices(ids, k=40)]
    texts = {unit: [" ".join(chance.choices(WORDS, k=2))] for unit in ids}
    if name == "squad_v2":
        texts |= {unit: [] for unit in ids[::3]}
    return asked(texts), {unit: " ".join(chance.choices(WORDS, k=2)) for unit in ids[5:]}


NAMES = [*TAGS, "accuracy", "accuracy_f1", "tatoeba", "bucc", "squad", "squad_v2", "mlqa"]


def sums(units: pa.Table, weights: np.ndarray) -> dict[str, np.ndarray]:
    return {name: weights @ units[name].to_numpy() for name in units.column_names if name != metrics.UNIT}


@pytest.mark.parametrize("name", NAMES)
def test_there_is_one_unit_for_each_example_in_their_order(name):
    examples, predictions = invented(name, 0)
    units = metrics.load(name).per_example(examples, predictions, "en")
    assert units[metrics.UNIT].to_pylist() == [f"u{number}" for number in range(UNITS)]
    assert set(units.drop_columns(metrics.UNIT).schema.types) == {pa.float64()}


@pytest.mark.parametrize("name", NAMES)
def test_the_scores_of_many_samples_are_those_of_each(name):
    metric, (examples, predictions) = metrics.load(name), invented(name, 1)
    units = metric.per_example(examples, predictions, "en")
    samples = np.random.default_rng(2).integers(0, 4, (5, UNITS))
    together = metric.aggregate(sums(units, samples))
    for row, weights in enumerate(samples):
        repeated = units.take(np.repeat(np.arange(UNITS), weights))
        assert {key: values[row] for key, values in together.items()} == pytest.approx(metrics.score(metric, repeated))
    assert metric.main_score(together).shape == (5,)


@pytest.mark.parametrize("name", NAMES)
def test_the_score_of_some_examples_alone_is_that_of_their_units(name):
    metric, (examples, predictions) = metrics.load(name), invented(name, 3)
    units = metric.per_example(examples, predictions, "en")
    some = range(10, 40)
    keep = [f"u{number}" for number in some]
    rows = [row for row, unit in enumerate(examples["id"].to_pylist()) if unit in keep]
    if isinstance(predictions, dict):
        predictions = {unit: answer for unit, answer in predictions.items() if unit in keep}
    elif name == "bucc":
        predictions = [pair for pair in predictions if pair[1] in keep]
    else:
        predictions = [predictions[number] for number in some]
    alone = metrics.score(metric, metric.per_example(examples.take(rows), predictions, "en"))
    assert metrics.score(metric, units.take(list(some))) == pytest.approx(alone)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_without_anything_scores_0_and_is_no_error(name):
    metric, (examples, predictions) = metrics.load(name), invented(name, 4)
    nothing = np.zeros((2, UNITS))
    scores = metric.aggregate(sums(metric.per_example(examples, predictions, "en"), nothing))
    assert metric.main_score(scores).tolist() == [0, 0]


def test_a_mined_sentence_that_is_not_in_the_corpus_is_a_unit_of_its_own():
    units = metrics.load("bucc").per_example(parallel({"en-1": ["de-1"]}), [("de-1", "en-1"), ("de-2", "en-9")], "de")
    assert units.to_pydict() == {"unit": ["en-1", "en-9"], "right": [1, 0], "found": [1, 1], "expected": [1, 0]}


def test_examples_without_an_id_are_units_too():
    units = metrics.load("accuracy").per_example(labelled(["1"]), ["1"], "en")
    assert units.to_pydict() == {"unit": [None], "right": [1], "all": [1]}
    assert units.schema.field("unit").type == pa.string()
    assert len(metrics.load("chunks").per_example(tagged([["O"]]), [["O"]], "en")) == 1
