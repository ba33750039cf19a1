"""Pending entries: those that are missing, and those that need them."""

from pathlib import Path

import pytest
from grids import Words

from xstilts.config import parse
from xstilts.errors import UserError
from xstilts.grid import Grid
from xstilts.steps.entry import Entry
from xstilts.store.drafts import publishing
from xstilts.store.entries import pending, planned
from xstilts.store.weights import remove_weights


@pytest.fixture
def grid() -> Grid:
    """Two cells: XNLI without an intermediate and after SQuAD."""
    cells = {"encoders": ["toy"], "intermediates": ["none", "squad_v1"], "targets": ["xnli"]}
    return Grid(parse({"grid": cells, "encoders": {"toy": {"path": "toy"}}}), Words())


@pytest.fixture
def full(grid: Grid, tmp_path: Path) -> Path:
    """A store in which every entry of the grid is finished."""
    for entry in grid.entries.values():
        with publishing(tmp_path, entry):
            pass
    return tmp_path


def lose(folder: Path, *entries: Entry) -> set[str]:
    """Delete manifests; return the paths of their entries."""
    for entry in entries:
        (folder / entry.manifest).unlink()
    return {entry.path for entry in entries}


def reports(grid: Grid) -> list[Entry]:
    return [entry for entry in grid.entries.values() if entry.about.experiment]


def test_everything_is_pending_in_an_empty_store(grid: Grid, tmp_path: Path):
    assert pending(tmp_path, grid) == grid.entries


def test_nothing_is_pending_in_a_full_store(grid: Grid, full: Path):
    assert pending(full, grid) == {}


def test_only_what_needs_a_lost_entry_is_pending_with_it(grid: Grid, full: Path):
    cell = grid.cells[1]
    lost = lose(full, cell.predictions, cell.scores, *reports(grid))
    assert pending(full, grid).keys() == lost


def test_an_entry_that_nothing_unfinished_needs_is_not_made_again(grid: Grid, full: Path):
    cell = grid.cells[1]
    lose(full, cell.predictions.inputs["model"], cell.predictions.inputs["features"])
    assert pending(full, grid) == {}
    wanted = lose(full, cell.scores, *reports(grid))
    assert pending(full, grid).keys() == wanted


def test_a_lost_model_is_made_again_from_what_is_there(grid: Grid, full: Path):
    cell = grid.cells[1]
    model = cell.predictions.inputs["model"]
    lost = lose(full, model, cell.predictions, cell.scores, *reports(grid))
    assert pending(full, grid).keys() == lost
    lost |= lose(full, model.inputs["parent"])
    assert pending(full, grid).keys() == lost


def test_a_job_finds_the_entry_that_it_was_started_for(grid: Grid):
    path = grid.cells[0].scores.path
    assert planned(grid, path) == grid.cells[0].scores


def test_a_job_for_a_name_that_stands_for_nothing_any_more_says_what_happened(grid: Grid):
    with pytest.raises(UserError) as error:
        planned(grid, "data/xnli~000")
    assert str(error.value) == (
        "data/xnli~000 is no longer part of this experiment: the code, the configuration or the data have changed "
        "since the run was planned. Nothing is lost; start snakemake again."
    )


def test_a_model_without_weights_is_made_again_where_something_is_to_be_made_from_it(grid: Grid, full: Path):
    cell = grid.cells[1]
    model = cell.predictions.inputs["model"]
    with publishing(full, model) as draft:
        (draft.folder / "model.safetensors").write_text("weights")
    remove_weights(full, model)
    assert pending(full, grid) == {}
    lost = lose(full, cell.predictions, cell.scores, *reports(grid))
    assert pending(full, grid) == {path: grid.entries[path] for path in (*lost, model.path)}


def test_an_entry_that_two_need_is_listed_once_with_all_that_it_needs(grid: Grid, tmp_path: Path):
    # Data and token ids of MNLI, SQuAD and XNLI; mnli, squad_v1 and squad_v1/mnli; two cells; five reports.
    assert len(pending(tmp_path, grid)) == 3 + 3 + 3 + 2 + 2 + 5
