"""Forward passes in batches of like length."""

import numpy as np
import pytest
import tiny
import torch

from xstilts import encoders, prediction
from xstilts.kinds import load

LENGTHS = np.random.default_rng(0).integers(1, 60, 80)


@pytest.fixture
def forward(tmp_path, tiny_tokenizer):
    """The features of a kind and a function from features to the outputs of one random model."""

    def prepare(kind: str):
        torch.manual_seed(0)
        checkpoint = tiny.encoder(tmp_path, tiny_tokenizer)
        model = encoders.with_fresh_head(checkpoint, load(kind), tiny.TASKS[kind])
        options = {"pad_token_id": tiny_tokenizer.pad_token_id, "precision": "fp32"}
        features = tiny.encode(kind, tiny.examples(kind, 20), tiny_tokenizer)
        return features, lambda rows: prediction.forward(model, load(kind), rows, **options)

    return prepare


@pytest.mark.parametrize("budget", [1, 60, 200, 10_000])
def test_every_row_is_in_one_batch(budget):
    rows = [row for batch in prediction.batches(LENGTHS, budget) for row in batch]
    assert sorted(rows) == list(range(len(LENGTHS)))


@pytest.mark.parametrize("budget", [1, 60, 200, 10_000])
def test_only_a_single_row_may_exceed_the_token_budget(budget):
    for batch in prediction.batches(LENGTHS, budget):
        assert len(batch) == 1 or len(batch) * LENGTHS[batch].max() <= budget


def test_batches_are_as_full_as_the_budget_allows():
    batches = list(prediction.batches(LENGTHS, 200))
    assert all((len(batch) + 1) * LENGTHS[batch].max() > 200 for batch in batches[:-1])


def test_no_rows_make_no_batch():
    assert list(prediction.batches(np.empty(0, int), 200)) == []


@pytest.mark.parametrize("kind", tiny.TASKS)
def test_the_output_of_a_row_does_not_depend_on_its_batch(forward, kind, monkeypatch):
    features, outputs = forward(kind)
    monkeypatch.setattr(prediction, "TOKENS_PER_BATCH", 64)
    together = outputs(features)
    alone = [outputs(features.slice(row, 1))[0] for row in range(len(features))]
    for arrays, expected in zip(together, alone, strict=True):
        for array, other in zip(arrays, expected, strict=True):
            np.testing.assert_allclose(array, other, rtol=0, atol=1e-5)
    first, second = alone[:2]
    assert not np.allclose(first[0][0], second[0][0], atol=1e-2), "rows that are all alike would prove nothing"


@pytest.mark.parametrize("kind, shape", [("classification", lambda n: (3,)), ("tagging", lambda n: (n, 4))])
def test_outputs_have_no_padding(forward, kind, shape):
    features, outputs = forward(kind)
    lengths = [len(ids) for ids in features["input_ids"].to_pylist()]
    assert [logits.shape for (logits,) in outputs(features)] == [shape(length) for length in lengths]


def test_starts_and_ends_of_answers_have_no_padding(forward):
    features, outputs = forward("span")
    lengths = [len(ids) for ids in features["input_ids"].to_pylist()]
    assert [(len(starts), len(ends)) for starts, ends in outputs(features)] == [(n, n) for n in lengths]


def test_languages_in_one_stream_get_their_own_predictions(tmp_path, tiny_tokenizer):
    kind, task = load("tagging"), tiny.TASKS["tagging"]
    tables = {lang: tiny.examples("tagging", 5 + seed, seed=seed) for seed, lang in enumerate(("en", "de", "sw"))}
    parts = {lang: (table, tiny.encode("tagging", table, tiny_tokenizer)) for lang, table in tables.items()}
    model = encoders.with_fresh_head(tiny.encoder(tmp_path, tiny_tokenizer), kind, task)
    options = {"pad_token_id": tiny_tokenizer.pad_token_id, "precision": "fp32"}
    together = prediction.decoded(model, kind, task, parts, tiny.SETTINGS, **options)
    for lang, part in parts.items():
        assert together[lang] == prediction.decoded(model, kind, task, {lang: part}, tiny.SETTINGS, **options)[lang]
