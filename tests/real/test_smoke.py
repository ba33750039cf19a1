"""A small grid on a few real examples, with a real encoder: everything is there, whatever the numbers are."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from xstilts import experiments
from xstilts.grid import Grid
from xstilts.reporting import gallery
from xstilts.reporting.figures import FORMATS, TITLES
from xstilts.store.entries import finished

INTERMEDIATES = ["none", "mnli", "hellaswag", "ccg", "squad_v1", "multitask"]
LANGUAGES = {"udpos": ["en", "de", "ru"], "tydiqa": ["en", "ru", "ko"], "tatoeba": ["de", "ru", "ko"]}
UNLABELLED = "tydiqa"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reports(run: Callable[..., Path]) -> Path:
    """The reports of the grid."""
    return run("smoke", "config.yaml", "smoke.yaml")


@pytest.fixture(scope="module")
def grid(reports: Path) -> Grid:
    """The grid, as it was run."""
    return experiments.load(reports).grid


def test_every_language_of_every_cell_has_a_score_where_there_is_gold_and_a_gap_where_there_is_none(reports: Path):
    scores = pd.read_csv(reports / "scores.csv", keep_default_na=False, na_values=[""])
    found = scores[scores["metric"] == "main_score"].set_index(["intermediate", "target", "language"])["value"]
    wanted = [
        (name, target, language) for name in INTERMEDIATES for target in LANGUAGES for language in LANGUAGES[target]
    ]
    assert sorted(found.index) == sorted(wanted)
    assert {key for key in wanted if pd.isna(found[key])} == {key for key in wanted if key[1] == UNLABELLED}
    assert found.dropna().between(0, 100).all()


def test_every_language_is_predicted(grid: Grid):
    store = grid.config.store
    for cell in grid.cells:
        files = (store / cell.predictions.path / "predictions" / cell.target).iterdir()
        assert {file.stem for file in files} == {f"test-{language}" for language in LANGUAGES[cell.target]}


def test_statistics_have_intervals_and_tests_where_there_are_scores(reports: Path):
    table = pd.read_csv(reports / "statistics.csv", keep_default_na=False, na_values=[""])
    assert len(table) == len(INTERMEDIATES) * sum(1 + len(languages) for languages in LANGUAGES.values())
    is_gap = table["target"] == UNLABELLED
    assert table.loc[is_gap, ["value", "low", "high", "delta", "p"]].isna().all(axis=None)
    assert table.loc[~is_gap, ["value", "low", "high"]].notna().all(axis=None)
    assert table.loc[~is_gap & (table["intermediate"] != "none"), ["delta", "p_adjusted"]].notna().all(axis=None)


def test_the_table_has_a_dash_for_what_is_missing_and_for_its_mean(reports: Path):
    lines = (reports / "tables" / "me5-small.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [row[0] for row in rows[2:]] == INTERMEDIATES
    for _, udpos, tydiqa, tatoeba, mean in rows[2:]:
        assert [udpos == "—", tydiqa, tatoeba == "—", mean] == [False, "—", False, "—"]


def test_every_report_is_there(reports: Path, grid: Grid):
    assert [entry.path for entry in grid.entries.values() if not finished(grid.config.store, entry)] == []
    shown = [grid.config.store / item.path for item in gallery.tables(grid) + gallery.figures(grid)]
    drawn = [reports / "figures" / "me5-small" / f"{name}.{suffix}" for name in TITLES for suffix in FORMATS]
    for file in (*shown, *drawn, reports / "report.html"):
        assert file.stat().st_size > 0, file
