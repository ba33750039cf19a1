"""Linear classifiers on the vectors of a frozen encoder."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
import tiny
import torch
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from xstilts import metrics
from xstilts.features.batching import IGNORED
from xstilts.models.encoders import load_encoder
from xstilts.models.finite import NotFiniteError
from xstilts.probes import examples, measure
from xstilts.probes.logistic import fit
from xstilts.probes.probe import Probe
from xstilts.probes.vectors import Block, blocks
from xstilts.training.data import of_examples

pytestmark = pytest.mark.thorough

KINDS = ("classification", "multiple_choice", "tagging", "span")


def clouds(count: int, *, apart: float, classes: int = 3, width: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Points around a centre for each label, on axes of very different scale."""
    random = np.random.default_rng(3)
    labels = np.arange(count) % classes
    centres = random.normal(size=(classes, width)) * apart
    return (centres[labels] + random.normal(size=(count, width))) * [1, 10, 0.1, 1000, 3] + 7, labels


def as_blocks(vectors: np.ndarray, labels: np.ndarray, size: int) -> list[Block]:
    starts = range(0, len(labels), size)
    parts = [(vectors[start : start + size], labels[start : start + size]) for start in starts]
    return [Block(torch.from_numpy(one), torch.from_numpy(gold)) for one, gold in parts]


def test_it_is_the_logistic_regression_of_scikit_learn_on_standardised_vectors():
    vectors, labels = clouds(90, apart=0.7)
    found = fit(as_blocks(vectors, labels, 13), 3)
    scaler = StandardScaler().fit(vectors)
    expected = LogisticRegression(C=1, tol=1e-10, max_iter=10_000).fit(scaler.transform(vectors), labels)
    ours = torch.from_numpy(vectors) @ found.weight.double().T + found.bias.double()
    theirs = expected.decision_function(scaler.transform(vectors))
    # Of three biases, two are free.
    centred = [one - one.mean(axis=1, keepdims=True) for one in (ours.numpy(), theirs)]
    assert np.abs(centred[0] - centred[1]).max() < 2e-3
    assert np.abs(theirs).max() > 1
    assert found.converged


def test_what_is_correct_among_places_is_the_conditional_logit():
    """By scipy: three to six places in a row, two outputs, each with a correct place."""
    random = np.random.default_rng(4)
    rows = [random.normal(size=(random.integers(3, 7), 4)) for _ in range(40)]
    truth = random.normal(size=(2, 4))
    gold = np.array([[(row @ one + random.gumbel(size=len(row))).argmax() for one in truth] for row in rows])
    flat = np.concatenate(rows)
    mean, deviation = flat.mean(axis=0), flat.std(axis=0)

    def loss(weights: np.ndarray) -> float:
        total = (weights**2).sum() / 2
        for row, places in zip(rows, gold, strict=True):
            logits = (row - mean) / deviation @ weights.reshape(2, 4).T
            total -= sum(logits[place, one] - np.logaddexp.reduce(logits[:, one]) for one, place in enumerate(places))
        return total

    expected = minimize(loss, np.zeros(8), tol=1e-10).x.reshape(2, 4) / deviation
    found = fit([padded(rows[:11], gold[:11]), padded(rows[11:], gold[11:])], 2)
    assert np.abs(found.weight.numpy() - expected).max() < 1e-3
    assert np.abs(expected).max() > 0.5


def padded(rows: list[np.ndarray], gold: np.ndarray) -> Block:
    """Rows with 99 in the places that do not exist."""
    length = max(map(len, rows))
    filled = [np.pad(row, ((0, length - len(row)), (0, 0)), constant_values=99) for row in rows]
    inside = np.arange(length) < np.array(list(map(len, rows)))[:, None]
    return Block(*map(torch.from_numpy, (np.stack(filled), gold, inside)))


def test_labels_and_places_without_gold_count_for_nothing():
    random = np.random.default_rng(5)
    rows = [random.normal(size=(3, 4)) for _ in range(9)]
    gold = random.integers(3, size=(9, 1))
    unknown = np.concatenate([gold, [[IGNORED]]])
    same = np.mean(np.concatenate(rows), axis=0)[None].repeat(3, axis=0)
    known, more = fit([padded(rows, gold)], 1), fit([padded([*rows, same], unknown)], 1)
    assert (known.weight[0] * more.weight[0] > 0).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_labels_that_can_be_separated_are_all_right(dtype: torch.dtype):
    vectors, labels = clouds(60, apart=20)
    found = fit([Block(torch.from_numpy(vectors / 100).to(dtype), torch.from_numpy(labels))], 3)
    logits = torch.from_numpy(vectors / 100).float() @ found.weight.T + found.bias
    assert (logits.argmax(dim=1).numpy() == labels).all()


def test_a_component_that_never_varies_is_harmless():
    vectors, labels = clouds(60, apart=20)
    vectors[:, 2] = 4
    found = fit(as_blocks(vectors, labels, 60), 3)
    assert found.weight.isfinite().all()
    assert (found.weight[:, 2].abs() < 1e-6).all()


def test_fitting_twice_gives_the_same_bits():
    vectors, labels = clouds(90, apart=0.7)
    one, other = (fit(as_blocks(vectors.astype(np.float32), labels, 30), 3) for _ in range(2))
    assert torch.equal(one.weight, other.weight)
    assert torch.equal(one.bias, other.bias)


# Vectors of an encoder


@pytest.fixture(scope="module", params=["bert", "deberta-v2", "modernbert"])
def encoder(request, tmp_path_factory, tiny_tokenizer):
    folder = tmp_path_factory.mktemp(request.param)
    special = {"eos_token_id": tiny_tokenizer.sep_token_id}
    made = tiny.encoder(folder, tiny_tokenizer, request.param, **tiny.FAMILIES[request.param], **special)
    return load_encoder(made)


def vectors_of(encoder, kind: str, tokenizer, precision: str = "fp32") -> list[Block]:
    data = tiny.data(kind, tokenizer)
    return list(blocks(encoder, data.kind, data.train, pad_token_id=tokenizer.pad_token_id, precision=precision))


def hidden(encoder, ids: list[int]) -> torch.Tensor:
    """The last layer for one sequence without padding, `(length, width)`."""
    with torch.inference_mode():
        return encoder(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids))).last_hidden_state[0]


def expected(encoder, kind: str, tokenizer) -> list[torch.Tensor]:
    """The vectors of each row, one row at a time."""
    found = []
    for row in tiny.data(kind, tokenizer).train.to_pylist():
        ids = row["input_ids"]
        if kind == "multiple_choice":
            ends = np.cumsum([0, *row["choices"]])
            parts = [ids[start:end] for start, end in pairwise(ends)]
            found.append(torch.stack([hidden(encoder, part)[0] for part in parts]))
        elif kind == "classification":
            found.append(hidden(encoder, ids)[0])
        else:
            places = [place for place, label in enumerate(row["labels"]) if label != -100] if kind == "tagging" else ...
            found.append(hidden(encoder, ids)[places])
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_vectors_are_those_that_a_head_reads(encoder, tiny_tokenizer, kind):
    parts = vectors_of(encoder, kind, tiny_tokenizer)
    found = torch.cat(
        [one.vectors.flatten(end_dim=-2) if one.inside is None else one.vectors[one.inside] for one in parts]
    )
    wanted = torch.cat([row.reshape(-1, row.shape[-1]) for row in expected(encoder, kind, tiny_tokenizer)])
    # Batches are sorted by length.
    apart = torch.cdist(found, wanted)
    assert len(found) == len(wanted)
    assert apart.min(dim=0).values.max() < 1e-2
    assert apart.min(dim=1).values.max() < 1e-2
    assert torch.cdist(wanted, wanted).max() > 1


def test_an_architecture_whose_heads_read_the_mean_is_probed_with_the_mean(tmp_path, tiny_tokenizer):
    special = {"eos_token_id": tiny_tokenizer.sep_token_id, "classifier_pooling": "mean"}
    changes = {**tiny.FAMILIES["modernbert"], **special}
    encoder = load_encoder(tiny.encoder(tmp_path, tiny_tokenizer, "modernbert", **changes))
    rows = tiny.data("classification", tiny_tokenizer).train.to_pylist()
    wanted = torch.stack([hidden(encoder, row["input_ids"]).mean(dim=0) for row in rows])
    found = torch.cat([block.vectors for block in vectors_of(encoder, "classification", tiny_tokenizer)])
    order = [one[:, 0].argsort() for one in (found, wanted)]
    assert torch.allclose(found[order[0]], wanted[order[1]], atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_probe_predicts_what_its_weights_say(encoder, tiny_tokenizer, kind):
    data = tiny.data(kind, tiny_tokenizer)
    outputs = data.kind.head(data.task)["num_labels"]
    fitted = fit(vectors_of(encoder, kind, tiny_tokenizer), outputs)
    rows = data.train.slice(0, 3).to_pylist()
    inputs = data.kind.collate(rows, tiny_tokenizer.pad_token_id)
    inputs = {name: torch.from_numpy(one) for name, one in inputs.items() if name not in data.kind.GOLD}
    with torch.inference_mode():
        found = Probe(encoder, data.kind, fitted)(**inputs)
    assert tuple(found) == data.kind.OUTPUTS
    for place, row in enumerate(rows):
        if kind == "multiple_choice":
            ends = np.cumsum([0, *row["choices"]])
            own = [hidden(encoder, row["input_ids"][s:e])[0] for s, e in pairwise(ends)]
            wanted = {"logits": torch.stack(own) @ fitted.weight[0] + fitted.bias[0]}
        else:
            own = hidden(encoder, row["input_ids"])
            logits = (own if data.kind.PER_TOKEN else own[0]) @ fitted.weight.T + fitted.bias
            wanted = dict(zip(data.kind.OUTPUTS, [logits] if kind != "span" else logits.unbind(-1), strict=True))
        for name, one in wanted.items():
            ours = found[name][place]
            ours = ours[: len(one)] if data.kind.PER_TOKEN else ours
            assert torch.allclose(ours, one, atol=1e-3), name


def first_subwords(features: pa.Table) -> list[list[tuple[int, int]]]:
    """The first sub-word of each word, and its tag, by sentence."""
    rows = features.select(["input_ids", "labels"]).to_pylist()
    pairs = [zip(row["input_ids"], row["labels"], strict=True) for row in rows]
    return [[(subword, tag) for subword, tag in row if tag != IGNORED] for row in pairs]


def test_a_probe_learns_what_the_vectors_say(tmp_path, tiny_tokenizer):
    """The encoder hardly mixes tokens, so the probe knows the usual tag of each word's first sub-word."""
    encoder = load_encoder(tiny.encoder(tmp_path, tiny_tokenizer, initializer_range=0.02))
    data, metric = tiny.data("tagging", tiny_tokenizer, rows=200), metrics.load("pos")
    found = measure.probe(encoder, data, "fp32")
    tags: dict[int, Counter] = {}
    for subword, tag in (pair for sentence in first_subwords(data.train) for pair in sentence):
        tags.setdefault(subword, Counter())[tag] += 1
    examples, features = data.dev["en"]
    usual = [
        [data.task.labels[tags[subword].most_common(1)[0][0]] for subword, _ in sentence]
        for sentence in first_subwords(features)
    ]
    expected = metric.main_score(metrics.score(metric, metric.per_example(examples, usual, "en")))
    assert found.score == pytest.approx(expected, abs=2)
    assert found.training["examples"] == 200
    assert found.examples == {"en": 6}


@pytest.mark.parametrize("kind", KINDS)
def test_a_probe_changes_neither_the_encoder_nor_its_own_score(encoder, tiny_tokenizer, kind):
    data = tiny.data(kind, tiny_tokenizer)
    before = {name: one.clone() for name, one in encoder.state_dict().items()}
    one, other = (measure.probe(encoder, data, "fp32") for _ in range(2))
    assert one == other
    assert all(torch.equal(before[name], weight) for name, weight in encoder.state_dict().items())


@pytest.mark.parametrize("kind", KINDS)
def test_in_bfloat16_the_vectors_are_kept_in_half_precision(encoder, tiny_tokenizer, kind):
    exact, half = (vectors_of(encoder, kind, tiny_tokenizer, precision) for precision in ("fp32", "bf16"))
    assert {block.vectors.dtype for block in half} == {torch.float16}
    means = [torch.cat([block.vectors.float().flatten() for block in one]).mean() for one in (exact, half)]
    assert means[0] == pytest.approx(means[1].item(), abs=0.02)
    assert measure.probe(encoder, tiny.data(kind, tiny_tokenizer), "bf16").score is not None


def test_vectors_that_are_not_finite_are_an_error(tmp_path, tiny_tokenizer):
    encoder = load_encoder(tiny.encoder(tmp_path, tiny_tokenizer))
    with torch.no_grad():
        encoder.encoder.layer[-1].output.LayerNorm.weight.fill_(float("inf"))
    with pytest.raises(NotFiniteError, match="nli: the encoder's output is not finite"):
        measure.probe(encoder, tiny.data("classification", tiny_tokenizer), "fp32")


# Examples


def test_examples_depend_on_ids_alone_and_languages_have_equal_parts():
    ids = {lang: np.array([f"{number}" for number in range(size)]) for lang, size in (("de", 50), ("en", 400))}
    found = examples.chosen(ids, 90)
    assert {lang: len(one) for lang, one in found.items()} == {"de": 45, "en": 45}
    assert set(examples.chosen(ids, 20)["en"]) < set(found["en"])
    assert {lang: len(one) for lang, one in examples.chosen(ids, 300).items()} == {"de": 50, "en": 250}
    assert {lang: len(one) for lang, one in examples.chosen(ids, 9999).items()} == {"de": 50, "en": 400}


def test_all_rows_of_a_chosen_example_are_taken():
    features = pa.table({"example": pa.array([0, 0, 1, 2, 2, 3], pa.int32()), "row": range(6)})
    assert of_examples(features, np.array([0, 2]))["row"].to_pylist() == [0, 1, 3, 4]
