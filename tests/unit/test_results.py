"""What reports show is read as the jobs wrote it."""

import re
from pathlib import Path

import pandas as pd
import pytest
from fabricated import ROWS, World, of_step
from invented_results import invented

from xstilts.errors import UserError
from xstilts.grid import Grid
from xstilts.reporting import results
from xstilts.reporting.results import Results
from xstilts.store import publishing

MADE = invented(("none", "mnli", "squad_v1/mnli"), ("xnli", "pawsx", "tatoeba"), seeds=(1,))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def publish(world: World, grid: Grid, entry: str, **frames: pd.DataFrame) -> None:
    with publishing(world.store, getattr(grid, entry)) as draft:
        for name, frame in frames.items():
            frame.to_parquet(draft.folder / f"{name}.parquet")


def read(world: World, *lost: str) -> Results:
    """The results of a finished experiment of which the data of some tasks are lost."""
    grid = world.grid()
    world.finish(entry for entry in of_step(grid, "read_task") if entry.about["task"] not in lost)
    publish(world, grid, "collected", scores=MADE.scores, trainings=MADE.trainings)
    publish(world, grid, "statistics", statistics=MADE.statistics)
    return results.read(world.store, grid)


def test_the_frames_are_those_that_were_written(world: World):
    found = read(world)
    for name in ("scores", "trainings", "statistics"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(MADE, name))
    assert found.over_seeds == "median"
    assert list(found.grid.intermediates) == ["none", "mnli", "squad_v1/mnli"]


def test_the_size_of_an_intermediate_is_that_of_all_its_stages(world: World):
    assert read(world).sizes == {"none": 0, "mnli": ROWS, "squad_v1/mnli": 2 * ROWS}


def test_a_size_is_not_known_without_the_data_of_every_stage(world: World):
    assert read(world, "squad_v1").sizes == {"none": 0, "mnli": ROWS, "squad_v1/mnli": None}


def test_the_models_are_all_that_had_to_be_trained(world: World):
    assert set(read(world).models) == {
        "mnli",
        "pawsx",
        "mnli/mnli",
        "mnli/pawsx",
        "squad_v1",
        "squad_v1/mnli",
        "squad_v1/mnli/mnli",
        "squad_v1/mnli/pawsx",
    }


def test_results_that_are_not_finished_are_named(world: World):
    grid = world.grid()
    publish(world, grid, "collected", scores=MADE.scores, trainings=MADE.trainings)
    with pytest.raises(UserError, match=re.escape(grid.statistics.path)):
        results.read(world.store, grid)
