"""The tables of the report: what they show, what they mark, and what they leave missing."""

import re
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from xstilts.commands.tables import of_encoder
from xstilts.config import GridSettings
from xstilts.reporting import choice, collect, formats, paper, statistics, tables
from xstilts.reporting.formats import Table
from xstilts.reporting.results import Results

GRID = GridSettings(
    encoders=("my_enc",), intermediates=("none", "mnli", "squad_v1"), targets=("xnli", "xquad", "tatoeba"), seeds=(1, 2)
)
LANGUAGES = {"xnli": ("en", "de"), "xquad": ("en", "de"), "tatoeba": ("de",)}
TEST = {
    ("none", "xnli"): 70.0,
    ("none", "xquad"): 60.0,
    ("none", "tatoeba"): 30.0,
    ("mnli", "xnli"): 72.0,
    ("mnli", "xquad"): 58.0,
    ("mnli", "tatoeba"): 50.0,
    ("squad_v1", "xnli"): 71.0,
    ("squad_v1", "xquad"): 65.0,
    ("squad_v1", "tatoeba"): 40.0,
}
DEV = {
    "mnli": 80.0,
    "mnli/mnli": 79.0,
    "squad_v1/mnli": 81.0,
    "squad_v1": 85.0,
    "mnli/squad_v1": 84.0,
    "squad_v1/squad_v1": 88.0,
}
"""On dev, squad_v1 is the best intermediate for both targets with training; on test, mnli is the best for XNLI."""


def scores() -> pd.DataFrame:
    rows = []
    for (cell, value), seed in product(TEST.items(), GRID.seeds):
        for lang in LANGUAGES[cell[1]]:
            pair = {"f1": value + 5, "exact_match": value - 5} if cell[1] == "xquad" else {"accuracy": value}
            for metric, score in {**pair, "headline": value}.items():
                rows.append(["my_enc", *cell, lang, "test", seed, metric, score, 100])
    return pd.DataFrame(rows, columns=collect.COLUMNS)


def trainings() -> pd.DataFrame:
    rows = []
    for (stages, value), seed in product(DEV.items(), GRID.seeds):
        task = stages.rpartition("/")[2]
        rows.append(["my_enc", stages, seed, task, 10, 99.0, False, 20, stages])
        rows.append(["my_enc", stages, seed, task, 20, value + seed, True, 20, stages])
    return pd.DataFrame(rows, columns=collect.TRAINING_COLUMNS)


def sure() -> pd.DataFrame:
    """The statistics of these scores, in which a change of more than 3 points is significant."""
    rows = []
    for (intermediate, target), value in TEST.items():
        for lang in ("all", *LANGUAGES[target]):
            delta = value - TEST["none", target]
            n = 100 * (len(LANGUAGES[target]) if lang == "all" else 1)
            seeds = 1 if (intermediate, target) == ("none", "tatoeba") else 2
            numbers = {"value": value, "delta": delta, "significant": abs(delta) > 3, "n": n, "seeds": seeds}
            names = {"encoder": "my_enc", "intermediate": intermediate, "target": target, "language": lang}
            rows.append(names | numbers)
    return pd.DataFrame(rows).reindex(columns=statistics.COLUMNS)


def results(**changes) -> Results:
    made = {"scores": scores(), "trainings": trainings(), "statistics": sure()}
    return Results(**{**made, "sizes": {}, "grid": GRID, "over_seeds": "median", **changes})


def without(table: pd.DataFrame, **where: object) -> pd.DataFrame:
    """A table without the numbers of some rows."""
    gone = (table[list(where)] == pd.Series(where)).all(axis=1)
    return table.assign(value=table["value"].mask(gone))


def row(table: Table, name: str) -> list[str]:
    return table.shown.loc[name].to_list()


# The table of the paper


def test_it_has_the_baseline_the_changes_pairs_for_questions_and_the_mean():
    table = paper.targets(results(), "my_enc")
    assert list(table.shown.columns) == ["xnli", "xquad", "tatoeba", "mean"]
    assert row(table, "none") == ["70.0", "65.0 / 55.0", "30.0", "53.3"]
    assert row(table, "mnli") == ["+2.0", "-2.0 / -2.0", "+20.0*", "+6.7"]
    assert row(table, "squad_v1") == ["+1.0", "+5.0 / +5.0*", "+10.0*", "+5.3"]
    assert list(table.numbers.columns) == ["xnli", "xquad f1", "xquad exact_match", "tatoeba", "mean"]


def test_seeds_and_examples_stand_below():
    table = paper.targets(results(), "my_enc")
    assert row(table, "seeds") == ["2", "2", "1–2", ""]
    assert row(table, "examples") == ["200", "200", "100", ""]


def test_a_missing_cell_is_missing_and_so_is_its_mean():
    table = paper.targets(results(scores=without(scores(), intermediate="mnli", target="xquad", seed=2)), "my_enc")
    assert row(table, "mnli") == ["+2.0", "— / —", "+20.0*", "—"]
    assert table.numbers.loc["mnli"].isna().to_list() == [False, True, True, False, True]


def test_without_a_baseline_there_are_scores_and_nothing_is_said_of_changes():
    grid = GRID.model_copy(update={"intermediates": ("mnli", "squad_v1")})
    rows = sure()[sure()["intermediate"] != "none"].assign(significant=False)
    table = paper.targets(results(grid=grid, statistics=rows), "my_enc")
    assert row(table, "mnli") == ["72.0", "63.0 / 53.0", "50.0", "60.0"]
    assert "baseline" not in table.caption


# Languages and groups


def test_a_target_has_its_languages_below_their_mean():
    table = paper.languages(results(), "my_enc", "xquad")
    assert list(table.shown.index) == ["mean", "en", "de"]
    assert list(table.shown.columns) == ["none", "mnli", "squad_v1", "seeds", "examples"]
    assert row(table, "de") == ["60.0", "-2.0", "+5.0*", "2", "100"]


def test_a_missing_language_is_missing():
    found = without(sure(), intermediate="mnli", target="xquad", language="de")
    assert row(paper.languages(results(statistics=found), "my_enc", "xquad"), "de")[:3] == ["60.0", "—", "+5.0*"]


def test_a_group_of_which_a_target_is_missing_has_no_mean():
    table = paper.groups(results(), "my_enc")
    assert row(table, "none") == ["—"] * 5


def test_groups_have_the_means_of_their_targets():
    grid = GRID.model_copy(update={"targets": ("xnli", "pawsx")})
    more = scores().replace({"target": {"xquad": "pawsx"}})
    table = paper.groups(results(scores=more, grid=grid), "my_enc")
    assert row(table, "mnli") == ["65.0", "—", "—", "—", "—"]


# Dev scores and what they choose


def test_intermediates_have_the_dev_scores_of_the_weights_that_were_kept():
    table = choice.intermediates(results(), "my_enc")
    assert row(table, "mnli") == ["mnli", "81.5", "81.0", "82.0", "20", "2"]


def test_an_intermediate_without_the_record_of_a_seed_has_no_dev_score():
    found = trainings()
    table = choice.intermediates(results(trainings=found[(found["stages"] != "mnli") | (found["seed"] != 2)]), "my_enc")
    assert row(table, "mnli") == ["mnli", "—", "—", "—", "—", "1"]
    table = choice.intermediates(results(trainings=found[found["stages"] != "mnli"]), "my_enc")
    assert row(table, "mnli") == ["—", "—", "—", "—", "—", "0"]


def test_the_choice_on_dev_is_reported_on_test_beside_the_oracle():
    table = choice.best(results(), "my_enc")
    assert row(table, "xnli") == ["squad_v1", "82.5", "71.0", "+1.0", "mnli", "72.0", "1.0"]
    assert row(table, "xquad") == ["squad_v1*", "89.5", "65.0", "+5.0", "squad_v1", "65.0", "0.0"]


def test_without_dev_scores_there_is_no_choice_and_no_mean_over_the_other_targets():
    table = choice.best(results(), "my_enc")
    assert row(table, "tatoeba") == ["—", "—", "—", "—", "mnli", "50.0", "—"]
    assert row(table, "mean") == ["—", "—", "—", "—", "—", "62.3", "—"]


@pytest.mark.parametrize("gone", ["none", "mnli"])
def test_nothing_is_best_among_those_that_happen_to_be_there(gone: str):
    found = results(statistics=without(sure(), intermediate=gone, target="xnli"))
    assert row(choice.best(found, "my_enc"), "xnli")[4:] == ["—", "—", "—"]
    stages = "mnli" if gone == "none" else "mnli/mnli"
    found = results(trainings=without(trainings(), stages=stages, seed=1))
    assert row(choice.best(found, "my_enc"), "xnli")[:4] == ["—", "—", "—", "—"]


# The files


TABLES = {table.name: table for table in of_encoder(results(), "my_enc")}


@pytest.mark.parametrize("name", TABLES)
def test_csv_has_the_numbers_and_markdown_the_text(name: str, tmp_path: Path):
    formats.write(TABLES[name], tmp_path, "my_enc")
    written = pd.read_csv(tmp_path / f"my_enc.{name}.csv", index_col=0)
    pd.testing.assert_frame_equal(written, TABLES[name].numbers, check_dtype=False, atol=1e-4)
    text = (tmp_path / f"my_enc.{name}.md").read_text(encoding="utf-8")
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    assert [[cell.strip() for cell in line[1:]] for line in lines[2:]] == TABLES[name].shown.to_numpy().tolist()
    assert text.endswith(f"\n\n{TABLES[name].caption}\n")


@pytest.mark.parametrize("name", TABLES)
def test_latex_is_a_booktabs_table_with_as_many_cells_in_every_row(name: str):
    text = formats.latex(TABLES[name], "my_enc")
    opened, closed = (re.findall(rf"\\{word}{{(\w+)}}", text) for word in ("begin", "end"))
    assert opened == ["table", "tabular"] == closed[::-1]
    assert text.count("{") == text.count("}")
    assert [text.count(f"\\{rule}rule") for rule in ("top", "mid", "bottom")] == [1, 1, 1]
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in rows} == {TABLES[name].shown.shape[1]}
    assert len(rows) == 1 + len(TABLES[name].shown)


@pytest.mark.parametrize("name", TABLES)
def test_latex_has_no_character_that_it_would_take_for_a_command(name: str):
    text = re.sub(r"\\(label|begin|end){.*?}", "", formats.latex(TABLES[name], "my_enc"))
    assert not re.search(r"(?<!\\)[_%#$]", text)
    assert r"my\_enc" in text


@pytest.mark.parametrize("value", [-0.0, 0.0, -0.04, 0.04, -1e-15])
def test_a_change_that_is_shown_as_nothing_has_no_sign(value):
    assert tables.text(value, delta=True) == tables.text(value, delta=False) == "0.0"


def test_no_table_for_programs_holds_a_negative_zero(tmp_path):
    numbers = pd.DataFrame({"xnli": [-0.0, -1e-9, -1.0]}, index=pd.Index(["a", "b", "c"], name="intermediate"))
    formats.write(Table("deltas", "", numbers, numbers.astype(str)), tmp_path, "enc")
    assert (tmp_path / "enc.deltas.csv").read_text().split() == [
        "intermediate,xnli",
        "a,0.0000",
        "b,0.0000",
        "c,-1.0000",
    ]
