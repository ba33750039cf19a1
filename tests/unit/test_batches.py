"""The rows of each training batch, and their order."""

from collections import Counter
from itertools import chain

import numpy as np
import pytest

from xstilts.training.batches import BatchSampler, micro_batches, optimiser_steps, probabilities, share


def sampler(**changes) -> BatchSampler:
    settings = {
        "lengths": {"a": np.arange(1, 41), "b": np.arange(1, 21)},
        "weights": probabilities([40, 20], "proportional", 1.0, None),
        "steps": 30,
        "batch_size": 8,
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


def test_there_are_as_many_steps_as_announced_and_all_are_full():
    steps = list(sampler())
    assert len(steps) == len(sampler()) == 30
    assert {len(step.rows) for step in steps} == {8}


def test_the_same_seed_gives_the_same_order_and_another_seed_another():
    assert list(sampler()) == list(sampler())
    for draws in ([step.task for step in found] for found in (sampler(seed=2), sampler(seed=3))):
        assert draws != [step.task for step in sampler()]
    alone = {"lengths": {"a": np.arange(40)}, "weights": np.ones(1)}
    assert list(sampler(**alone)) != list(sampler(seed=2, **alone))


@pytest.mark.parametrize("count", [40, 43])
def test_every_row_comes_once_before_any_comes_twice(count: int):
    lengths = np.zeros(count, np.int64)
    steps = sampler(lengths={"a": lengths}, weights=np.ones(1), steps=50)
    rows = [row for step in steps for row in step.rows]
    # Batches of rows that are drawn together come in any order; there are five of them in a group of 40.
    for group in range(0, 400, 40):
        drawn = Counter(rows[: group + 40])
        assert set(drawn.values()) <= {(group + 40) // count, (group + 40) // count + 1}
        assert len(drawn) == min(count, group + 40)


def epochs(**changes) -> list[list[list[int]]]:
    """The batches of two epochs of a task of 4,000 rows, each of another length."""
    settings = {"lengths": {"a": np.random.default_rng(0).permutation(4000)}, "weights": np.ones(1)}
    batches = [step.rows for step in sampler(**{**settings, "steps": 1000, **changes})]
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
        first = next(iter(sampler(lengths={"a": np.arange(12)}, weights=np.ones(1), seed=seed)))
        assert len(set(first.rows)) == 8


def test_rows_of_one_length_stay_in_the_order_in_which_they_are_drawn():
    """On every machine: the sorting is stable, and a task draws from the seed and its place among the tasks."""
    lengths = np.random.default_rng(0).integers(3, size=80)
    found = sampler(lengths={"a": np.ones(40), "b": lengths}, weights=np.array([0, 1]), steps=10)
    draw = np.random.default_rng([1, 1])
    drawn = sorted(draw.permutation(80).tolist(), key=lengths.__getitem__)
    assert [step.task for step in found] == ["b"] * 10
    assert [step.rows for step in found] == [drawn[8 * one : 8 * one + 8] for one in draw.permutation(10)]


def test_tasks_of_the_same_size_have_orders_of_their_own():
    lengths = np.ones(40)
    steps = list(sampler(lengths={"a": lengths, "b": lengths}, weights=np.ones(2) / 2))
    one, other = (next(step.rows for step in steps if step.task == task) for task in "ab")
    assert one != other


def test_rows_of_a_batch_are_of_like_length():
    lengths = np.random.default_rng(0).integers(5, 200, size=4000)
    steps = list(sampler(lengths={"a": lengths}, weights=np.ones(1), steps=500))
    padded = sum(lengths[step.rows].max() * len(step.rows) for step in steps)
    assert all((np.diff(lengths[step.rows]) >= 0).all() for step in steps)
    assert padded < 1.1 * lengths.sum()


def test_tasks_are_drawn_as_often_as_their_probability_says():
    tasks = Counter(step.task for step in sampler(steps=3000))
    assert tasks["a"] / 3000 == pytest.approx(2 / 3, abs=0.03)


def test_a_task_smaller_than_a_batch_still_fills_it():
    step = next(iter(sampler(lengths={"a": np.arange(1, 4)}, weights=np.ones(1))))
    assert len(step.rows) == 8


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


WIDTHS = np.array([8, 8, 16, 16, 24, 24, 32, 64])


@pytest.mark.parametrize(
    "tokens, expected",
    [
        (512, [[0, 1, 2, 3, 4, 5, 6, 7]]),  # 8 rows of 64
        (511, [[0, 1, 2, 3, 4, 5], [6, 7]]),  # 6 of 24 and 2 of 64: 96 and 96 tokens without padding between them
        (128, [[0, 1, 2, 3, 4], [5, 6], [7]]),  # 72, 56 and 64 tokens without padding
        (64, [[0, 1, 2, 3], [4, 5], [6], [7]]),
        (8, [[row] for row in range(8)]),  # rows that do not fit are alone
    ],
)
def test_micro_batches_are_as_few_as_fit_and_about_equally_long(tokens: int, expected: list[list[int]]):
    assert micro_batches(list(range(8)), WIDTHS, tokens) == expected


@pytest.mark.parametrize("tokens", [64, 100, 500, 4096])
def test_micro_batches_have_every_row_once_in_order_and_fit(tokens: int):
    draw = np.random.default_rng(1)
    for _ in range(200):
        widths = 8 * np.sort(draw.integers(1, 9, size=draw.integers(1, 40)))
        parts = micro_batches(list(range(len(widths))), widths, tokens)
        assert list(chain.from_iterable(parts)) == list(range(len(widths)))
        assert all(len(part) * widths[part].max() <= tokens for part in parts)


def test_a_row_that_does_not_fit_is_alone_and_the_others_are_not():
    # Sixteen rows of 8 tokens fit into two micro-batches of 64; shares are about as long as the row that is too long.
    parts = micro_batches(list(range(17)), np.array([8] * 16 + [72]), 64)
    assert parts[-1] == [16]
    assert len(parts) <= 6
    assert all(8 * len(part) <= 64 for part in parts[:-1])


def test_micro_batches_of_alike_rows_are_as_few_as_possible():
    for rows in range(1, 70):
        parts = micro_batches(list(range(rows)), np.full(rows, 16), 16 * 8)
        assert len(parts) == -(-rows // 8)
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("processes", [1, 2, 3, 8])
def test_processes_share_the_rows_of_a_step_and_get_about_as_many_tokens(processes: int):
    rows = list(range(32))
    shares = [share(rows, process, processes) for process in range(processes)]
    assert sorted(chain.from_iterable(shares)) == rows
    totals = [sum(own) for own in shares]
    assert max(totals) - min(totals) <= 2 * max(rows)
