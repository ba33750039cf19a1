"""Scores of samples: each is a possible one, with the expected frequency."""

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import product
from math import prod

import numpy as np
import pytest
from invented_counts import ACCURACY, F1, accuracy, counts, f1, models
from scipy import stats

from xstilts import metrics
from xstilts.reporting import resampling
from xstilts.reporting.per_example import Counts, LanguageCounts

SAMPLES = 20_000

# Three names; the second has no translation, and the third is answered in German alone. Two intermediates of two seeds.
UNITS = {
    "en": [(0, [[[1, 1], [0, 1]], [[1, 1], [1, 1]]]), (1, [[[0, 1], [0, 1]], [[1, 1], [0, 1]]])],
    "de": [(2, [[[1, 1], [1, 1]], [[0, 1], [0, 1]]]), (0, [[[0, 2], [1, 2]], [[2, 2], [1, 2]]])],
}
Scores = tuple[float, ...]
"""Of all languages, intermediates and seeds, in this order."""


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(5)


def scores_of(weigh: Callable[[int], float], pick: Callable[[int, list, int, int], list]) -> Scores:
    """The accuracies of a sample in which a name has a weight, and a model counts what is picked for it."""
    return tuple(
        round(accuracy(*(sum(weigh(p) * pick(p, values, *model)[c] for p, values in units) for c in (0, 1))), 6)
        for units in UNITS.values()
        for model in models(units)
    )


def own(_: int, values: list, intermediate: int, seed: int) -> list:
    return values[intermediate][seed]


def assert_drawn_as_often(found: np.ndarray, expected: Mapping[Scores, float]) -> None:
    """All samples, shape (samples, scores), are among the expected ones and have their probabilities."""
    seen = Counter(tuple(row) for row in found.round(6).tolist())
    assert not seen.keys() - expected.keys()
    for scores, probability in expected.items():
        assert seen[scores] / len(found) == pytest.approx(probability, abs=0.015), scores


def flat(scores: np.ndarray) -> np.ndarray:
    """Shape (samples, languages x intermediates x seeds)."""
    return np.moveaxis(scores, 1, 0).reshape(scores.shape[1], -1)


def test_an_observed_score_is_made_from_the_sums_over_all_units_of_its_language():
    # en: 1 + 1 of 1 + 4 found and 1 + 2 expected, F1 = 2 * 2 / 8; the mean of two F1s were (1 + 1/3) / 2.
    units = {"en": [(0, [[[1, 1, 1]]]), (1, [[[1, 4, 2]]])], "de": [(0, [[[0, 3, 1]]])]}
    found = resampling.observed(counts(units, F1, "none"), metrics.load("chunks"))
    assert found.tolist() == [[[[pytest.approx(50)]]], [[[0]]]]
    assert f1(2, 5, 3) == 50


def test_an_observed_score_stands_at_its_language_intermediate_and_seed():
    found = resampling.observed(counts(UNITS, ACCURACY, "none", "mnli"), metrics.load("accuracy"))
    assert found.shape == (2, 1, 2, 2)
    assert found.ravel().tolist() == pytest.approx(scores_of(lambda _: 1, own), abs=1e-5)
    assert found[1, 0].tolist() == [pytest.approx([100 / 3, 200 / 3]), pytest.approx([200 / 3, 100 / 3])]


def test_a_bootstrap_sample_has_every_name_as_often_as_a_poisson_draw_of_mean_1_in_all_models_and_languages(random):
    expected: Counter[Scores] = Counter()
    for weights in product(range(9), repeat=3):
        probability = prod(stats.poisson.pmf(weight, 1) for weight in weights)
        expected[scores_of(weights.__getitem__, own)] += probability
    made = counts(UNITS, ACCURACY, "none", "mnli")
    assert_drawn_as_often(flat(resampling.bootstrap(made, metrics.load("accuracy"), SAMPLES, random)), expected)


@pytest.mark.parametrize("baseline", [0, 1])
def test_an_exchange_swaps_a_random_half_of_the_names_in_all_seeds_and_languages_at_once(baseline: int, random):
    def given(swapped: tuple) -> Scores:
        theirs = scores_of(lambda _: 1, lambda p, v, i, s: v[baseline][s] if swapped[p] else v[i][s])
        ours = scores_of(lambda _: 1, lambda p, v, i, s: v[i][s] if swapped[p] else v[baseline][s])
        return theirs + ours

    expected: Counter[Scores] = Counter()
    for swapped in product((0, 1), repeat=3):
        expected[given(swapped)] += 1 / 8
    made = counts(UNITS, ACCURACY, "none", "mnli")
    theirs, ours = resampling.exchange(made, metrics.load("accuracy"), baseline, SAMPLES, random)
    assert_drawn_as_often(np.concatenate([flat(theirs), flat(ours)], axis=1), expected)


@pytest.mark.parametrize("at_once", [1, 6, 7, 1000])
def test_samples_are_the_same_however_many_are_held_at_once(at_once: int, monkeypatch: pytest.MonkeyPatch, random):
    made, metric = counts(UNITS, ACCURACY, "none", "mnli"), metrics.load("accuracy")
    expected = resampling.bootstrap(made, metric, 5, np.random.default_rng(5))
    monkeypatch.setattr(resampling, "_CHUNK", at_once)
    assert resampling.bootstrap(made, metric, 5, random).tolist() == expected.tolist()
    theirs, ours = resampling.exchange(made, metric, 0, 50, random)
    possible = set(np.round([0, 50, 100, 100 / 3, 200 / 3], 6))
    assert set(theirs.round(6).ravel()) | set(ours.round(6).ravel()) <= possible
    assert len({tuple(row) for row in flat(theirs)}) == 8


def test_no_more_weights_are_held_at_once_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch, random):
    sizes, products = [], resampling._Products.of
    monkeypatch.setattr(
        resampling._Products, "of", lambda self, weights: sizes.append(weights.shape) or products(self, weights)
    )
    monkeypatch.setattr(resampling, "_CHUNK", 7)
    resampling.bootstrap(counts(UNITS, ACCURACY, "none", "mnli"), metrics.load("accuracy"), 5, random)
    assert sizes == [(2, 3), (2, 3), (1, 3)]


class Given:
    """A generator of given numbers: the first 16 bits of uniform numbers, and their further bits as a fraction."""

    def __init__(self, uniform: np.ndarray):
        self.first = np.floor(uniform * 2**16)
        self.further = uniform * 2**16 - self.first

    def integers(self, high: int, size: int, dtype: type) -> np.ndarray:
        return self.first.astype(dtype)

    def random(self, size: int) -> np.ndarray:
        return self.further[:size]


@pytest.mark.parametrize("number", range(9))
def test_a_poisson_draw_is_the_number_at_which_the_distribution_function_exceeds_a_uniform_number(number: int):
    bound = stats.poisson.cdf(number, 1)
    around = np.array([bound - 1e-9, bound + 1e-9])
    assert [resampling.poisson(Given(one[None]), 1).tolist() for one in around] == [[number], [number + 1]]


def test_poisson_draws_have_the_frequencies_of_their_distribution(random):
    drawn = np.bincount(resampling.poisson(random, 10**6), minlength=12)
    expected = stats.poisson.pmf(range(7), 1) * 10**6
    assert stats.chisquare([*drawn[:7], drawn[7:].sum()], [*expected, 10**6 - expected.sum()]).pvalue > 0.001


def by_hand(weights: np.ndarray, units: list) -> np.ndarray:
    """The weighted sums of the counts of a language, in float64."""
    return np.tensordot(weights[:, [place for place, _ in units]].astype(float), [v for _, v in units], axes=1)


@pytest.mark.parametrize("largest", [1, 2**20 + 1, 0.1], ids=["in float32", "too large for float32", "fractions"])
def test_weighted_sums_are_those_of_float64(largest: float):
    # Two equal columns, one that the score does not need, and places in a row, with a gap and in another order.
    chance = np.random.default_rng(3)
    values = chance.integers(0, 30, (4, 2, 2, 3)) * largest
    values[..., 1] = values[..., 2]
    units = {lang: list(zip(places, values.tolist(), strict=True)) for lang, places in PLACES.items()}
    weights = chance.integers(0, 9, (50, 7)).astype(np.uint8)
    products = resampling._Products(counts(units, F1, "none", "mnli"), metrics.load("chunks"))
    for found, own in zip(products.of(weights), units.values(), strict=True):
        assert found.dtype == np.float64
        expected = by_hand(weights, own)
        assert np.array_equal(found, expected) if largest >= 1 else found == pytest.approx(expected, rel=1e-12)


PLACES = {"en": [0, 1, 2, 3], "de": [3, 4, 5, 6], "ru": [1, 2, 5, 6], "zh": [6, 5, 4, 0]}


def test_counts_that_the_main_score_does_not_need_are_not_summed():
    columns = [f"{name}{which}" for which in ("", "_seqeval1") for name in ("right", "found", "expected")]
    units = {"en": [(0, [[[1, 2, 3, 4, 5, 6]]])]}
    (found,) = resampling._Products(counts(units, columns, "none"), metrics.load("pos")).of(np.array([[2]]))
    assert found.tolist() == [[[[2, 4, 6, 0, 0, 0]]]]


def test_a_language_in_which_no_model_finds_or_lacks_a_name_scores_0(random):
    whole = counts({"en": [(0, [[[1, 1, 1]]])], "de": [(0, [[[0, 0, 0]]])]}, F1, "none")
    german = whole.languages["de"]
    whole.languages["de"] = LanguageCounts(9, german.places[:0], german.values[:0])
    assert resampling.observed(whole, metrics.load("chunks")).ravel().tolist() == [100, 0]
    assert not resampling.bootstrap(whole, metrics.load("chunks"), 3, random)[1].any()
    nothing = Counts(["none"], list(F1), 0, {"de": whole.languages["de"]})
    assert not resampling.bootstrap(nothing, metrics.load("chunks"), 3, random).any()
    assert [scores.any() for scores in resampling.exchange(nothing, metrics.load("chunks"), 0, 3, random)] == [
        False
    ] * 2
