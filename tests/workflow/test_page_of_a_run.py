"""A run ends with its page, which knows every cell from its predictions to the files that were read."""

import json
import re

import pytest

from experiments import Attempt


@pytest.fixture(scope="module")
def page(whole: Attempt) -> dict:
    """What is embedded in the page."""
    text = (whole.experiment.reports / "report.html").read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


def test_the_run_names_its_page(whole: Attempt):
    assert str(whole.experiment.reports.relative_to(whole.experiment.folder) / "report.html") in whole.printed


def test_it_has_every_cell_with_predictions(page: dict, whole: Attempt):
    cells = {(cell["intermediate"], cell["target"]): cell for cell in page["cells"]}
    assert set(cells) == {(cell.intermediate, cell.target) for cell in whole.experiment.grid().cells}
    assert all(cell["samples"] and cell["missing"] is None for cell in cells.values())


def test_it_tells_where_and_for_how_long_every_model_was_trained_and_on_what(page: dict):
    entries = page["entries"]
    computed = [entry for entry in entries if entry["step"] in ("train_stage", "predict")]
    assert computed
    assert all(entry["seconds"] > 0 and entry["device"] and entry["libraries"] for entry in computed)
    read = [file for entry in entries for file in entry["files"]]
    assert all(file["rows"] > 0 and file["read_from"] and len(file["sha256"]) == 64 for file in read)
