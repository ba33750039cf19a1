"""The share of each task in the steps of a stage, the number of steps, and the languages of plain text."""

from collections import Counter

import numpy as np
import pytest

from xstilts.config import Stage
from xstilts.training import history, mixture
from xstilts.training.batches import BatchSampler, Step
from xstilts.training.schedule import Schedule


def stage(**settings) -> Stage:
    return Stage(**{"epochs": 2, "batch_size": 32, **settings})


def weighted(**weights: float) -> dict:
    return {"strategy": "weights", "weights": weights}


def test_labelled_tasks_set_the_number_of_steps_by_their_share():
    sizes = {"mnli": 392_702, "mlm": 9_000_000}
    assert mixture.steps(stage(), {"mnli": 392_702}, ()) == 24_544
    # 24,544 steps are 80 % of 30,680.
    assert mixture.steps(stage(sampling=weighted(mnli=0.8, mlm=0.2)), sizes, {"mlm"}) == 30_680
    assert mixture.steps(stage(sampling=weighted(mnli=8, mlm=2)), sizes, {"mlm"}) == 30_680
    assert mixture.steps(stage(sampling={"strategy": "uniform"}), sizes, {"mlm"}) == 2 * 24_544


def test_a_share_that_is_rounded_up_by_the_machine_adds_no_step():
    # .1 + .2 is more than .3, and 30 steps over it less than 100.
    sizes = {"a": 300, "b": 300, "mlm": 10}
    weights = weighted(a=0.1, b=0.2, mlm=0.7)
    assert mixture.steps(stage(epochs=1, batch_size=20, sampling=weights), sizes, {"mlm"}) == 100


def test_steps_replace_epochs():
    assert mixture.steps(stage(steps=7), {"mnli": 392_702}, ()) == 7
    assert mixture.steps(stage(steps=7), {"mlm": 10}, {"mlm"}) == 7


def test_without_plain_text_weights_leave_the_number_of_steps_as_it_is():
    assert mixture.steps(stage(sampling=weighted(a=3, b=1)), {"a": 64, "b": 64}, ()) == 8


def test_weights_are_the_shares_of_the_tasks_in_their_order():
    sizes = {"mlm": 10, "mnli": 1000}
    assert mixture.shares(stage(sampling=weighted(mnli=3, mlm=1)), sizes) == pytest.approx([0.25, 0.75])
    assert mixture.shares(stage(), sizes) == pytest.approx([10 / 1010, 1000 / 1010])


def sampler(**changes) -> BatchSampler:
    settings = {
        "lengths": {"a": np.arange(40), "b": np.arange(40), "c": np.arange(40)},
        "weights": np.array([0.5, 0.3, 0.2]),
        "steps": 1003,
        "batch_size": 4,
        "seed": 1,
        "schedule": Schedule(),
    }
    return BatchSampler(**{**settings, **changes})


@pytest.mark.parametrize("seed", [1, 2])
def test_each_task_has_its_share_of_the_steps_in_random_order(seed):
    tasks = [step.task for step in sampler(seed=seed)]
    # 501.5, 300.9 and 200.6 steps: the largest remainders are rounded up.
    assert Counter(tasks) == {"a": 501, "b": 301, "c": 201}
    assert 90 < Counter(tasks[:200])["a"] < 125
    assert tasks != sorted(tasks)


SIZES = (6400, 100, 100)
"""Rows of three languages. With the exponent 1/2 they are drawn like 80, 10 and 10."""


def languages(**changes) -> list[Step]:
    given = {"lengths": {"mlm": np.random.default_rng(0).integers(1, 90, sum(SIZES))}, "weights": np.ones(1)}
    return list(sampler(**{**given, "streams": {"mlm": SIZES}, "exponent": 0.5, **changes}))


def language_of(step: Step) -> int:
    (found,) = set(np.searchsorted(np.cumsum(SIZES), step.rows, side="right").tolist())
    return found


def test_a_step_has_one_language_which_is_drawn_by_its_smoothed_share():
    steps = languages(steps=4000)
    counts = Counter(map(language_of, steps))
    assert [counts[number] / 4000 for number in range(3)] == pytest.approx([0.8, 0.1, 0.1], abs=0.02)


@pytest.mark.parametrize("exponent, expected", [(0.0, 1 / 3), (1.0, 6400 / 6600)])
def test_the_exponent_ranges_from_equal_to_proportional(exponent, expected):
    counts = Counter(map(language_of, languages(steps=4000, exponent=exponent)))
    assert counts[0] / 4000 == pytest.approx(expected, abs=0.03)


def test_each_row_of_a_language_comes_once_before_any_comes_twice():
    rows = [row for step in languages(steps=4000, exponent=0.0) if language_of(step) == 1 for row in step.rows]
    assert sorted(rows[:100]) == list(range(6400, 6500))


def test_languages_and_their_order_depend_on_the_seed_alone():
    assert languages() == languages()
    assert list(map(language_of, languages())) != list(map(language_of, languages(seed=2)))


def test_one_language_is_drawn_as_the_rows_of_other_tasks():
    given = {"lengths": {"mlm": np.arange(50)}, "weights": np.ones(1), "steps": 30}
    assert list(sampler(**given, streams={"mlm": (50,)})) == list(sampler(**given))


def test_an_evaluation_is_compared_by_scores_or_by_losses():
    scores, losses = {"a": 50.0, "b": 70.0}, {"mlm": 2.0, "tlm": 3.0}
    both = {"a": 50.0, "b": 70.0, "mlm_loss": 2.0, "tlm_loss": 3.0, "step": 4}
    assert history.evaluation(4, scores, losses) == {**both, "score": 60.0}
    assert history.evaluation(4, scores, losses, ("b",)) == {**both, "score": 70.0}
    assert history.evaluation(4, scores, losses, ("tlm",)) == {**both, "loss": 3.0}
    assert history.evaluation(4, {}, losses) == {"mlm_loss": 2.0, "tlm_loss": 3.0, "loss": 2.5, "step": 4}
    assert list(history.evaluation(4, scores, losses)) == ["a", "b", "mlm_loss", "score", "tlm_loss", "step"]


def test_the_lowest_loss_is_the_best():
    found = [{"loss": 2.0, "step": 1}, {"loss": 1.0, "step": 2}, {"loss": 1.0, "step": 3}]
    assert history.best_step(found) == 2
    assert history.without_gain(found) == 1
