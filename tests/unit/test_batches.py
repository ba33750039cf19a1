"""Which rows are trained on, and when."""

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
        ("uniform", 1.0, None, [0.5, 0.5]),
        ("temperature", 2.0, None, [0.75, 0.25]),
        ("capped", 1.0, 200, [2 / 3, 1 / 3]),
        ("temperature", 2.0, 400, [2 / 3, 1 / 3]),
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
    assert list(sampler()) != list(sampler(seed=2))


def test_every_row_comes_once_before_any_comes_twice():
    rows = list(chain.from_iterable(sampler(lengths={"a": np.arange(1, 41)}, weights=np.ones(1), steps=10)))
    for epoch in (rows[:40], rows[40:]):
        assert Counter(epoch) == Counter(("a", row) for row in range(40))


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
    assert optimiser_steps([100, 50], 2, 32, "proportional", None) == 10
    assert optimiser_steps([1000, 50], 2, 32, "capped", 100) == 10


@pytest.mark.parametrize("batch, fits, expected", [(32, 8, 8), (32, 64, 32), (32, 12, 8), (30, 8, 6), (7, 3, 1)])
def test_a_micro_batch_divides_its_batch(batch: int, fits: int, expected: int):
    assert micro_batch_size(batch, fits) == expected


@pytest.mark.parametrize("processes, fits, expected", [(2, 8, 8), (2, 32, 16), (4, 6, 4), (8, 3, 2), (32, 9, 1)])
def test_a_micro_batch_divides_the_share_of_a_process(processes: int, fits: int, expected: int):
    assert micro_batch_size(32, fits, processes) == expected


def test_a_batch_that_processes_cannot_share_is_an_error():
    with pytest.raises(UserError, match=r"^3 GPUs cannot share a batch of 32 rows evenly\.$"):
        micro_batch_size(32, 8, 3)
