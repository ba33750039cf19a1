"""The statistics of a target agree with equations, enumerations and other libraries."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from invented_counts import ACCURACY, accuracy, counts
from scipy import stats

from xstilts import metrics
from xstilts.config import Report
from xstilts.reporting.comparison import Comparison
from xstilts.reporting.per_example import Counts

MEDIAN, MEAN = {"median": np.median}, {"mean": np.mean}
SURE = 60
"""So many equal examples that no bootstrap sample is without one: the score has no noise of examples."""


def numbers(made: Counts, samples: int = 100, complete: bool = True, seed: int = 0, **report) -> dict[str, np.ndarray]:
    """The numbers of an accuracy: shape (1 + languages, intermediates)."""
    settings = Report(samples=samples, **report)
    return Comparison(made, metrics.load("accuracy"), settings, complete, seed).numbers()


def sure(*intermediates: str, **languages: Sequence[Sequence[int]]) -> Counts:
    """Models whose scores, intermediates by seeds, are the same in every sample of the examples."""
    units = {
        lang: [(n, [[[score, 100] for score in seeds] for seeds in scores]) for n in range(SURE)]
        for lang, scores in languages.items()
    }
    return counts(units, ACCURACY, *intermediates)


def answered(*right: Sequence[Sequence[int]]) -> Counts:
    """One seed in English: of each intermediate whether it has each example right."""
    return counts(
        {"en": [(n, [[[one, 1]] for one in unit]) for n, unit in enumerate(zip(*right, strict=True))]},
        ACCURACY,
        *("none", "mnli", "qqp")[: len(right)],
    )


# Values. The order of the seeds differs from language to language, so that medians do not add up.

VALUES = {"en": [[90, 50, 10], [80, 40, 60]], "de": [[20, 60, 40], [30, 90, 0]]}


def test_a_value_is_the_median_over_seeds_of_the_mean_over_languages():
    # mnli: means by seed 55, 55, 25. The mean of the languages' medians, 50 and 40, would be 45.
    # none: 55, 65, 30; medians 60 and 30.
    found = numbers(sure("mnli", "none", **VALUES))
    assert found["value"].tolist() == [[55, 55], [50, 60], [40, 30]]


def test_a_value_is_the_mean_over_seeds_where_that_is_configured():
    found = numbers(sure("mnli", "none", **VALUES), over_seeds="mean")
    assert found["value"].ravel().tolist() == pytest.approx([45, 50, 50, 60, 40, 40])


def test_a_change_is_the_difference_of_two_values_and_not_the_median_of_differences():
    # By seed, mnli differs from none by 10, 10 and -50 in English, and by -10, -30 and 40 in German.
    found = numbers(sure("mnli", "none", **VALUES))
    assert found["delta"][:, 0].tolist() == [0, -10, 10]


def test_the_baseline_has_no_change_wherever_it_stands():
    found = numbers(sure("mnli", "none", "qqp", en=[[60], [50], [30]]))
    for name in ("delta", "delta_low", "delta_high", "p"):
        assert np.isnan(found[name]).tolist() == [[False, True, False]] * 2
    assert found["delta"][1, [0, 2]].tolist() == [10, -20]


def test_without_a_baseline_there_is_a_value_and_no_change():
    found = numbers(sure("mnli", "qqp", en=[[60], [50]]))
    assert found["value"].tolist() == [[60, 50]] * 2
    assert [np.isnan(found[name]).all() for name in ("low", "high", "delta", "delta_low", "delta_high", "p")] == [
        False,
        False,
        *[True] * 4,
    ]


def test_the_mean_over_languages_is_missing_where_one_of_them_is():
    found = numbers(sure("none", "mnli", **VALUES), complete=False)
    for name in ("value", "low", "high", "delta", "delta_low", "delta_high", "p"):
        assert np.isnan(found[name][:, 1]).tolist() == [True, False, False], name


# Intervals

DRAWS = 40_000


def test_an_interval_of_one_model_is_that_of_poisson_draws():
    # Of 100 examples 70 are right: so many are drawn as a Poisson variable of mean 70, and of wrong ones of mean 30.
    found = numbers(answered([1] * 70 + [0] * 30), samples=DRAWS)
    right, wrong = np.arange(160)[:, None], np.arange(100)
    probability = stats.poisson.pmf(right, 70) * stats.poisson.pmf(wrong, 30)
    score = 100 * right / np.maximum(right + wrong, 1)
    order = np.argsort(score, axis=None)
    below = np.cumsum(probability.ravel()[order])
    expected = [score.ravel()[order][np.searchsorted(below, level)] for level in (0.025, 0.975)]
    assert [found["low"][1, 0], found["high"][1, 0]] == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize("over_seeds, middle", [*MEDIAN.items(), *MEAN.items()], ids=["median", "mean"])
def test_an_interval_over_seeds_is_that_of_all_ways_to_draw_as_many_for_each_intermediate_by_itself(over_seeds, middle):
    # Four seeds, and no noise of examples: 4^4 draws of each intermediate, of which a change has all pairs.
    en, de = [[41, 47, 56, 68], [50, 61, 73, 99]], [[70, 52, 33, 18], [9, 80, 27, 55]]
    found = numbers(sure("none", "mnli", en=en, de=de), samples=20_000, over_seeds=over_seeds)
    drawn = [list(draw) for draw in product(range(4), repeat=4)]
    both = (np.array(en) + np.array(de)) / 2
    for row, scores in enumerate((both, np.array(en), np.array(de))):
        none, mnli = ([middle(seeds[draw]) for draw in drawn] for seeds in scores)
        changes = [after - before for after, before in product(mnli, none)]
        for name, values, place in (("", none, 0), ("", mnli, 1), ("delta_", changes, 1)):
            bounds = [found[f"{name}low"][row, place], found[f"{name}high"][row, place]]
            assert bounds == pytest.approx(np.quantile(values, [0.025, 0.975], method="inverted_cdf"), abs=1), name


def test_an_interval_of_the_mean_over_languages_is_that_of_each_seeds_mean():
    # Over all 6^6 draws of seeds. The mean of the languages' medians would reach from 17.5 to 80.
    en, de = [90, 80, 50, 30, 0, 10], [90, 0, 30, 60, 70, 20]
    drawn = np.indices((6,) * 6).reshape(6, -1).T
    medians = np.median((np.array(en) + np.array(de))[drawn] / 2, axis=1)
    assert np.quantile(medians, [0.025, 0.975], method="inverted_cdf").tolist() == [25, 67.5]
    found = numbers(sure("none", en=[en], de=[de]), samples=20_000)
    assert [found["low"][0, 0], found["high"][0, 0]] == pytest.approx([25, 67.5])


def test_seeds_are_drawn_together_in_all_languages_because_they_are_models():
    # What a seed gains in English, it loses in German: the mean over both is sure.
    found = numbers(sure("none", en=[[40, 50, 60]], de=[[60, 50, 40]]))
    assert [found["low"][0, 0], found["high"][0, 0]] == [50, 50]
    assert found["low"][1, 0] == 40


def test_translations_are_drawn_together_so_that_more_of_the_same_makes_no_mean_surer():
    units = [(n, [[[n % 3 > 0, 1]]]) for n in range(90)]
    found = numbers(counts(dict.fromkeys(("en", "de", "sw", "zh"), units), ACCURACY, "none"))
    assert found["low"].ravel().tolist() == pytest.approx([found["low"][1, 0]] * 5)
    assert found["high"].ravel().tolist() == pytest.approx([found["high"][1, 0]] * 5)
    others = {lang: [(n + shift, values) for n, values in units] for lang, shift in (("en", 0), ("de", 90))}
    apart = numbers(counts(others, ACCURACY, "none"), samples=2000)
    width = {row: apart["high"][row, 0] - apart["low"][row, 0] for row in (0, 1)}
    assert width[0] / width[1] == pytest.approx(1 / np.sqrt(2), abs=0.1)


def test_all_intermediates_are_drawn_together_so_that_the_same_predictions_differ_by_nothing():
    right = [1] * 70 + [0] * 30
    found = numbers(answered(right, right))
    assert [found[name][1, 1] for name in ("delta", "delta_low", "delta_high", "p")] == [0, 0, 0, 1]


def test_the_interval_of_a_loss_lies_below_zero_and_mirrors_that_of_the_gain():
    worse, better = [1] * 60 + [0] * 60, [1] * 90 + [0] * 30
    gain, loss = (numbers(answered(*order), samples=2000) for order in ((worse, better), (better, worse)))
    assert loss["delta_low"][1, 1] == -gain["delta_high"][1, 1]
    assert loss["delta_low"][1, 1] < loss["delta"][1, 1] == -25 < loss["delta_high"][1, 1] < 0


# Tests


@pytest.mark.parametrize("wins, losses", [(26, 14), (14, 26), (21, 19), (20, 20)])
def test_p_of_one_model_is_that_of_mcnemars_exact_test(wins: int, losses: int):
    # The last unit is 300 examples that both have right: one more win is a small change, and counts as one.
    answers = [(1, 0)] * losses + [(0, 1)] * wins
    units = [(n, [[[none, 1]], [[mnli, 1]]]) for n, (none, mnli) in enumerate(answers)]
    units.append((len(units), [[[300, 300]], [[300, 300]]]))
    found = numbers(counts({"en": units}, ACCURACY, "none", "mnli"), samples=20_000)
    assert found["p"][1, 1] == pytest.approx(stats.binomtest(wins, wins + losses).pvalue, abs=0.01)


def test_p_over_seeds_and_languages_is_the_share_of_all_exchanges_that_differ_as_much():
    right = np.random.default_rng(3).integers(0, 2, (2, 6, 2, 3))
    right[:, :4, 1] |= 1
    units = {
        lang: [(n, [[[one, 1] for one in seeds] for seeds in unit]) for n, unit in enumerate(right[place])]
        for place, lang in enumerate(("en", "de"))
    }
    for over_seeds, middle in (*MEDIAN.items(), *MEAN.items()):
        found = numbers(counts(units, ACCURACY, "none", "mnli"), samples=DRAWS, over_seeds=over_seeds)
        for row, languages in enumerate(([0, 1], [0], [1])):
            as_large = [
                abs(change(right[languages], swapped, middle)) >= abs(change(right[languages], (0,) * 6, middle)) - 1e-6
                for swapped in product((0, 1), repeat=6)
            ]
            assert found["p"][row, 1] == pytest.approx(np.mean(as_large), abs=0.01), (over_seeds, row)


def change(right: np.ndarray, swapped: Sequence[int], middle) -> float:
    """The change when some examples are swapped; `right` has languages, examples, intermediates and seeds."""
    values = []
    for intermediate in (1, 0):
        by_seed = [
            np.mean(
                [
                    accuracy(sum(unit[intermediate ^ swap][seed] for unit, swap in zip(units, swapped, strict=True)), 6)
                    for units in right
                ]
            )
            for seed in range(3)
        ]
        values.append(middle(by_seed))
    return values[0] - values[1]


@pytest.mark.parametrize("samples", [100, 199])
def test_the_observed_change_counts_as_one_of_the_exchanges_so_that_p_is_never_zero(samples: int):
    worse, better = [0] * 90 + [1] * 10, [1] * 100
    for order in ((worse, better), (better, worse)):
        assert numbers(answered(*order), samples=samples)["p"][1, 1] == 1 / (samples + 1)


def test_a_change_within_rounding_counts_as_large_and_one_that_is_smaller_does_not():
    # One example of 3 differs in both languages: every exchange gives the same change up to its sign, in floats of
    # which some are a rounding error smaller.
    units = {
        lang: [(n, [[[0, 1]], [[n == 0, 1]]]) for n in range(3)] for lang in ("en", "de", "sw", "zh", "ru", "hi", "fr")
    }
    assert numbers(counts(units, ACCURACY, "none", "mnli"))["p"][0, 1] == 1


# What all of it promises


def test_what_is_drawn_is_decided_by_the_seed():
    made = answered([1] * 70 + [0] * 30, [1] * 80 + [0] * 20)
    one, again, other = (numbers(made, seed=seed)["low"].tolist() for seed in (3, 3, 4))
    assert one == again != other


def test_the_interval_of_a_change_covers_the_true_change_about_95_times_in_100():
    random, covered = np.random.default_rng(2), 0
    for trial in range(100):
        right = random.random((2, 300)) < [[0.6], [0.7]]
        found = numbers(answered(*right.astype(int).tolist()), samples=200, seed=trial)
        covered += found["delta_low"][1, 1] <= 10 <= found["delta_high"][1, 1]
    assert 0.89 <= covered / 100 <= 0.99
