"""Results are read as the jobs wrote them."""

from pathlib import Path

import pandas as pd
import pytest
from fabricated import ROWS, SETTINGS, World, of_step
from invented_results import CORRECTED, invented, of_targets
from known_results import own_stages

from xstilts.config import GridSettings
from xstilts.errors import UserError
from xstilts.grid import Grid
from xstilts.reporting import experiment_results
from xstilts.reporting.experiment_results import Results
from xstilts.steps.entry import Entry
from xstilts.store.drafts import publishing

MADE = invented(("none", "mnli", "squad_v1/mnli"), ("xnli", "pawsx", "tatoeba"), seeds=(1,))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


TWO = GridSettings(encoders=("one", "two"), intermediates=("none", "mnli"), targets=("xnli",), seeds=(1,))


def of(grid: GridSettings, statistics: pd.DataFrame | None = None) -> Results:
    """Results of which only this is known."""
    nothing = pd.DataFrame()
    return Results(
        nothing, nothing, nothing if statistics is None else statistics, {}, grid, "median", own_stages(grid)
    )


def test_there_are_changes_to_show_with_a_baseline_and_another_intermediate():
    for intermediates, shown in {
        ("none", "mnli", "qqp"): (["mnli", "qqp"], True, True),
        ("mnli", "none"): (["mnli"], True, True),
        ("none",): ([], True, False),
        ("mnli",): (["mnli"], False, False),
    }.items():
        found = of(TWO.model_copy(update={"intermediates": intermediates}))
        assert (found.intermediates, found.has_baseline, found.comparable) == shown
    assert found.models == ()


def test_the_statistics_of_an_encoder_are_its_own_by_target_or_by_language():
    rows = [
        (encoder, name, language)
        for encoder in ("one", "two")
        for name in ("none", "mnli")
        for language in ("all", "en", "de")
    ]
    table = pd.DataFrame(rows, columns=["encoder", "intermediate", "language"])
    found = of(TWO, table)
    assert found.by_target("two").to_numpy().tolist() == [["two", "none", "all"], ["two", "mnli", "all"]]
    assert found.by_language("one").to_numpy().tolist() == [
        ["one", name, language] for name in ("none", "mnli") for language in ("en", "de")
    ]
    assert found.changes(found.by_target("two")).to_numpy().tolist() == [["two", "mnli", "all"]]


def publish(world: World, entry: Entry, **frames: pd.DataFrame) -> None:
    with publishing(world.store, entry) as draft:
        for name, frame in frames.items():
            frame.to_parquet(draft.folder / f"{name}.parquet")


def publish_statistics(world: World, grid: Grid, *lost: str) -> None:
    found = of_targets(MADE.statistics)
    for target in grid.statistics.keys() - lost:
        publish(world, grid.statistics[target], statistics=found[target])


def read(world: World, *lost: str, **changes) -> Results:
    """The results of a finished experiment of which the data of some tasks are lost."""
    grid = world.grid(**changes)
    world.finish(entry for entry in of_step(grid, "read_task") if entry.about.task not in lost)
    publish(world, grid.collected, scores=MADE.scores, trainings=MADE.trainings)
    publish_statistics(world, grid)
    return experiment_results.read(world.store, grid)


def test_the_frames_are_those_that_were_written(world: World):
    found = read(world)
    for name in ("scores", "trainings"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(MADE, name))
    keys = ["encoder", "intermediate", "target", "language"]
    mine, theirs = (table.set_index(keys).drop(columns=CORRECTED) for table in (found.statistics, MADE.statistics))
    pd.testing.assert_frame_equal(mine, theirs.loc[mine.index])
    assert len(mine) == len(theirs)
    assert found.over_seeds == "median"
    assert read(world, report={"over_seeds": "mean"}).over_seeds == "mean"
    assert list(found.grid.intermediates) == ["none", "mnli", "squad_v1/mnli"]


def test_the_size_of_an_intermediate_is_that_of_all_its_stages(world: World):
    assert read(world).sizes == {"none": 0, "mnli": ROWS, "squad_v1/mnli": 2 * ROWS}


def test_the_size_of_a_stage_is_that_of_all_its_tasks_and_languages_in_training_alone(world: World):
    stages = {"both": {"tasks": ["mnli", "pawsx"], "languages": ["en", "de"]}}
    changes = {
        "stages": stages,
        "grid": {**SETTINGS["grid"], "intermediates": ["none", "both"], "targets": ["tatoeba"]},
    }
    grid = world.grid(**changes)
    rows = {("mnli", "en"): 1000, ("mnli", "de"): 200, ("pawsx", "en"): 30, ("pawsx", "de"): 4}
    for entry in of_step(grid, "read_task"):
        with publishing(world.store, entry) as draft:
            for name in entry.spec["files"]:
                split, _, lang = name.partition(".")
                count = rows[entry.about.task, lang] if split == "train" else 7
                draft.notes[name] = {"rows": count}
    publish(world, grid.collected, scores=MADE.scores, trainings=MADE.trainings)
    publish_statistics(world, grid)
    assert experiment_results.read(world.store, grid).sizes == {"none": 0, "both": 1234}


def test_a_size_is_not_known_without_the_data_of_every_stage(world: World):
    assert read(world, "squad_v1").sizes == {"none": 0, "mnli": ROWS, "squad_v1/mnli": None}


def test_the_models_are_all_that_had_to_be_trained_each_once(world: World):
    more = {**SETTINGS["grid"], "seeds": [1, 2]}
    assert sorted(read(world, grid=more).models) == [
        "mnli",
        "mnli/mnli",
        "mnli/pawsx",
        "pawsx",
        "squad_v1",
        "squad_v1/mnli",
        "squad_v1/mnli/mnli",
        "squad_v1/mnli/pawsx",
    ]


def test_the_statistics_of_all_targets_are_one_table_in_the_order_of_the_grid_with_corrected_p_values(world: World):
    found = read(world).statistics
    assert list(found[["intermediate", "target"]].drop_duplicates().itertuples(index=False, name=None)) == [
        (name, target) for name in MADE.grid.intermediates for target in MADE.grid.targets
    ]
    whole = found[(found["language"] == "all") & found["p"].notna()].sort_values("p")
    raised = [p * (len(whole) - rank) for rank, p in enumerate(whole["p"])]
    expected = [min(1, max(raised[: rank + 1])) for rank in range(len(raised))]
    assert len(whole) == 2 * 3
    assert whole["p_adjusted"].to_list() == pytest.approx(expected)


def test_results_that_are_not_finished_are_named_with_what_to_do(world: World):
    grid = world.grid()
    publish_statistics(world, grid, "pawsx")
    for entry in (grid.collected, grid.statistics["pawsx"]):
        with pytest.raises(UserError) as refused:
            experiment_results.read(world.store, grid)
        assert str(refused.value) == f"{world.store / entry.path} is not finished; run snakemake first."
        publish(world, grid.collected, scores=MADE.scores, trainings=MADE.trainings)


def test_an_interval_holds_zero_if_it_exists_and_0_is_within_or_at_its_end():
    rows = [(-1.0, 1.0, True), (0.0, 2.0, True), (-2.0, 0.0, True), (0.1, 1.0, False), (-1.0, -0.1, False)]
    table = pd.DataFrame([*rows, (float("nan"), float("nan"), False)], columns=["delta_low", "delta_high", "holds"])
    assert experiment_results.holds_zero(table).tolist() == table["holds"].tolist()
