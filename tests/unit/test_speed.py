"""Durations of jobs are estimated from all measurements of their kind."""

from pathlib import Path

import pytest
from fabricated import World, of_step

from xstilts.inspection.speed import Measurement, Speed, measurements
from xstilts.store.contents import Contents

MEASURED = [
    Measurement("train_stage", "large", "mnli", "a GPU", 10.0, 100),
    Measurement("train_stage", "large", "mnli", "a GPU", 10.0, 900),
    Measurement("train_stage", "large", "qqp", "a GPU", 30.0, 1000),
    Measurement("train_stage", "large", "mnli", "cpu", 5000.0, 10),
    Measurement("train_stage", "base", "mnli", "a GPU", 1.0, 1000),
    Measurement("predict", "large", "mnli", "a GPU", 7.0, 1000),
]


@pytest.mark.parametrize(
    "job, seconds",
    [
        # 20 seconds for 1,000 examples; the mean of the two rates were 0.056 a piece.
        (("train_stage", "large", "mnli", 500), 10.0),
        (("train_stage", "large", "qqp", 500), 15.0),
        # None of its name: 50 seconds for the 2,000 examples of the others.
        (("train_stage", "large", "squad_v1", 500), 12.5),
        (("predict", "large", "xnli", 500), 3.5),
        (("train_stage", "base", "qqp", 500), 0.5),
        (("predict", "base", "mnli", 500), None),
        (("train_stage", "huge", "mnli", 500), None),
    ],
)
def test_a_job_takes_the_seconds_of_all_jobs_like_it_over_their_examples(job: tuple, seconds: float | None):
    assert Speed(MEASURED, "a GPU").seconds(*job) == (None if seconds is None else pytest.approx(seconds))


def test_another_device_has_its_own_speed():
    assert Speed(MEASURED, "cpu").seconds("train_stage", "large", "mnli", 5) == pytest.approx(2500)
    assert Speed(MEASURED, "another GPU").seconds("train_stage", "large", "mnli", 5) is None


def test_what_finished_jobs_have_measured_is_read_from_the_store(tmp_path: Path):
    world = World(tmp_path)
    grid = world.grid()
    took = {"seconds": 2.5, "examples": 10, "device": "a GPU"}
    trained, predicted = of_step(grid, "train_stage"), of_step(grid, "predict")
    world.finish([*trained[:-1], *predicted], measured=took)
    world.finish(trained[-1:], measured={**took, "examples": 0})
    found = measurements(Contents(world.store))
    names = sorted(entry.path.split("/")[-2].partition("~")[0] for entry in trained[:-1])
    assert sorted(one.name for one in found if one.step == "train_stage") == names
    assert {one.name for one in found if one.step == "predict"} == {"xnli", "pawsx", "tatoeba"}
    assert {(one.encoder, one.device, one.seconds, one.examples) for one in found} == {("toy", "a GPU", 2.5, 10)}
