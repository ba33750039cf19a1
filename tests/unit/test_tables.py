"""From scores to the table of the paper: levels, deltas, and what is missing."""

import json
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from xstilts.config import GridSettings
from xstilts.metrics import squad
from xstilts.reporting import collect, tables

LANGUAGES, SEEDS = ("en", "de"), (1, 2, 3)
ORDER = {"intermediates": ("mnli", "none"), "targets": ("xnli", "xquad"), "seeds": SEEDS}
LEVELS = {("none", "xnli"): 40.0, ("none", "xquad"): 50.0, ("mnli", "xnli"): 47.0, ("mnli", "xquad"): 48.0}
OVER_LANGUAGES = {"en": 10.0, "de": -10.0}
OVER_SEEDS = {1: -1.0, 2: 0.0, 3: 20.0}
"""What is added to a level in each language and seed: the mean over the one and the median over the other are 0."""


@pytest.fixture
def scores() -> pd.DataFrame:
    """All scores of two intermediates and two targets; another encoder and metrics that are no headline are 0."""
    rows = []
    for (cell, level), lang, seed in product(LEVELS.items(), LANGUAGES, SEEDS):
        value = level + OVER_LANGUAGES[lang] + OVER_SEEDS[seed]
        rows.append(["toy", *cell, lang, "test", seed, "headline", value, 1000 if lang == "en" else 10])
        rows.append(["toy", *cell, lang, "test", seed, "accuracy", 0.0, 10])
        rows.append(["other", *cell, lang, "test", seed, "headline", 0.0, 10])
    return pd.DataFrame(rows, columns=collect.COLUMNS)


def of(scores: pd.DataFrame, **wanted: object) -> pd.Series:
    """Which rows have these values."""
    return (scores[list(wanted)] == pd.Series(wanted)).all(axis=1)


def levels(scores: pd.DataFrame, **order: tuple) -> pd.DataFrame:
    return tables.levels(scores, "toy", GridSettings(**{**ORDER, **order}), "median")


def written(table: pd.DataFrame, folder: Path) -> dict[str, list[str]]:
    """The cells of the Markdown file, by row."""
    tables.write(table, folder, "toy")
    lines = (folder / "toy.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: cells for name, *cells in rows}


def test_a_level_is_the_plain_mean_over_languages_and_the_median_over_seeds(scores: pd.DataFrame):
    table = levels(scores)
    assert {cell: table.loc[cell] for cell in LEVELS} == LEVELS


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


def test_collecting_gives_one_row_for_each_language_and_metric_and_one_for_the_headline(tmp_path: Path):
    answers = {"f1": 80.0, "exact_match": 60.0}
    languages = {
        "en": {"n": 7, "scores": answers, "headline": squad.headline(answers)},
        "de": {"n": 9, "scores": None, "headline": None},
    }
    (tmp_path / "scores.json").write_text(json.dumps({"split": "test", "languages": languages}))
    table = collect.collect(tmp_path, [["toy", "none", "xquad", 1, "."]])
    assert list(table.columns) == collect.COLUMNS
    found = table.set_index(["language", "metric"])["value"].to_dict()
    assert {key: found[key] for key in found if key[0] == "en"} == {
        ("en", "f1"): 80.0,
        ("en", "exact_match"): 60.0,
        ("en", "headline"): 70.0,
    }
    assert list(found)[3:] == [("de", "f1"), ("de", "exact_match"), ("de", "headline")]
    assert all(pd.isna(found[key]) for key in list(found)[3:])
    assert table["n"].to_list() == [7, 7, 7, 9, 9, 9]


def test_parquet_and_csv_hold_the_same_scores(scores: pd.DataFrame, tmp_path: Path):
    collect.write(scores, tmp_path)
    assert pd.read_parquet(tmp_path / "scores.parquet").equals(scores)
    assert pd.read_csv(tmp_path / "scores.csv", keep_default_na=False).equals(scores)
