"""The rows of each training batch, and their order."""

from collections import Counter
from itertools import chain

import numpy as np
import pytest

from xstilts.errors import UserError
from xstilts.training.batches import BatchSampler, micro_batch_size, optimiser_steps, probabilities


def sampler(**changes) -> BatchSampler:
    settings = {
        "lengths": {"a": np.arange(1, 41), "b": np.arange(1, 21)},
        "weights": probabilities([40, 20], "proportional", 1.0, None),
        "steps": 30,
        "rows": 8,
        "micro_batch": 4,
        "seed": 1,
    }
    return BatchSampler(**{**settings, **changes})


@pytest.mark.parametrize(
    "strategy, temperature, cap, expected",
    [
        ("proportional", 1.0, None, [0.9, 0.1]),
        ("proportional", 2.0, 200, [0.9, 0.1]),
        ("uniform", 1.0, None, [0.5, 0.5]),
        ("uniform", 2.0, 200, [0.5, 0.5]),
        ("temperature", 1.0, None, [0.9, 0.1]),
        ("temperature", 2.0, None, [0.75, 0.25]),  # 30 to 10
        ("temperature", 2.0, 400, [2 / 3, 1 / 3]),  # 20 to 10
        ("temperature", 0.5, 200, [0.8, 0.2]),  # 200^2 to 100^2
        ("capped", 1.0, 200, [2 / 3, 1 / 3]),
        ("capped", 2.0, 400, [0.8, 0.2]),
        ("capped", 1.0, 50, [0.5, 0.5]),
    ],
)
def test_the_probability_of_a_task(strategy: str, temperature: float, cap: int | None, expected: list[float]):
    assert probabilities([900, 100], strategy, temperature, cap) == pytest.approx(expected)


def test_a_step_belongs_to_one_task():
    batches = list(sampler())
    for first, second in zip(batches[::2], batches[1::2], strict=True):
        assert len({task for task, _ in first + second}) == 1


def test_there_are_as_many_micro_batches_as_announced_and_all_are_full():
    batches = list(sampler())
    assert len(batches) == len(sampler()) == 60
    assert {len(batch) for batch in batches} == {4}


def test_the_same_seed_gives_the_same_order_and_another_seed_another():
    assert list(sampler()) == list(sampler())
    for draws in ([task for batch in found for task, _ in batch] for found in (sampler(seed=2), sampler(seed=3))):
        assert draws != [task for batch in sampler() for task, _ in batch]
    alone = {"lengths": {"a": np.arange(40)}, "weights": np.ones(1)}
    assert list(sampler(**alone)) != list(sampler(seed=2, **alone))


@pytest.mark.parametrize("count", [40, 43])
def test_every_row_comes_once_before_any_comes_twice(count: int):
    lengths = np.zeros(count, np.int64)
    rows = [row for _, row in chain.from_iterable(sampler(lengths={"a": lengths}, weights=np.ones(1), steps=50))]
    # Batches of rows that are drawn together come in any order; there are five of them in a group of 40.
    for group in range(0, 400, 40):
        drawn = Counter(rows[: group + 40])
        assert set(drawn.values()) <= {(group + 40) // count, (group + 40) // count + 1}
        assert len(drawn) == min(count, group + 40)


def epochs(**changes) -> list[list[list[int]]]:
    """The batches of two epochs of a task of 4,000 rows, each of another length."""
    settings = {"lengths": {"a": np.random.default_rng(0).permutation(4000)}, "weights": np.ones(1), "micro_batch": 8}
    batches = [[row for _, row in batch] for batch in sampler(**{**settings, "steps": 1000, **changes})]
    return [batches[:500], batches[500:]]


def test_each_epoch_has_an_order_of_its_own():
    first, second = (list(chain.from_iterable(batches)) for batches in epochs())
    assert sorted(first) == sorted(second) == list(range(4000))
    assert np.mean(np.array(first) == np.array(second)) < 0.01
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1


def test_other_rows_meet_in_a_batch_in_each_epoch():
    first, second = ({frozenset(batch) for batch in batches} for batches in epochs())
    assert len(first & second) < 5


def test_short_rows_do_not_come_first():
    (first, _), lengths = epochs(), np.random.default_rng(0).permutation(4000)
    means = np.array([lengths[batch].mean() for batch in first]).reshape(10, 50)
    assert abs(np.corrcoef(means.mean(axis=0), np.arange(50))[0, 1]) < 0.5
    assert {int(np.argmin(group)) for group in means} != {0}


def test_a_first_batch_has_no_row_twice():
    for seed in range(10):
        first = next(iter(sampler(lengths={"a": np.arange(12)}, weights=np.ones(1), micro_batch=8, seed=seed)))
        assert len(set(first)) == 8


def test_rows_of_one_length_stay_in_the_order_in_which_they_are_drawn():
    """On every machine: the sorting is stable, and a task draws from the seed and its place among the tasks."""
    lengths = np.random.default_rng(0).integers(3, size=80)
    found = sampler(lengths={"a": np.ones(40), "b": lengths}, weights=np.array([0, 1]), steps=10, micro_batch=8)
    draw = np.random.default_rng([1, 1])
    drawn = sorted(draw.permutation(80).tolist(), key=lengths.__getitem__)
    assert list(found) == [[("b", row) for row in drawn[8 * one : 8 * one + 8]] for one in draw.permutation(10)]


def test_tasks_of_the_same_size_have_orders_of_their_own():
    lengths = np.ones(40)
    batches = list(sampler(lengths={"a": lengths, "b": lengths}, weights=np.ones(2) / 2, micro_batch=8))
    one, other = (list(chain.from_iterable(batch for batch in batches if batch[0][0] == task)) for task in "ab")
    assert [row for _, row in one[:8]] != [row for _, row in other[:8]]


def test_the_size_of_a_micro_batch_does_not_change_the_rows_of_a_step():
    whole, parts = list(sampler(micro_batch=8)), list(sampler(micro_batch=2))
    assert whole == [list(chain.from_iterable(parts[i : i + 4])) for i in range(0, len(parts), 4)]


def test_rows_of_a_batch_are_of_like_length():
    lengths = np.random.default_rng(0).integers(5, 200, size=4000)
    batches = list(sampler(lengths={"a": lengths}, weights=np.ones(1), steps=500, rows=8, micro_batch=8))
    padded = sum(max(lengths[row] for _, row in batch) * len(batch) for batch in batches)
    assert padded < 1.1 * lengths.sum()


def test_tasks_are_drawn_as_often_as_their_probability_says():
    tasks = Counter(batch[0][0] for batch in sampler(steps=3000, micro_batch=8))
    assert tasks["a"] / 3000 == pytest.approx(2 / 3, abs=0.03)


def test_a_task_smaller_than_a_batch_still_fills_it():
    batch = next(iter(sampler(lengths={"a": np.arange(1, 4)}, weights=np.ones(1), micro_batch=8)))
    assert len(batch) == 8


def test_steps_are_rows_times_epochs_over_the_batch():
    # 150 rows, 9.4 batches
    assert optimiser_steps([100, 50], 2, 32, "proportional", None) == 10
    assert optimiser_steps([1000, 50], 2, 32, "capped", 100) == 10
    for strategy in ("proportional", "uniform", "temperature"):
        assert optimiser_steps([100, 50], 2, 32, strategy, 10) == 10
    assert optimiser_steps([64], 1, 32, "proportional", None) == 2
    assert optimiser_steps([100], 0.5, 8, "proportional", None) == 7
    assert optimiser_steps([3], 1, 8, "proportional", None) == 1
    assert optimiser_steps([3], 1e-9, 8, "proportional", None) == 1


@pytest.mark.parametrize(
    "batch, fits, expected", [(32, 8, 8), (32, 64, 32), (32, 12, 8), (30, 8, 6), (7, 3, 1), (9, 8, 3)]
)
def test_a_micro_batch_divides_its_batch(batch: int, fits: int, expected: int):
    assert micro_batch_size(batch, fits) == expected


@pytest.mark.parametrize("processes, fits, expected", [(2, 8, 8), (2, 32, 16), (4, 6, 4), (8, 3, 2), (32, 9, 1)])
def test_a_micro_batch_divides_the_share_of_a_process(processes: int, fits: int, expected: int):
    assert micro_batch_size(32, fits, processes) == expected


def test_a_batch_that_processes_cannot_share_is_an_error():
    with pytest.raises(UserError, match=r"^3 GPUs cannot share a batch of 32 rows evenly\.$"):
        micro_batch_size(32, 8, 3)
