"""Reports of a grid in which not all targets are evaluated after all intermediates: the other cells are blank."""

import math
from dataclasses import replace
from io import StringIO
from types import SimpleNamespace

import pytest
from grids import Words
from partial import LONG, PAIRS, WHOLE, partial
from rich.console import Console

from xstilts import labels
from xstilts.commands import status
from xstilts.config import parse
from xstilts.grid import Grid
from xstilts.jobs.tables import of_encoder
from xstilts.reporting import choice, paper, tables
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import correlation, deltas, languages
from xstilts.reporting.figures.charts import charts
from xstilts.reporting.page import document
from xstilts.reporting.relabelling import relabelled

MISSING = "—"


@pytest.fixture(scope="module")
def results() -> Results:
    return partial()


def main(results: Results):
    return tables.deltas(tables.levels(results.scores, "toy", results.grid, "median"))


def test_markdown_is_blank_where_a_combination_is_not_part_of_the_grid(results: Results):
    lines = tables.markdown(main(results), results.grid).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:6]]
    assert cells[0] == ["intermediate", "xnli@de", "xnli@zh", "mean"]
    assert [[bool(cell) for cell in row[1:]] for row in cells[2:]] == [
        [True, True, True],
        [True, False, False],
        [False, True, False],
        [True, True, True],
    ]
    assert cells[5][0] == "squad_v1@4langs"
    assert lines[-1] == "squad_v1@4langs: ar, de, en, zh."


def test_a_score_that_is_not_there_is_missing_and_not_blank(results: Results):
    gone = results.scores.query("not (intermediate == 'mnli@de' and target == 'xnli@de')")
    lines = tables.markdown(main(replace(results, scores=gone)), results.grid).splitlines()
    assert lines[3] == f"| mnli@de | {MISSING} |  |  |"


def test_the_terminal_is_blank_there_too(results: Results):
    console = Console(width=100, record=True, file=StringIO())
    console.print(tables.rich_table(main(results), "title", grid=results.grid))
    text = console.export_text()
    assert MISSING not in text
    assert "squad_v1@4langs: ar, de, en, zh" in " ".join(text.split())


def test_the_table_of_the_paper_is_blank_there_and_counts_what_is_there(results: Results):
    shown = paper.targets(results, "toy").shown
    assert shown.loc["mnli@de", ["xnli@zh", "mean"]].to_list() == ["", ""]
    assert shown.loc["mnli@zh", "xnli@de"] == ""
    assert shown.loc["seeds"].to_list() == ["3", "3", ""]
    assert not shown.isin([MISSING]).any().any()


def test_the_languages_of_a_target_have_the_columns_of_its_intermediates(results: Results):
    table = paper.languages(results, "toy", "xnli@de")
    assert list(table.numbers) == ["none", "mnli@de", LONG]
    assert not table.shown.isin([MISSING, ""]).any().any()


def test_the_best_intermediate_is_chosen_among_those_of_the_target(results: Results):
    of = results.by_target("toy").query("target == 'xnli@zh'").set_index("intermediate")["value"]
    assert choice.best(results, "toy").numbers.loc["xnli@zh", "oracle"] == of.idxmax()
    assert set(of.index) == {"none", "mnli@zh", LONG}


def test_the_numbers_of_a_table_have_full_names_and_its_text_labels(results: Results):
    table = next(one for one in of_encoder(results, "toy") if one.name == "paper")
    assert list(table.numbers.index) == ["none", "mnli@de", "mnli@zh", LONG]
    assert list(table.shown.index)[:4] == ["none", "mnli@de", "mnli@zh", "squad_v1@4langs"]
    assert table.caption.endswith("squad_v1@4langs: ar, de, en, zh.")


def test_names_that_would_have_one_label_are_numbered():
    names = ("mnli@ar+bg+de+el", "none", "squad_v1/mnli@ar+bg+de+es", "mnli@de")
    known = labels.labels(names)
    assert known == {"mnli@ar+bg+de+el": "mnli@4langs", "mnli@ar+bg+de+es": "mnli@4langs-2"}
    assert labels.labelled(names[2], known) == "squad_v1/mnli@4langs-2"
    assert labels.notes(known, "squad_v1/mnli@4langs-2") == ["mnli@4langs-2: ar, bg, de, es."]


def test_results_without_long_names_are_the_same_results():
    short = partial(PAIRS)
    assert relabelled(short) is short


def rows(chart) -> list[dict]:
    return chart.to_dict()["data"]["values"]


def test_the_heat_map_has_no_cell_there_and_no_mean(results: Results):
    there = {(row["intermediate"], row["target"]) for row in rows(deltas.chart(relabelled(results), "toy"))}
    short = {("squad_v1@4langs" if one == LONG else one, other) for one, other in PAIRS | WHOLE}
    assert there == short | {("none", "mean"), ("squad_v1@4langs", "mean")}


def test_the_means_of_a_language_are_over_all_targets_that_have_it(results: Results):
    drawn = rows(languages.chart(results, "toy"))
    assert {row["intermediate"] for row in drawn} == {LONG}
    none = languages.chart(partial(PAIRS), "toy").to_dict()
    assert none["title"]["subtitle"] == ["No intermediate precedes all targets of a language."]


def test_a_correlation_is_over_all_intermediates(results: Results):
    subtitle = correlation.chart(results, "toy").to_dict()["title"]["subtitle"]
    assert subtitle == ["No two targets are evaluated after all intermediates."]


def test_every_figure_can_be_drawn(results: Results):
    for one in (results, partial(PAIRS)):
        assert all(chart.to_dict() for chart in charts(relabelled(one), "toy").values())


def test_the_page_has_means_only_of_rows_that_are_complete(results: Results):
    page = document.of_results(results)
    assert set(page["means"]["toy"]) == {"none", LONG}
    assert not any(math.isnan(number) for number in page["means"]["toy"][LONG])
    assert page["labels"][LONG] == "squad_v1@4langs"
    assert page["left_out"] == ["mnli@ja: mnli has no training data in 'ja'"]


def test_status_is_blank_where_a_combination_is_not_part_of_the_grid():
    names = {"intermediates": ["none", "udpos@{source}"], "targets": ["pawsx@{source}"], "sources": ["de", "zh"]}
    raw = {"encoders": {"toy": {"path": "toy"}}, "grid": {"encoders": ["toy"], "seeds": [1, 2], **names}}
    grid = Grid(parse(raw), Words())
    table = status._table(SimpleNamespace(grid=grid, config=grid.config, of=lambda cell: "done"), "")
    assert [[str(cell) for cell in column.cells] for column in table.columns][1:] == [
        ["none", "udpos@de", "udpos@zh"],
        ["2/2", "2/2", ""],
        ["2/2", "", "2/2"],
    ]
