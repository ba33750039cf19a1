"""From scores to the table of the paper: levels, deltas and missing values."""

from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from xstilts.config import GridSettings
from xstilts.reporting import collect, tables

LANGUAGES, SEEDS = ("en", "de"), (1, 2, 3)
ORDER = {"intermediates": ("mnli", "none"), "targets": ("xnli", "xquad"), "seeds": SEEDS}
LEVELS = {("none", "xnli"): 40.0, ("none", "xquad"): 50.0, ("mnli", "xnli"): 47.0, ("mnli", "xquad"): 48.0}
OFFSETS = {"en": {1: 9.0, 2: 0.0, 3: -9.0}, "de": {1: -9.0, 2: -3.0, 3: 15.0}}
"""What is added to a level in each language and seed: 0, -1.5 and 3 on average over languages, of which the median is 0
and the mean 0.5. The mean of the languages' medians were -1.5, and by numbers of examples English would decide."""


@pytest.fixture
def scores() -> pd.DataFrame:
    """All scores of two intermediates and two targets; another encoder and metrics that are no main_score are 0."""
    rows = []
    for (cell, level), lang, seed in product(LEVELS.items(), LANGUAGES, SEEDS):
        value = level + OFFSETS[lang][seed]
        rows.append(["toy", *cell, lang, "test", seed, "main_score", value, 1000 if lang == "en" else 10])
        rows.append(["toy", *cell, lang, "test", seed, "accuracy", 0.0, 10])
        rows.append(["other", *cell, lang, "test", seed, "main_score", 0.0, 10])
    return pd.DataFrame(rows, columns=collect.COLUMNS)


def of(scores: pd.DataFrame, **wanted: object) -> pd.Series:
    """Which rows have these values."""
    return (scores[list(wanted)] == pd.Series(wanted)).all(axis=1)


def levels(scores: pd.DataFrame, over_seeds: str = "median", **order: tuple) -> pd.DataFrame:
    return tables.levels(scores, "toy", GridSettings(**{**ORDER, **order}), over_seeds)


def written(table: pd.DataFrame, folder: Path) -> dict[str, list[str]]:
    """The cells of the Markdown file, by row."""
    tables.write(table, folder, "toy")
    lines = (folder / "toy.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: cells for name, *cells in rows}


def test_a_level_is_the_median_over_seeds_of_the_plain_mean_over_languages(scores: pd.DataFrame):
    table = levels(scores)
    assert {cell: table.loc[cell] for cell in LEVELS} == LEVELS


def test_a_level_is_the_mean_over_seeds_where_that_is_configured(scores: pd.DataFrame):
    table = levels(scores, over_seeds="mean")
    assert {cell: table.loc[cell] for cell in LEVELS} == {cell: level + 0.5 for cell, level in LEVELS.items()}


def test_a_level_may_be_of_another_metric(scores: pd.DataFrame):
    scores.loc[of(scores, encoder="toy", metric="accuracy", target="xquad"), "value"] = 12.0
    table = tables.levels(scores, "toy", GridSettings(**ORDER), "median", "accuracy")
    assert table.loc["mnli"].to_list() == [0, 12, 6]


def test_seeds_that_the_grid_does_not_have_do_not_count(scores: pd.DataFrame):
    # Without the third, the median of 0 and -1.5.
    assert levels(scores, seeds=(1, 2)).loc["none", "xnli"] == 40 - 0.75


def test_the_last_column_is_the_mean_over_targets(scores: pd.DataFrame):
    table = levels(scores)
    assert list(table.columns) == ["xnli", "xquad", "mean"]
    assert table["mean"].to_dict() == {"none": 45.0, "mnli": 47.5}


def test_rows_and_columns_have_the_order_of_the_configuration(scores: pd.DataFrame):
    table = levels(scores, targets=("xquad", "xnli"))
    assert (list(table.index), list(table.columns)) == (["mnli", "none"], ["xquad", "xnli", "mean"])


def test_the_baseline_comes_first_and_the_changes_that_intermediates_bring_below(scores: pd.DataFrame):
    table = tables.deltas(levels(scores))
    assert list(table.index) == ["none", "mnli"]
    assert table.loc["none"].to_list() == [40.0, 50.0, 45.0]
    assert table.loc["mnli"].to_list() == [7.0, -2.0, 2.5]


def test_without_a_baseline_the_scores_stand_as_they_are(scores: pd.DataFrame, tmp_path: Path):
    table = tables.deltas(levels(scores, intermediates=("mnli",)))
    assert table.loc["mnli"].to_list() == [47.0, 48.0, 47.5]
    assert written(table, tmp_path)["mnli"] == ["47.0", "48.0", "47.5"]


@pytest.mark.parametrize("missing", [{"language": "de", "seed": 3}, {"language": "de"}, {"seed": 3}], ids=str)
def test_a_language_or_a_seed_without_a_score_makes_the_cell_and_the_mean_of_its_row_missing(
    scores: pd.DataFrame, missing: dict
):
    scores.loc[of(scores, intermediate="mnli", target="xquad", **missing), "value"] = None
    table = levels(scores)
    assert table.isna().to_dict("index")["mnli"] == {"xnli": False, "xquad": True, "mean": True}
    assert not table.loc["none"].isna().any()


@pytest.mark.parametrize("absent", [{}, {"seed": 3}], ids=str)
def test_a_cell_without_any_row_or_without_those_of_a_seed_is_missing(scores: pd.DataFrame, absent: dict):
    table = levels(scores[~of(scores, intermediate="mnli", target="xquad", **absent)])
    assert table.isna().to_dict("index")["mnli"] == {"xnli": False, "xquad": True, "mean": True}


def test_a_target_without_scores_is_a_column_without_numbers_and_not_a_column_less(scores: pd.DataFrame):
    table = levels(scores[~of(scores, target="xquad")])
    assert table["xquad"].isna().all()
    assert table["mean"].isna().all()


def test_what_is_missing_is_a_dash_and_what_is_gained_or_lost_has_its_sign(scores: pd.DataFrame, tmp_path: Path):
    scores.loc[of(scores, intermediate="none", target="xquad"), "value"] = None
    rows = written(tables.deltas(levels(scores)), tmp_path)
    assert rows["intermediate"] == ["xnli", "xquad", "mean"]
    assert rows["none"] == ["40.0", "—", "—"]
    assert rows["mnli"] == ["+7.0", "—", "—"]


def test_the_csv_has_the_numbers_of_the_table(scores: pd.DataFrame, tmp_path: Path):
    table = tables.deltas(levels(scores))
    tables.write(table, tmp_path, "toy")
    assert pd.read_csv(tmp_path / "toy.csv", index_col="intermediate").equals(table.rename_axis("intermediate"))


def test_files_have_every_row_with_scores_and_changes_rounded_for_their_readers(tmp_path: Path):
    table = pd.DataFrame(
        {"xnli": [70.0, 0.25, -1.06], "mean": [61.123456, -0.04, float("nan")]}, index=["none", "mnli", "qqp"]
    )
    tables.write(table, tmp_path / "new" / "folder", "enc")
    folder = tmp_path / "new" / "folder"
    assert (folder / "enc.csv").read_text(encoding="utf-8").splitlines() == [
        "intermediate,xnli,mean",
        "none,70.0000,61.1235",
        "mnli,0.2500,-0.0400",
        "qqp,-1.0600,",
    ]
    assert (folder / "enc.md").read_text(encoding="utf-8").splitlines() == [
        "| intermediate | xnli | mean |",
        "| --- | ---: | ---: |",
        "| none | 70.0 | 61.1 |",
        "| mnli | +0.2 | 0.0 |",
        "| qqp | -1.1 | — |",
    ]
    tables.write(table, folder, "again")


@pytest.mark.parametrize(
    "value, score, change",
    [
        (12.34, "12.3", "+12.3"),
        (-12.36, "-12.4", "-12.4"),
        (100.0, "100.0", "+100.0"),
        (0.06, "0.1", "+0.1"),
        (-0.06, "-0.1", "-0.1"),
        *((nothing, "0.0", "0.0") for nothing in (0.0, -0.0, 0.04, -0.04, -1e-15)),
        (float("nan"), "—", "—"),
    ],
)
def test_a_number_is_rounded_and_a_change_has_its_sign_unless_it_is_shown_as_nothing(value, score: str, change: str):
    assert tables.text(value, delta=False) == score
    assert tables.text(value, delta=True) == change


def test_in_the_terminal_gains_are_green_and_losses_red():
    table = pd.DataFrame({"xnli": [70.0, 0.5, -0.5], "mean": [-1.0, 0.04, float("nan")]}, index=["none", "mnli", "qqp"])
    shown = tables.rich_table(table, "what it is")
    assert (shown.title, [column.header for column in shown.columns]) == (
        "what it is",
        ["intermediate", "xnli", "mean"],
    )
    assert [column.justify for column in shown.columns] == ["left", "right", "right"]
    assert [list(column.cells) for column in shown.columns] == [
        ["none", "mnli", "qqp"],
        ["70.0", "[green]+0.5[/]", "[red]-0.5[/]"],
        ["-1.0", "0.0", "—"],
    ]
    without_baseline = tables.rich_table(table.loc[["mnli"]], "scores")
    assert list(without_baseline.columns[1].cells) == ["0.5"]


def test_in_the_terminal_changes_have_their_spread_and_uncertain_ones_are_grey():
    table = pd.DataFrame({"xnli": [70.0, 0.5, -0.5], "mean": [70.0, 0.5, -0.5]}, index=["none", "mnli", "qqp"])
    spread = pd.DataFrame({"xnli": [1.04, 0.06, float("nan")], "mean": [2.0, 0.0, 3.0]}, index=table.index)
    uncertain = pd.DataFrame({"xnli": [False, True, False]}, index=table.index)
    shown = tables.rich_table(table, "", spread, uncertain)
    assert [list(column.cells) for column in shown.columns[1:]] == [
        ["70.0 ±1.0", "[dim]+0.5[/] ±0.1", "[red]-0.5[/]"],
        ["70.0 ±2.0", "[green]+0.5[/] ±0.0", "[red]-0.5[/] ±3.0"],
    ]


def test_a_spread_is_that_of_the_changes_of_the_seeds():
    scores = pd.DataFrame(
        [
            ("toy", intermediate, target, lang, seed, "main_score", value + 10 * (lang == "de"))
            for intermediate, target, values in [
                ("none", "xnli", (60.0, 62.0)),
                ("mnli", "xnli", (61.0, 67.0)),
                ("none", "panx", (50.0, 50.0)),
                ("mnli", "panx", (52.0, 50.0)),
            ]
            for seed, value in zip((1, 2), values, strict=True)
            for lang in ("en", "de")
        ],
        columns=["encoder", "intermediate", "target", "language", "seed", "metric", "value"],
    )
    grid = GridSettings(encoders=("toy",), intermediates=("none", "mnli"), targets=("xnli", "panx"), seeds=(1, 2))
    found = tables.spreads(scores, "toy", grid)
    # The changes are +1 and +5, +2 and 0, in the mean +1.5 and +2.5; the mean of the baseline is 60 and 61.
    expected = {"xnli": [2**0.5, 8**0.5], "panx": [0.0, 2**0.5], "mean": [0.5**0.5, 0.5**0.5]}
    pd.testing.assert_frame_equal(found, pd.DataFrame(expected, index=["none", "mnli"]), check_names=False)
    assert tables.spreads(scores, "toy", grid.model_copy(update={"seeds": (1,)})).isna().all(axis=None)
