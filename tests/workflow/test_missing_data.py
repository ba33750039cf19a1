"""Data that a user does not have, such as the licensed CCGbank, cost the cells that need them and no others."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments import Attempt, attempt, experiment
from xstilts.steps.entry import Entry


@pytest.fixture(scope="module")
def unlicensed(world: Callable[[str], Path]) -> Attempt:
    """An experiment with an intermediate whose data are not there."""
    folder = world("unlicensed")
    shutil.rmtree(folder / "data" / "ccg")
    return attempt(experiment(folder, "unlicensed", ["none", "ccg"], ["xnli", "tatoeba"]))


def needs_ccgbank(entry: Entry) -> bool:
    return entry.path.startswith("data/ccg.train~") or any(map(needs_ccgbank, entry.inputs.values()))


def test_everything_else_is_finished(unlicensed: Attempt):
    assert unlicensed.status != 0
    lost = {path for path, entry in unlicensed.entries.items() if needs_ccgbank(entry)}
    assert unlicensed.finished == unlicensed.entries.keys() - lost
    cells = unlicensed.experiment.grid().cells
    assert {cell.intermediate for cell in cells if cell.scores.path in unlicensed.finished} == {"none"}


def test_the_first_line_of_the_log_says_what_to_bring_and_how_to_do_without(unlicensed: Attempt):
    (log,) = (unlicensed.experiment.folder / "logs" / "data").glob("ccg.train~*.log")
    first = log.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("error: ")
    for part in ("LDC2005T13", "licensed", "data/AUTO", "train.tsv", "leave 'ccg' out of grid.intermediates"):
        assert part in first


def test_the_run_ends_with_what_failed_and_what_is_missing_because_of_it(unlicensed: Attempt):
    printed = unlicensed.printed
    end = printed[printed.index("1 job failed; missing cells as a result: 2 of 4") :].splitlines()
    assert end[1].startswith("- reading the training data of ccg (dependent cells: 2): ")
    assert "LDC2005T13" in end[1]
    assert (unlicensed.experiment.folder / end[2].strip()).is_file()
    assert printed.index("cells are finished; — marks missing scores") < printed.index(end[0])


def test_the_table_of_what_is_finished_shows_the_gap(unlicensed: Attempt):
    printed = " ".join(unlicensed.printed.split())
    assert "2 of 4 cells are finished; — marks missing scores" in printed
