"""The order of the steps of several tasks: the same steps and rows in every order, and what a configuration may say."""

from collections import Counter
from itertools import groupby, islice

import numpy as np
import pytest
from grids import Words

from xstilts.checks import check
from xstilts.config import Config, ConfigError, Stage, parse
from xstilts.grid import Grid
from xstilts.training import mixture
from xstilts.training.batches import BatchSampler, Step
from xstilts.training.schedule import Schedule

TASKS = ("a", "b", "c")
SHUFFLED, BLOCKS, OTHER = Schedule(), Schedule((0, 1, 2)), Schedule((2, 0, 1))
SCHEDULES = {"shuffled": SHUFFLED, "blocks": BLOCKS, "another order": OTHER, "overlap": Schedule((1, 2, 0), 0.5)}


def sampler(schedule: Schedule | None, **changes) -> BatchSampler:
    lengths = np.random.default_rng(0).integers(1, 90, (3, 200))
    settings = {
        "lengths": dict(zip(TASKS, lengths, strict=True)),
        "weights": np.array([0.5, 0.3, 0.2]),
        "steps": 1003,
        "batch_size": 4,
        "seed": 1,
        # The rows of c are in three languages, one for each step.
        "streams": {"c": (100, 60, 40)},
        "exponent": 0.5,
    }
    return BatchSampler(**{**settings, "schedule": schedule, **changes})


def order(schedule: Schedule, **changes) -> str:
    return "".join(step.task for step in sampler(schedule, **changes))


def by_task(steps: list[Step]) -> dict[str, list[list[int]]]:
    return {task: [step.rows for step in steps if step.task == task] for task in TASKS}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", SCHEDULES)
def test_each_task_has_its_share_of_the_steps_up_to_rounding(name: str, seed: int):
    # 501.5, 300.9 and 200.6 steps: the largest remainders are rounded up.
    assert Counter(order(SCHEDULES[name], seed=seed)) == {"a": 501, "b": 301, "c": 201}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_task_sees_the_same_rows_in_the_same_order_in_every_schedule(name: str):
    found = by_task(list(sampler(SCHEDULES[name])))
    assert found == by_task(list(sampler(SHUFFLED)))
    # Those of the draws, too, as far as they go.
    for task, drawn in by_task(list(sampler(None))).items():
        assert all(one == other for one, other in zip(found[task], drawn, strict=False))


def test_blocks_train_on_one_task_after_the_other():
    assert order(BLOCKS) == "a" * 501 + "b" * 301 + "c" * 201
    assert order(OTHER) == "c" * 201 + "a" * 501 + "b" * 301


def test_shuffled_steps_are_in_a_random_order_of_the_seed():
    assert order(SHUFFLED) == order(SHUFFLED) != order(SHUFFLED, seed=2)
    assert 90 < order(SHUFFLED)[:200].count("a") < 125


@pytest.mark.parametrize("overlap", [0.25, 0.5, 1.0, 2.0])
def test_steps_move_by_a_uniform_share_of_the_whole(overlap: float):
    """Against the distribution function of the moved steps: of the first half, those below 1/2 or above it."""
    steps = 40_000
    found = Schedule((0, 1), overlap).tasks(np.array([steps // 2, steps // 2]), np.random.default_rng(3))
    # Place x of a step of the first task is U(0, 1/2) + U(0, overlap), of the second U(1/2, 1) + U(0, overlap).
    middle = (1 + overlap) / 2
    own, move = (np.linspace(0, end, 2001)[:-1] + end / 4000 for end in (0.5, overlap))
    expected = np.mean(own[:, None] + move < middle)
    assert np.mean(found[: steps // 2] == 0) == pytest.approx(expected, abs=0.01)


def test_the_larger_the_overlap_the_more_often_the_task_changes():
    changes = [sum(1 for _ in groupby(order(Schedule((0, 1, 2), overlap)))) for overlap in (0, 0.1, 0.5, 2)]
    assert changes[0] == 3
    assert changes == sorted(set(changes))


def test_a_resumed_training_gets_the_steps_that_are_left():
    for schedule in SCHEDULES.values():
        every = list(sampler(schedule))
        assert list(islice(sampler(schedule), 400, None)) == every[400:]


# The configuration

MIXED = ("mnli", "qqp", "squad_v1")


def config(**sampling: object) -> Config:
    stage = {"tasks": list(MIXED), "sampling": sampling}
    return parse(
        {
            "grid": {"encoders": ["toy"], "intermediates": ["mixed"], "targets": ["tatoeba"]},
            "encoders": {"toy": {"path": "toy"}},
            "stages": {"mixed": stage, "mnli": {}},
        }
    )


def refused(**sampling: object) -> str:
    with pytest.raises(ConfigError) as error:
        check(config(**sampling))
    return str(error.value)


def spec(**sampling: object) -> dict:
    (model,) = (one for one in Grid(config(**sampling), Words()).entries.values() if one.step == "train_stage")
    return model.spec["stage"]["sampling"]


PLAIN = {"strategy": "proportional", "temperature": 1.0, "cap": None}


def test_neutral_values_and_defaults_are_in_no_spec():
    assert spec() == spec(schedule=None, order=[], overlap=0) == PLAIN
    assert spec(schedule="shuffled") == PLAIN | {"schedule": "shuffled"}
    assert spec(schedule="blocks", order=list(MIXED)) == spec(schedule="blocks") == PLAIN | {"schedule": "blocks"}
    other = [*reversed(MIXED)]
    assert spec(schedule="blocks", order=other) == PLAIN | {"schedule": "blocks", "order": other}
    assert spec(schedule="blocks", overlap=0.5) == PLAIN | {"schedule": "blocks", "overlap": 0.5}


def test_weights_are_shuffled_without_a_schedule():
    weights = {"strategy": "weights", "weights": {"mnli": 2, "qqp": 1, "squad_v1": 1}}
    assert spec(**weights, schedule="shuffled") == spec(**weights)
    stages = [Stage(sampling=weights | {"schedule": schedule}) for schedule in (None, "shuffled", "blocks")]
    assert [mixture.schedule(stage, MIXED) for stage in stages] == [Schedule(), Schedule(), Schedule((0, 1, 2))]


def test_without_a_schedule_the_task_of_a_step_is_drawn():
    assert mixture.schedule(Stage(), MIXED) is None
    assert mixture.schedule(Stage(sampling={"schedule": "shuffled"}), MIXED) == Schedule()
    ordered = {"schedule": "blocks", "order": ["squad_v1", "mnli", "qqp"], "overlap": 0.5}
    assert mixture.schedule(Stage(sampling=ordered), MIXED) == Schedule((2, 0, 1), 0.5)


@pytest.mark.parametrize(
    "order, message",
    [
        (["mnli", "qqp"], r"lacks squad_v1; give all tasks of stage 'mixed'; found \['mnli', 'qqp'\]"),
        (["mnli", "qqp", "squad_v1", "qqp"], "is listed twice; remove one; found 'qqp'"),
        (
            ["mnli", "qqp", "squad"],
            "stage 'mixed' does not train on this task; found 'squad'; allowed: mnli, qqp, squa",
        ),
    ],
)
def test_an_order_has_each_task_of_the_stage_once(order: list[str], message: str):
    with pytest.raises(ConfigError, match=f"'stages.mixed.sampling.order': {message}"):
        check(config(schedule="blocks", order=order))


@pytest.mark.parametrize("schedule", [None, "shuffled"])
@pytest.mark.parametrize("key, value", [("order", [*MIXED]), ("overlap", 0.5)])
def test_order_and_overlap_are_for_blocks_only(schedule: str | None, key: str, value: object):
    assert f"'stages.mixed.sampling': '{key}' is for 'schedule: blocks' only" in refused(
        schedule=schedule, **{key: value}
    )


@pytest.mark.parametrize("overlap", [-0.1, 2.1])
def test_an_overlap_is_at_most_twice_the_training(overlap: float):
    assert "'stages.mixed.sampling.overlap'" in refused(schedule="blocks", overlap=overlap)


def test_a_single_task_has_no_schedule():
    one = config(schedule="shuffled").model_copy(deep=True)
    alone = {"mixed": one.stages["mixed"].model_copy(update={"tasks": ("mnli",)})}
    with pytest.raises(ConfigError, match=r"'stages.mixed.sampling.schedule': stage 'mixed' trains on a single task"):
        check(one.model_copy(update={"stages": alone}))
