"""Languages with training data are marked, and are in no zero-shot mean."""

import math
from dataclasses import replace

import pandas as pd
import pytest
from grids import Words

from xstilts.arms import Arms
from xstilts.config import parse
from xstilts.grid import Grid
from xstilts.reporting import collect, paper, zero_shot
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.page import document
from xstilts.reporting.significance import COLUMNS
from xstilts.resources import GIB, group

SCORES = {
    ("none", "en"): (80, 82, 90),
    ("none", "de"): (70, 72, 74),
    ("none", "sw"): (40, 41, 60),
    ("none", "zh"): (50, 55, 51),
    ("mnli@de", "en"): (81, 83, 92),
    ("mnli@de", "de"): (79, 78, 80),
    ("mnli@de", "sw"): (46, 40, 62),
    ("mnli@de", "zh"): (58, 57, 56),
}
"""The scores with three seeds, by intermediate and language; the target is trained in English."""


def results(**changes) -> Results:
    grid = Arms(encoders=("toy",), intermediates=("none", "mnli@de"), targets=("xnli",), seeds=(1, 2, 3))
    rows = [
        ["toy", name, "xnli", lang, "test", seed, "main_score", float(value), 10]
        for (name, lang), values in SCORES.items()
        for seed, value in zip(grid.seeds, values, strict=True)
    ]
    known = [
        {"encoder": "toy", "intermediate": name, "target": "xnli", "language": lang, "value": 1.0, "n": 10, "seeds": 3}
        for name in grid.intermediates
        for lang in ("all", "en", "de", "sw", "zh")
    ]
    statistics = (
        pd.DataFrame(known).reindex(columns=[*COLUMNS, "p_adjusted"]).assign(significant=False, metric="main_score")
    )
    seen = {("none", "xnli"): ("en",), ("mnli@de", "xnli"): ("de", "en")}
    made = {
        "sizes": {"mnli@de": 100},
        "grid": grid,
        "over_seeds": "median",
        "own_stages": {"xnli": ("mnli",)},
        "seen": seen,
    }
    scores = pd.DataFrame(rows, columns=collect.COLUMNS)
    trainings = pd.DataFrame(columns=collect.TRAINING_COLUMNS)
    return Results(**{"scores": scores, "trainings": trainings, "statistics": statistics, **made, **changes})


def test_a_zero_shot_mean_is_over_unseen_languages_first_and_then_over_seeds():
    # none: de, sw, zh with seeds 1 to 3: 160/3, 168/3, 185/3. mnli@de: sw, zh: 52, 48.5, 59.
    assert zero_shot.change(results(), "toy", "none", "xnli") == (56.0, pytest.approx(math.nan, nan_ok=True))
    value, _ = zero_shot.change(results(), "toy", "mnli@de", "xnli")
    assert value == 52.0


def test_a_change_is_over_languages_that_neither_has_seen():
    # none: sw, zh with seeds 1 to 3: 45, 48, 55.5.
    assert zero_shot.change(results(), "toy", "mnli@de", "xnli")[1] == 52.0 - 48.0
    assert zero_shot.change(results(over_seeds="mean"), "toy", "mnli@de", "xnli")[1] == pytest.approx(
        (52 + 48.5 + 59) / 3 - (45 + 48 + 55.5) / 3
    )


def test_a_zero_shot_mean_is_missing_if_a_score_is():
    scores = results().scores
    gone = scores[~((scores["language"] == "zh") & (scores["seed"] == 2) & (scores["intermediate"] == "mnli@de"))]
    assert math.isnan(zero_shot.change(results(scores=gone), "toy", "mnli@de", "xnli")[0])


def test_the_table_of_languages_has_the_zero_shot_mean_and_marks_seen_languages():
    table = paper.languages(results(groups={"low": ("sw", "yo"), "none": ("ka",)}), "toy", "xnli")
    assert list(table.numbers.index) == ["mean", "zero-shot mean", "low", "en", "de", "sw", "zh"]
    assert table.shown.loc["zero-shot mean", ["none", "mnli@de"]].to_list() == ["56.0", "+4.0"]
    # sw: none 41, mnli@de 46.
    assert table.shown.loc["low", ["none", "mnli@de"]].to_list() == ["41.0", "+5.0"]
    marked = table.shown[["none", "mnli@de"]].map(lambda text: text.endswith("°"))
    assert marked.loc[["en", "de", "sw", "zh"]].to_numpy().tolist() == [
        [True, True],
        [False, True],
        [False, False],
        [False, False],
    ]
    assert "low: sw; none: no language." in table.caption


def test_with_english_training_alone_tables_and_page_say_nothing_of_it():
    plain = results(seen={("none", "xnli"): ("en",), ("mnli@de", "xnli"): ("en",)})
    table = paper.languages(plain, "toy", "xnli")
    assert "zero-shot mean" not in table.numbers.index
    assert not table.shown.map(lambda text: "°" in text).any().any()
    page = document.of_results(replace(plain))
    assert (page["seen"], page["zero_shot"]) == ({}, {})


def test_the_page_has_the_zero_shot_mean_of_each_cell():
    page = document.of_results(results())
    assert page["zero_shot"]["toy"] == {"none xnli": [56.0, None], "mnli@de xnli": [52.0, 4.0]}
    assert page["seen"]["mnli@de xnli"] == ["de", "en"]


def test_the_page_names_the_targets_without_a_language_of_a_group():
    page = document.of_results(results(groups={"low": ("sw", "yo"), "south": ("ka",)}))
    assert page["groups"]["low"] == {"languages": ["sw"], "without": []}
    assert page["groups"]["south"] == {"languages": [], "without": ["xnli"]}


ENCODERS = {"encoders": {"toy": {"path": "toy"}}}


def test_languages_are_seen_in_any_stage_of_the_kind_of_the_target():
    settings = {"encoders": ["toy"], "intermediates": ["none", "panx@ru/mnli@de"], "targets": ["pawsx@fr", "udpos"]}
    found = Grid(parse({**ENCODERS, "grid": {**settings, "seeds": [1]}}), Words()).trained.seen
    assert found == {
        ("none", "pawsx@fr"): ("fr",),
        ("none", "udpos"): ("en",),
        ("panx@ru/mnli@de", "pawsx@fr"): ("de", "fr"),
        ("panx@ru/mnli@de", "udpos"): ("en", "ru"),
    }


@pytest.mark.parametrize("target", ["pawsx", "udpos", "xquad"])
def test_languages_of_plain_text_alone_are_not_seen(target: str):
    stages = {"mlm": {"steps": 9}, "mixed": {"tasks": ["mnli@de", "panx@hi", "squad_v1@ru", "mlm@sw+zh"]}}
    names = ["none", "mlm@ja", "mixed", "mlm@en+ja/mixed"]
    grid = {"encoders": ["toy"], "intermediates": names, "targets": [target], "seeds": [1]}
    found = Grid(parse({**ENCODERS, "stages": stages, "grid": grid}), Words()).trained.seen
    own = {"pawsx": ("de", "en"), "udpos": ("en", "hi"), "xquad": ("en", "ru")}[target]
    assert [found[name, target] for name in names] == [("en",), ("en",), own, own]


def test_languages_of_plain_text_are_in_the_zero_shot_means_of_sources():
    grid = {"encoders": ["toy"], "seeds": [1], "sources": ["en", "de", "zh"]}
    grid |= {"intermediates": ["mlm@{source}"], "targets": ["pawsx"]}
    (matrix,) = Grid(parse({**ENCODERS, "stages": {"mlm": {"steps": 9}}, "grid": grid}), Words()).trained.matrices
    assert {arm.source: (arm.seen, arm.is_translated) for arm in matrix.arms} == dict.fromkeys(
        ("en", "de", "zh"), (("en",), False)
    )


def test_groups_of_resources_are_those_of_the_sizes_of_cc_100():
    assert {lang: group(lang) for lang in ("sw", "tl", "ur", "zh", "es", "en", "yo")} == {
        "sw": "low",
        "tl": "low",
        "ur": "mid",
        "zh": "mid",
        "es": "high",
        "en": "high",
        "yo": "low",
    }
    assert (GIB["sw"], GIB["ur"], GIB["es"]) == (1.6, 5.7, 53.3)


def test_a_plain_grid_has_no_groups_and_nothing_of_languages_in_the_specs_of_its_reports():
    def made(**settings):
        return Grid(parse({**ENCODERS, "grid": {"encoders": ["toy"], "seeds": [1], **settings}}), Words())

    plain = made(intermediates=["none", "mnli"], targets=["xnli", "tatoeba"])
    assert plain.trained.groups == {}
    assert not {"seen", "groups", "translated"} & plain.tables.spec.keys()
    other = made(intermediates=["none", "mnli@de"], targets=["xnli", "tatoeba"])
    assert other.tables.spec["seen"]["mnli@de xnli"] == ["de", "en"]
    assert set(other.trained.groups) == {"low", "mid", "high"}
    settings = {"encoders": ["toy"], "seeds": [1], "intermediates": ["mnli@near"], "targets": ["xnli"]}
    named = Grid(parse({**ENCODERS, "language_groups": {"near": ["de"], "low": ["sw"]}, "grid": settings}), Words())
    assert named.trained.groups["near"] == ("de",)
    assert named.trained.groups["low"] == ("sw",)
    assert set(named.trained.groups) == {"near", "low", "mid", "high"}
