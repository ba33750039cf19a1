"""The effect of the order: analysis of variance, permutation test and intervals, against other computations."""

from itertools import permutations, product
from math import factorial, sqrt

import numpy as np
import pytest
from scipy import stats

from xstilts.reporting import order_effect
from xstilts.reporting.order_effect import MEAN, NUMBERS, WORST, analysis, change, effect, exchanged, of_seeds

KINDS = (MEAN, WORST)


def scores(orders: int, languages: int, seeds: int, number: int = 1) -> np.ndarray:
    random = np.random.default_rng(number)
    return 60 + random.normal(0, 3, (orders, 1, 1)) + random.normal(0, 4, (orders, languages, seeds))


def by_order(scores: np.ndarray, kind: str) -> list[float]:
    """The score of each order over seeds, one number after the other."""
    found = []
    for order in scores.tolist():
        means = [sum(language) / len(language) for language in order]
        found.append(min(means) if kind == WORST else sum(means) / len(means))
    return found


def brute_force(scores: np.ndarray, kind: str) -> float:
    """The share of all exchanges, in all seeds, after which the orders differ as much as they do."""
    orders, _, seeds = scores.shape
    observed, as_large = np.std(by_order(scores, kind), ddof=1), 0
    for moved in product(permutations(range(orders)), repeat=seeds):
        other = np.stack([scores[list(moved[seed]), :, seed] for seed in range(seeds)], axis=-1)
        as_large += np.std(by_order(other, kind), ddof=1) >= observed - 1e-9
    return as_large / factorial(orders) ** seeds


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(2, 3, 2), (2, 2, 5), (3, 2, 3), (4, 2, 2)])
@pytest.mark.parametrize("number", [1, 2])
def test_the_permutation_test_is_that_of_all_exchanges(shape: tuple[int, int, int], number: int, kind: str):
    found = exchanged(scores(*shape, number), kind)
    assert found["p"] == pytest.approx(brute_force(scores(*shape, number), kind), abs=1e-12)
    assert found["least_p"] == pytest.approx(1 / factorial(shape[0]) ** (shape[2] - 1))


def test_an_order_that_is_better_with_every_seed_has_the_least_p():
    better = scores(3, 2, 3) + np.array([0, 100, 200])[:, None, None]
    assert exchanged(better, MEAN) == {"p": 1 / 36, "least_p": 1 / 36}


def test_equal_scores_have_the_p_value_1():
    assert exchanged(np.full((3, 2, 3), 60.0), WORST)["p"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_random_exchanges_estimate_the_p_value_of_all(kind: str, monkeypatch: pytest.MonkeyPatch):
    mine = scores(4, 3, 3)
    exact = exchanged(mine, kind)["p"]
    monkeypatch.setattr(order_effect, "SAMPLES", 575)
    found = exchanged(mine, kind)
    assert found != exchanged(mine, kind) | {"p": exact}
    assert found["least_p"] == 1 / 576
    assert abs(found["p"] - exact) < 4 * sqrt(exact * (1 - exact) / 575)
    assert found == exchanged(mine, kind)


def test_random_exchanges_move_every_order_to_every_place_equally_often():
    drawn = order_effect._random(3, 2)
    assert drawn.shape == (order_effect.SAMPLES, 2, 3)
    assert (np.sort(drawn, axis=2) == np.arange(3)).all()
    shares = [(drawn[:, seed, place] == one).mean() for seed in (0, 1) for place in range(3) for one in range(3)]
    assert shares == pytest.approx([1 / 3] * 18, abs=0.02)
    assert (drawn[:, 0] == drawn[:, 1]).all(axis=1).mean() == pytest.approx(1 / 6, abs=0.02)


def test_p_values_without_an_effect_are_not_too_small():
    random = np.random.default_rng(5)
    p = np.array([exchanged(random.normal(size=(3, 2, 3)), WORST)["p"] for _ in range(1000)])
    for level in (2 / 36, 0.25, 0.5):
        assert (p <= level + 1e-9).mean() == pytest.approx(level, abs=0.05)


@pytest.mark.parametrize("shape", [(2, 1, 3), (3, 1, 2), (6, 1, 5)])
def test_the_analysis_of_variance_is_that_of_scipy(shape: tuple[int, int, int]):
    by_seed = scores(*shape)[:, 0]
    found, expected = analysis(by_seed), stats.f_oneway(*by_seed)
    assert (found["f"], found["p_f"]) == pytest.approx((expected.statistic, expected.pvalue))
    pooled = np.mean([np.var(row, ddof=1) for row in by_seed])
    assert found["sd_seeds"] == pytest.approx(sqrt(pooled))
    between = np.var(by_seed.mean(axis=1), ddof=1) - pooled / shape[2]
    assert found["component"] == pytest.approx(sqrt(max(between, 0)))


def test_the_analysis_of_variance_is_that_of_a_case_by_hand():
    # Means 2, 5 and 11, MSA = 3 * 21 = 63 with 2 degrees of freedom, MSE = 1 with 6.
    found = analysis(np.array([[1.0, 2, 3], [4, 5, 6], [10, 11, 12]]))
    assert (found["f"], found["sd_seeds"], found["component"]) == pytest.approx((63, 1, sqrt(62 / 3)))
    # Quantiles of tables: F(0.975; 2, 6) = 7.260, F(0.025; 2, 6) = 1 / 39.33, chi-square(2) 7.378 and 0.0506.
    low, high = sqrt(2 * (63 - 7.260) / (3 * 7.378)), sqrt(2 * (63 - 1 / 39.33) / (3 * 0.05064))
    assert (found["component_low"], found["component_high"]) == pytest.approx((low, high), rel=1e-3)


@pytest.mark.parametrize("effect_of_order", [0.0, 1.0, 3.0])
def test_the_interval_of_the_component_holds_it_at_least_as_often_as_it_says(effect_of_order: float):
    random, held = np.random.default_rng(2), 0
    for _ in range(1000):
        by_seed = random.normal(0, effect_of_order, (6, 1)) + random.normal(0, 1, (6, 3))
        found = analysis(by_seed)
        held += found["component_low"] <= effect_of_order <= found["component_high"]
    assert held / 1000 > 0.935


def test_two_orders_have_a_component_without_an_interval():
    found = effect(scores(2, 2, 3), MEAN)
    assert np.isfinite(found["component"])
    assert np.isnan([found["component_low"], found["component_high"]]).all()


def test_seeds_with_equal_scores_have_no_analysis_of_variance_but_a_permutation_test():
    found = effect(np.array([60.0, 61, 63])[:, None, None] * np.ones((3, 2, 3)), MEAN)
    assert (found["sd_seeds"], found["range"], found["p"]) == (0, 3, 1 / 36)
    assert np.isnan([found[name] for name in ("f", "p_f", "component", "component_low")]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_spread_over_orders_is_that_of_their_means_over_seeds(kind: str):
    mine = scores(4, 3, 3)
    found, means = effect(mine, kind), by_order(mine, kind)
    assert tuple(found) == NUMBERS
    assert (found["orders"], found["seeds"], found["mean"]) == (4, 3, pytest.approx(np.mean(means)))
    assert found["sd_orders"] == pytest.approx(np.std(means, ddof=1))
    assert found["range"] == pytest.approx(max(means) - min(means))


def test_the_worst_language_is_that_of_the_mean_over_seeds_for_each_order():
    # Means: 70, 60 and 62 in the first order, 71, 65 and 62 in the second one.
    mine = np.array([[[70.0, 70], [55, 65], [62, 62]], [[71, 71], [65, 65], [60, 64]]])
    assert of_seeds(mine, WORST).tolist() == [[55, 65], [60, 64]]
    assert of_seeds(mine, MEAN)[0].tolist() == pytest.approx([(70 + 55 + 62) / 3, (70 + 65 + 62) / 3])


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_score_of_a_language_or_seed_makes_the_order_and_the_effect_missing(kind: str):
    mine = scores(3, 2, 3)
    mine[1, 0, 2] = np.nan
    assert np.isnan(of_seeds(mine, kind)).all(axis=1).tolist() == [False, True, False]
    found = effect(mine, kind)
    assert (found["orders"], found["seeds"]) == (3, 3)
    assert np.isnan([found[name] for name in NUMBERS[2:]]).all()


def test_one_seed_has_a_spread_over_orders_and_no_test():
    found = effect(np.array([60.0, 62, 67])[:, None, None], MEAN)
    assert (found["mean"], found["range"], found["sd_orders"]) == pytest.approx((63, 7, sqrt(13)))
    assert np.isnan([found[name] for name in NUMBERS[5:]]).all()


def test_the_interval_of_a_change_is_that_of_a_t_test():
    by_seed = np.array([1.0, 2.5, -0.5, 4])
    expected = stats.ttest_1samp(by_seed, 0).confidence_interval(0.95)
    found = change(by_seed)
    assert (found["difference"], found["low"], found["high"]) == pytest.approx((1.75, expected.low, expected.high))
    one = change(np.array([3.0]))
    assert one["difference"] == 3
    assert np.isnan([one["low"], one["high"]]).all()
