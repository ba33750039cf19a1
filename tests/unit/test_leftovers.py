"""Temporary files of killed jobs are removed when the entry is finished, and nothing else is."""

from pathlib import Path

import pytest

from xstilts import experiments
from xstilts.config import parse
from xstilts.grid import Grid
from xstilts.paths import SPEC
from xstilts.steps.entry import Entry
from xstilts.store import drafts, leftovers
from xstilts.training.resume import exclusive


@pytest.fixture
def grid(tmp_path: Path) -> Grid:
    """One cell, whose folders are still empty."""
    cells = {"encoders": ["toy"], "targets": ["xnli"]}
    raw = {"store": str(tmp_path), "grid": cells, "encoders": {"toy": {"path": str(tmp_path / "toy")}}}
    return experiments.open_grid(parse(raw))


@pytest.fixture
def model(grid: Grid) -> Entry:
    (found,) = (entry for entry in grid.entries.values() if entry.step == "train_stage")
    return found


def finish(folder: Path, entry: Entry) -> None:
    with drafts.publishing(folder, entry):
        pass


def leave(folder: Path, entry: Entry) -> set[Path]:
    """What a killed training leaves: its state and its lock, a draft, a manifest half written and one set aside."""
    files = {
        drafts.scratch(folder, entry, "training") / "checkpoint-2" / "model.safetensors",
        drafts.scratch(folder, entry, "training.lock"),
        drafts.scratch(folder, entry, "files.4711") / "config.json",
        (folder / entry.manifest).with_name(".manifest.json.4711"),
        (folder / entry.manifest).with_name("manifest.json.damaged"),
    }
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("half")
    return files


def there(folder: Path) -> set[Path]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != SPEC)
    return {path for path in files if ".cache" not in path.parts}


def test_what_was_left_beside_a_finished_entry_goes(tmp_path: Path, grid: Grid, model: Entry):
    finish(tmp_path, model)
    leave(tmp_path, model)
    leftovers.remove(tmp_path, grid)
    assert {path.name for path in (tmp_path / model.path).iterdir()} == {"manifest.json", "spec.json"}


def test_what_an_unfinished_entry_goes_on_from_stays(tmp_path: Path, grid: Grid, model: Entry):
    files = leave(tmp_path, model)
    leftovers.remove(tmp_path, grid)
    assert there(tmp_path) == files


def test_what_a_job_still_holds_stays(tmp_path: Path, grid: Grid, model: Entry):
    finish(tmp_path, model)
    files = leave(tmp_path, model)
    with exclusive(drafts.scratch(tmp_path, model, "training")):
        leftovers.remove(tmp_path, grid)
        assert there(tmp_path) == {*files, tmp_path / model.manifest}


def test_what_other_experiments_have_left_stays(tmp_path: Path, grid: Grid, model: Entry):
    other = tmp_path / model.path.replace("seed-1", "seed-2") / ".training"
    other.mkdir(parents=True)
    leftovers.remove(tmp_path, grid)
    assert other.is_dir()
