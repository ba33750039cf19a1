"""The tables of the report: numbers, marks and missing values."""

import re
from pathlib import Path

import pandas as pd
import pytest
from known_results import GRID, results, row, scores, sure, without

from xstilts.jobs.tables import of_encoder
from xstilts.reporting import collect, formats, paper
from xstilts.reporting.formats import Table

# The table of the paper


def test_it_has_the_baseline_the_changes_pairs_for_questions_and_the_mean():
    table = paper.targets(results(), "my_enc")
    assert list(table.shown.columns) == ["xnli", "xquad", "tatoeba", "mean"]
    assert list(table.shown.index) == ["none", "mnli", "squad_v1", "seeds", "examples"]
    # The mean has the main_scores: (70 + 60 + 30) / 3, and (2 - 2 + 20) / 3 over it.
    assert row(table, "none") == ["70.0", "65.0 / 55.0", "30.0", "53.3"]
    assert row(table, "mnli") == ["+2.0", "-1.0 / -3.0", "+20.0*", "+6.7"]
    assert row(table, "squad_v1") == ["+1.0", "+4.0 / +6.0*", "+10.0*", "+5.3"]
    assert table.shown.index.name == table.numbers.index.name == "intermediate"


def test_its_numbers_are_those_that_are_shown_with_f1_and_exact_match_apart():
    numbers = paper.targets(results(), "my_enc").numbers
    assert list(numbers.columns) == ["xnli", "xquad f1", "xquad exact_match", "tatoeba", "mean"]
    assert list(numbers.index) == ["none", "mnli", "squad_v1"]
    assert numbers.loc["none"].to_list() == pytest.approx([70, 65, 55, 30, 160 / 3])
    assert numbers.loc["mnli"].to_list() == pytest.approx([2, -1, -3, 20, 20 / 3])


def test_another_encoder_has_its_own_table():
    # It has 100 - score everywhere: what mnli gains, it loses, and nothing is marked.
    table = paper.targets(results(), "other")
    assert row(table, "none") == ["30.0", "35.0 / 45.0", "70.0", "46.7"]
    assert row(table, "mnli") == ["-2.0", "+1.0 / +3.0", "-20.0", "-6.7"]
    assert row(table, "seeds") == ["2", "2", "2", ""]


def test_the_mean_over_seeds_is_shown_and_said_where_that_is_configured():
    found = scores()
    found.loc[found["seed"] == 3, "value"] += 6
    by_mean = paper.targets(results(scores=found, over_seeds="mean"), "my_enc")
    assert row(by_mean, "none")[0] == "72.0"  # 70 + (0 - 1.5 + 7.5) / 3.
    assert "mean over seeds" in by_mean.caption
    assert "median over seeds" in paper.targets(results(), "my_enc").caption


def test_seeds_and_examples_stand_below():
    table = paper.targets(results(), "my_enc")
    assert row(table, "seeds") == ["3", "3", "1–3", ""]
    assert row(table, "examples") == ["200", "200", "200", ""]


def test_a_missing_cell_is_missing_and_so_is_its_mean():
    table = paper.targets(results(scores=without(scores(), intermediate="mnli", target="xquad", seed=2)), "my_enc")
    assert row(table, "mnli") == ["+2.0", "— / —", "+20.0*", "—"]
    assert table.numbers.loc["mnli"].isna().to_list() == [False, True, True, False, True]


def test_a_table_with_changes_says_what_they_are_changes_of():
    reading = (
        "The baseline (none) in its scores, the intermediates in their change over it; median over seeds. "
        "*: differs from the baseline, Holm-corrected p < 0.05 and 95 % interval without 0."
    )
    assert paper.targets(results(), "my_enc").caption == (
        f"F1 / exact match for question answering, of which the mean has their mean. {reading}"
    )
    assert paper.languages(results(), "my_enc", "xquad").caption == f"xquad by language. {reading}"


def test_without_a_baseline_there_are_scores_and_nothing_is_said_of_changes():
    grid = GRID.model_copy(update={"intermediates": ("mnli", "squad_v1")})
    rows = sure()[sure()["intermediate"] != "none"].assign(significant=False)
    table = paper.targets(results(grid=grid, statistics=rows), "my_enc")
    assert row(table, "mnli") == ["72.0", "64.0 / 52.0", "50.0", "60.0"]
    assert table.caption.endswith("of which the mean has their mean. Scores; median over seeds.")


# Languages and groups


def test_a_target_has_its_languages_below_their_mean():
    table = paper.languages(results(), "my_enc", "xquad")
    assert table.name == "languages.xquad"
    assert list(table.shown.index) == ["mean", "en", "de"]
    assert list(table.shown.columns) == ["none", "mnli", "squad_v1", "seeds", "examples"]
    assert row(table, "mean") == ["60.0", "-2.0", "+5.0*", "3", "200"]
    assert row(table, "en") == ["61.0", "-2.0", "+5.0*", "3", "90"]
    assert row(table, "de") == ["58.0", "-1.0", "+5.0*", "3", "110"]
    assert table.numbers.to_dict("index") == {
        "mean": {"none": 60, "mnli": -2, "squad_v1": 5},
        "en": {"none": 61, "mnli": -2, "squad_v1": 5},
        "de": {"none": 58, "mnli": -1, "squad_v1": 5},
    }
    assert table.shown.index.name == table.numbers.index.name == "language"


def test_a_language_is_marked_where_it_is_significant_itself():
    rows = sure()
    german = rows[["encoder", "intermediate", "target", "language"]].eq(["my_enc", "mnli", "xquad", "de"]).all(axis=1)
    table = paper.languages(results(statistics=rows.assign(significant=german)), "my_enc", "xquad")
    assert (
        [text for text in table.shown.to_numpy().ravel() if "*" in text] == [table.shown.loc["de", "mnli"]] == ["-1.0*"]
    )


def test_the_order_of_the_statistics_does_not_matter():
    table = paper.languages(results(statistics=sure().iloc[::-1]), "my_enc", "xquad")
    assert list(table.shown.columns) == ["none", "mnli", "squad_v1", "seeds", "examples"]
    assert table.shown.loc["de"].to_list() == ["58.0", "-1.0", "+5.0*", "3", "110"]


def test_a_missing_language_is_missing():
    found = without(sure(), intermediate="mnli", target="xquad", language="de")
    assert row(paper.languages(results(statistics=found), "my_enc", "xquad"), "de")[:3] == ["58.0", "—", "+5.0*"]


NINE = {
    "xnli": 10.0,
    "pawsx": 20.0,
    "udpos": 30.0,
    "panx": 50.0,
    "xquad": 60.0,
    "mlqa": 70.0,
    "tydiqa": 95.0,
    "bucc2018": 40.0,
    "tatoeba": 75.0,
}


def test_groups_have_the_means_of_their_targets_and_overall_is_the_mean_over_the_nine():
    grid = GRID.model_copy(update={"targets": tuple(reversed(NINE)), "seeds": (1,), "intermediates": ("none", "mnli")})
    rows = [
        ["my_enc", name, target, "en", "test", 1, metric, value + (name == "mnli") * 4, 10]
        for name in grid.intermediates
        for target, value in NINE.items()
        for metric, value in (("main_score", value), ("f1", 0.0))
    ]
    table = paper.groups(results(scores=pd.DataFrame(rows, columns=collect.COLUMNS), grid=grid), "my_enc")
    assert table.shown.to_dict("index") == {
        # (10 + 20) / 2, (30 + 50) / 2, (60 + 70 + 95) / 3, (40 + 75) / 2, and 450 / 9; the groups' mean is 46.9.
        "none": {
            "classification": "15.0",
            "structured prediction": "40.0",
            "question answering": "75.0",
            "retrieval": "57.5",
            "overall": "50.0",
        },
        "mnli": {
            "classification": "19.0",
            "structured prediction": "44.0",
            "question answering": "79.0",
            "retrieval": "61.5",
            "overall": "54.0",
        },
    }
    assert table.numbers.loc["none"].to_list() == [15, 40, 75, 57.5, 50]
    assert (table.name, table.numbers.index.name) == ("groups", "intermediate")
    assert table.caption == "Means over the targets of a group of XTREME, and over all nine; median over seeds."


def test_a_group_of_which_a_target_is_missing_has_no_mean():
    table = paper.groups(results(), "my_enc")
    assert row(table, "none") == ["—"] * 5


# The files


NAMES = [
    "paper",
    "groups",
    "intermediates",
    "best",
    "trainings",
    "languages.xnli",
    "languages.xquad",
    "languages.tatoeba",
]


@pytest.fixture(scope="module")
def made() -> dict[str, Table]:
    """The tables of an encoder."""
    return {table.name: table for table in of_encoder(results(), "my_enc")}


def test_an_encoder_has_these_tables_in_this_order(made: dict[str, Table]):
    assert list(made) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_csv_has_the_numbers_and_markdown_the_text(name: str, made: dict[str, Table], tmp_path: Path):
    formats.write(made[name], tmp_path, "my_enc")
    written = pd.read_csv(tmp_path / f"my_enc.{name}.csv", index_col=0)
    pd.testing.assert_frame_equal(written, made[name].numbers, check_dtype=False, atol=1e-4)
    text = (tmp_path / f"my_enc.{name}.md").read_text(encoding="utf-8")
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    assert [[cell.strip() for cell in line[1:]] for line in lines[2:]] == made[name].shown.to_numpy().tolist()
    assert text.endswith(f"\n\n{made[name].caption}\n")


@pytest.mark.parametrize("name", NAMES)
def test_latex_is_a_booktabs_table_with_as_many_cells_in_every_row(name: str, made: dict[str, Table]):
    text = formats.latex(made[name], "my_enc")
    opened, closed = (re.findall(rf"\\{word}{{(\w+)}}", text) for word in ("begin", "end"))
    assert opened == ["table", "tabular"] == closed[::-1]
    assert text.count("{") == text.count("}")
    assert [text.count(f"\\{rule}rule") for rule in ("top", "mid", "bottom")] == [1, 1, 1]
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in rows} == {made[name].shown.shape[1]}
    assert len(rows) == 1 + len(made[name].shown)


@pytest.mark.parametrize("name", NAMES)
def test_latex_has_no_character_that_it_would_take_for_a_command(name: str, made: dict[str, Table]):
    text = re.sub(r"\\(label|begin|end){.*?}", "", formats.latex(made[name], "my_enc"))
    assert not re.search(r"(?<!\\)[_%#$]", text)
    assert r"my\_enc" in text


def test_no_table_for_programs_holds_a_negative_zero(tmp_path):
    numbers = pd.DataFrame({"xnli": [-0.0, -1e-9, -1.0]}, index=pd.Index(["a", "b", "c"], name="intermediate"))
    formats.write(Table("deltas", "", numbers, numbers.astype(str)), tmp_path, "enc")
    assert (tmp_path / "enc.deltas.csv").read_text().split() == [
        "intermediate,xnli",
        "a,0.0000",
        "b,0.0000",
        "c,-1.0000",
    ]
