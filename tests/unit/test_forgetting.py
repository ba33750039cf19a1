"""Transfer and forgetting of sequences, computed by hand from small matrices of scores."""

import numpy as np
import pytest

from xstilts.reporting.forgetting import (
    Matrix,
    backward_transfer,
    final,
    forgetting,
    forward_transfer,
    over_seeds,
)

NONE = float("nan")

PROBED = [
    [30, 40, 50],
    [80, 44, 47],
    [70, 90, 53],
    [76, 60, 95],
]
"""The encoder itself, then three stages with one task each."""

HEADS = [
    [NONE, NONE, NONE],
    [80, NONE, NONE],
    [30, 90, NONE],
    [50, 60, 95],
]


def matrix(scores: list[list[float]], places: tuple[int, ...] = (1, 2, 3), *, probed: bool, seeds: int = 1) -> Matrix:
    """A matrix, whose scores are higher by 1 in each further seed."""
    return Matrix(np.array(scores, float)[..., None] + np.arange(seeds), np.array(places), probed)


def test_backward_transfer_is_the_mean_change_of_all_tasks_but_the_last():
    # (76 - 80) and (60 - 90); (50 - 80) and (60 - 90).
    assert backward_transfer(matrix(PROBED, probed=True)) == [-17]
    assert backward_transfer(matrix(HEADS, probed=False)) == [-30]


def test_forward_transfer_is_the_mean_change_before_the_training_over_the_encoder_itself():
    # (44 - 40) and (53 - 50).
    assert forward_transfer(matrix(PROBED, probed=True)) == [3.5]


def test_heads_have_no_forward_transfer():
    assert np.isnan(forward_transfer(matrix(HEADS, probed=False))).all()


def test_forgetting_is_the_mean_loss_from_the_best_stage_before_the_last():
    # 80 - 76 and 90 - 60; 80 - 50 and 90 - 60.
    assert forgetting(matrix(PROBED, probed=True)) == [17]
    assert forgetting(matrix(HEADS, probed=False)) == [30]


def test_the_best_stage_need_not_be_the_one_that_trained_the_task():
    later = [[1, 2, 3], [50, 2, 3], [70, 60, 3], [40, 90, 80]]
    # 70 - 40 and 60 - 90, against 40 - 50 and 90 - 60.
    assert forgetting(matrix(later, probed=True)) == [0]
    assert backward_transfer(matrix(later, probed=True)) == [10]
    before = [[1, 2, 3], [50, 77, 3], [70, 60, 3], [40, 70, 80]]
    # A probe may be best before the training on its task, a head is not there yet: 77 - 70 against 60 - 70.
    assert forgetting(matrix(before, probed=True)) == [(30 + 7) / 2]
    hidden = [[NONE] * 3, [50, NONE, NONE], [70, 60, NONE], [40, 70, 80]]
    assert forgetting(matrix(hidden, probed=False)) == [(30 - 10) / 2]


def test_the_encoder_itself_is_no_stage_that_could_be_best():
    high = [[99, 99], [50, 20], [40, 60]]
    assert forgetting(matrix(high, (1, 2), probed=True)) == [10]


def test_the_tasks_of_a_mixture_count_each():
    # Stage 1 has two tasks, stage 2 has one.
    mixed = [[10, 20, 30], [60, 70, 35], [50, 90, 80]]
    found = matrix(mixed, (1, 1, 2), probed=True)
    assert backward_transfer(found) == [(-10 + 20) / 2]
    assert forgetting(found) == [(10 - 20) / 2]
    assert forward_transfer(found) == [5]
    assert final(found) == [pytest.approx((50 + 90 + 80) / 3)]


def test_a_stage_without_a_task_that_is_measured_is_a_row_and_no_column():
    # Masked language modelling, then a task: nothing before the last stage can be forgotten.
    found = matrix([[10], [12], [60]], (2,), probed=True)
    assert np.isnan(backward_transfer(found)).all()
    assert np.isnan(forgetting(found)).all()
    assert forward_transfer(found) == [2]


@pytest.mark.parametrize("row, column", [(1, 0), (2, 0), (3, 0), (2, 1), (3, 1)])
def test_a_missing_score_is_never_averaged_away(row: int, column: int):
    scores = [list(one) for one in PROBED]
    scores[row][column] = NONE
    assert np.isnan(forgetting(matrix(scores, probed=True))).all()


def test_each_seed_is_by_itself():
    scores = np.stack([np.array(PROBED, float), np.array(PROBED, float)], axis=-1)
    scores[3, 0, 1] = 80
    found = Matrix(scores, np.array([1, 2, 3]), True)
    assert backward_transfer(found).tolist() == [-17, -15]


def test_the_mean_over_seeds_has_an_interval_between_the_seeds():
    value, low, high = over_seeds(np.array([1.0, 2.0, 6.0]))
    assert value == 3
    # All three draws are the lowest, or the highest, in one of 27 samples: more often than one in forty.
    assert (low, high) == (1, 6)
    value, low, high = over_seeds(np.arange(40.0))
    deviation = np.arange(40.0).std() / np.sqrt(40)
    assert value == 19.5
    assert [low, high] == pytest.approx([19.5 - 1.96 * deviation, 19.5 + 1.96 * deviation], abs=0.4)


def test_one_seed_has_no_interval_and_a_missing_seed_has_no_mean():
    value, low, high = over_seeds(np.array([4.0]))
    assert value == 4
    assert np.isnan([low, high]).all()
    assert np.isnan(over_seeds(np.array([4.0, NONE]))).all()
