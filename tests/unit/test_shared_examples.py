"""Languages that share their examples: how many rows a plan and the reports say that a training has."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fabricated import SETTINGS, World, of_step

from xstilts.grid import Grid
from xstilts.inspection.workload import of_training
from xstilts.reporting.experiment_results import _sizes
from xstilts.store.drafts import publishing

IDS = {"en": range(100), "de": range(20, 120)}
"""Eighty examples are in both languages."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


def grid(world: World, rows: int | None = None, task: str = "pawsx") -> Grid:
    stage = {"languages": ["en", "de"], "languages_share": "split", "rows": rows, "epochs": 1, "batch_size": 32}
    own = {**SETTINGS["grid"], "intermediates": ["none", task], "targets": ["tatoeba"]}
    return world.grid(grid=own, stages={task: stage}, source="hub")


def read(world: World, found: Grid) -> None:
    """Write the examples, which a job would read."""
    for entry in of_step(found, "read_task"):
        with publishing(world.store, entry) as draft:
            for name in entry.spec["files"]:
                ids = [str(one) for one in IDS.get(name.partition(".")[2], ())]
                pq.write_table(pa.table({"id": pa.array(ids, pa.string())}), draft.folder / f"{name}.parquet")
                draft.notes[name] = {"rows": len(ids)}


def counted(world: World, found: Grid) -> tuple[int, int, bool]:
    """What a plan says of the training: rows, steps, and whether they are estimated."""
    (training,) = {entry.path: entry for entry in of_step(found, "train_stage") if entry.about.seed == 1}.values()
    work = of_training(world.store, training)
    return work.rows, work.steps, work.estimated


@pytest.mark.parametrize(
    "rows, published, steps, used, estimated", [(None, 49_401, 1_544, 120, True), (90, 90, 3, 90, False)]
)
def test_translations_are_counted_once(world: World, rows, published, steps, used, estimated):
    found = grid(world, rows)
    assert counted(world, found) == (published, steps, estimated)
    read(world, found)
    assert counted(world, found) == (used, -(-used // 32), False)
    assert _sizes(world.store, found) == {"none": 0, "pawsx": used}


@pytest.mark.parametrize("rows, published, used", [(None, 40_000, 200), (150, 150, 150)])
def test_examples_that_are_no_translations_are_all_counted(world: World, rows, published, used):
    found = grid(world, rows, task="panx")
    assert counted(world, found) == (published, -(-published // 32), False)
    read(world, found)
    assert counted(world, found) == (used, -(-used // 32), False)
    assert _sizes(world.store, found) == {"none": 0, "panx": used}
