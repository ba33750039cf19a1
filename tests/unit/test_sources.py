"""Training languages by evaluated languages: order, marks and means."""

from dataclasses import replace

import pandas as pd
import pytest
from by_source import results
from grids import Words
from invented_results import invented
from pages import page_of

from xstilts.config import parse
from xstilts.grid import Grid
from xstilts.reporting import formats, gallery, source_tables
from xstilts.reporting.figures import charts
from xstilts.reporting.figures import sources as figure
from xstilts.reporting.page import document
from xstilts.reporting.page.render import render
from xstilts.reporting.typology import between, ordered_with_scripts


def test_rows_are_translated_sources_then_original_text_and_columns_families():
    found = results()
    table = source_tables.table(found, "toy", found.matrices[0])
    assert list(table.numbers.index) == ["de", "es", "zh", "en"]
    assert list(table.numbers) == ["mean", "zero-shot mean", "en", "de", "es", "ja", "zh"]
    assert list(table.shown.index) == ["de†", "es†", "zh†", "en", "family", "script"]
    assert table.shown.loc["script"].to_list() == ["", "", "Latn", "Latn", "Latn", "Jpan", "Hani"]


def test_scores_means_and_seen_languages_are_those_worked_out_by_hand():
    found = results()
    table = source_tables.table(found, "toy", found.matrices[0])
    # German: 70 + 3 + (8, 5 + 6, 2, -6, -9) for en, de, es, ja, zh.
    assert table.shown.loc["de†"].to_list() == ["74.2", "71.8", "81.0", "84.0°", "75.0", "67.0", "64.0"]
    # Zero-shot: (81 + 75 + 67 + 64) / 4 = 71.75; all: (287 + 84) / 5 = 74.2.
    assert table.numbers.loc["de", ["mean", "zero-shot mean"]].to_list() == [pytest.approx(74.2), 71.75]


def test_a_zero_shot_mean_is_missing_if_a_score_is():
    found = results()
    scores = found.scores
    gone = (scores["language"] == "ja") & (scores["target"] == "pawsx@de") & (scores["seed"] == 1)
    lacking = replace(found, scores=scores[~gone])
    assert source_tables.table(lacking, "toy", found.matrices[0]).shown.loc["de†", "zero-shot mean"] == "—"


def test_the_table_is_valid_latex_markdown_and_html():
    found = results()
    table = source_tables.table(found, "toy", found.matrices[0])
    assert "{source}" not in formats.latex(table, "toy")
    assert "→" not in formats.latex(table, "toy")
    assert "| de†" in formats.markdown(table)


def test_the_figure_has_a_cell_for_each_source_and_language():
    found = results()
    drawn = figure.chart(found, "toy").to_dict()
    one, other = drawn["vconcat"]
    rows = one["data"]["values"]
    assert len(rows) == len(other["data"]["values"]) == 4 * 5
    (cell,) = (row for row in rows if (row["source"], row["language"]) == ("de†", "de"))
    assert (cell["text"], cell["value"]) == ("84.0°", 84.0)
    assert {row["source"] for row in rows if row["first_original"]} == {"en"}
    assert one["title"]["text"] == "none → pawsx@{source}"


def test_figures_and_tables_of_sources_exist_only_with_sources():
    found = results()
    assert next(iter(charts.charts(found, "toy"))) == "sources"
    assert "sources" not in charts.charts(replace(found, matrices=()), "toy")


def test_the_page_has_a_section_with_the_tables():
    found = results()
    page = document.of_results(found)
    (section,) = page["sections"]
    parts = section["parts"]
    assert [one["title"] for one in parts] == ["none → pawsx@{source}, toy", "udpos → pawsx@{source}, toy"]
    assert parts[0]["tables"][0]["rows"][0][:3] == ["de†", "74.2", "71.8"]
    # The difference between German and English, with its interval.
    assert parts[0]["tables"][1]["rows"][2][3:5] == ["−6.0", "−8.0 to −4.0"]
    about = {"experiment": "x", "versions": {}, "warnings": [], "records": [], "cells": [], "entries": []}
    html = render({**page, **about, "known_text": "", "sampling": {"count": 1, "length": 1, "seed": 1}})
    assert '<h2 id="sources-title">' in html
    assert '<td class="number">84.0°</td>' in html


def test_the_page_aligns_numbers_and_texts_of_a_table_also_of_an_empty_one(monkeypatch):
    pairs = page_of(results())["sections"][0]["parts"][0]["tables"][1]
    assert dict(zip(pairs["columns"], pairs["numbers"], strict=True)) == {
        "one": False,
        "other": False,
        "text": False,
        "difference": True,
        "interval": True,
        "languages": False,
        "examples": True,
    }
    empty = pd.DataFrame({"cells": pd.Series(dtype=int)})
    monkeypatch.setattr(source_tables, "tables", lambda *_: [formats.Table("none", "Nothing.", empty, empty)])
    (table,) = page_of(results())["sections"][0]["parts"][0]["tables"]
    assert (table["numbers"], table["rows"]) == ([False, False], [])


def test_scores_after_training_in_the_evaluated_languages_are_not_called_zero_shot():
    plain, other = (" ".join(render(page_of(found)).split()) for found in (invented(), results()))
    assert "zero-shot, in points, the mean over the languages" in plain
    assert ": in points, the mean over the languages" in other


def test_a_caption_tells_what_a_gain_is_where_there_are_gains():
    found = results()
    without, gains = (source_tables.distances(found, "toy", one) for one in found.matrices)
    assert ("gain" in without.numbers, "Gain:" in without.caption) == (False, False)
    assert ("gain" in gains.numbers, "Gain:" in gains.caption) == (True, True)


def test_the_matrices_of_a_grid_are_in_the_gallery():
    grid = {
        "encoders": ["toy"],
        "intermediates": ["none", "squad_v1/mnli@{source}"],
        "targets": ["pawsx@{source}", "xquad"],
        "sources": ["de", "ja", "en"],
        "seeds": [1],
    }
    found = Grid(parse({"encoders": {"toy": {"path": "toy"}}, "grid": grid}), Words())
    arms = {
        one.title: [(arm.source, arm.is_translated, arm.seen) for arm in one.arms] for one in found.trained.matrices
    }
    assert arms == {
        "none → pawsx@{source}": [("de", True, ("de",)), ("ja", True, ("ja",)), ("en", False, ("en",))],
        "squad_v1/mnli@{source} → pawsx@{source}": [("de", True, ("de",)), ("en", False, ("en",))],
        "squad_v1/mnli@{source} → xquad": [("de", True, ("en",)), ("en", False, ("en",))],
    }
    files = [item.file for item in (*gallery.tables(found), *gallery.figures(found))]
    assert "tables/toy.sources.squad_v1-then-mnli@source.pawsx@source.html" in files
    assert "figures/toy/sources.svg" in files


def test_distances_are_between_two_languages_and_order_has_scripts():
    assert [between("de", other) for other in ("de", "en", "es", "zh")] == [
        "same language",
        "same branch",
        "same family",
        "other family",
    ]
    # Persian and Urdu have Arabic script, Hindi Devanagari; all three are Indo-Iranian.
    assert ordered_with_scripts(["ur", "hi", "fa", "en"]) == ["en", "fa", "ur", "hi"]


def test_long_names_of_two_sets_of_languages_have_files_of_their_own():
    sets = ("udpos@ar+bg+de+el", "udpos@ar+bg+de+es")
    grid = {
        "encoders": ["toy"],
        "intermediates": [*sets],
        "targets": ["panx@{source}"],
        "sources": ["de"],
        "seeds": [1],
    }
    found = Grid(parse({"encoders": {"toy": {"path": "toy"}}, "grid": grid}), Words())
    assert [one.name for one in found.trained.matrices] == ["udpos@4langs.panx@source", "udpos@4langs-2.panx@source"]
    assert found.trained.matrices[1].title == "udpos@4langs-2 → panx@{source}"
