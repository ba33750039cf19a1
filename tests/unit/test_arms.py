"""Names of a grid: one form for each meaning, and a source that is the same in intermediate and target."""

import pytest
from grids import Words

from xstilts.arms import expanded
from xstilts.config import ConfigError, parse
from xstilts.grid import Grid

ENCODERS = {"grid": {"encoders": ["toy"], "seeds": [1]}, "encoders": {"toy": {"path": "toy"}}}


def grid(**own: list[str]) -> Grid:
    return Grid(parse({**ENCODERS, "grid": {**ENCODERS["grid"], **own}}), Words())


def cells(found: Grid) -> list[tuple[str, str]]:
    return [(cell.intermediate, cell.target) for cell in found.cells]


def test_a_source_is_the_same_in_intermediate_and_target():
    found = grid(intermediates=["none", "udpos@{source}"], targets=["pawsx@{source}", "tatoeba"], sources=["de", "zh"])
    assert cells(found) == [
        ("none", "pawsx@de"),
        ("none", "pawsx@zh"),
        ("none", "tatoeba"),
        ("udpos@de", "pawsx@de"),
        ("udpos@de", "tatoeba"),
        ("udpos@zh", "pawsx@zh"),
        ("udpos@zh", "tatoeba"),
    ]


def test_english_as_a_source_is_the_plain_name_and_names_are_not_doubled():
    found = grid(intermediates=["mnli", "mnli@{source}"], targets=["xnli", "xnli@{source}"], sources=["en", "de"])
    assert found.arms.intermediates == ("mnli", "mnli@de")
    assert found.arms.targets == ("xnli", "xnli@de")
    assert cells(found) == [("mnli", "xnli"), ("mnli", "xnli@de"), ("mnli@de", "xnli"), ("mnli@de", "xnli@de")]


def test_a_source_without_training_data_is_left_out_and_listed():
    found = grid(intermediates=["none", "udpos@{source}"], targets=["panx"], sources=["de", "th"])
    assert found.arms.intermediates == ("none", "udpos@de")
    assert found.arms.left_out == ("udpos@th: udpos has no training data in 'th'",)


def test_without_sources_every_target_is_combined_with_every_intermediate():
    found = grid(intermediates=["none", "mnli@de"], targets=["xnli", "tatoeba"])
    assert cells(found) == [("none", "xnli"), ("none", "tatoeba"), ("mnli@de", "xnli"), ("mnli@de", "tatoeba")]


def test_names_of_one_meaning_are_one_entry():
    one = grid(intermediates=["none", "mnli@zh+de"], targets=["xnli"])
    other = grid(intermediates=["none", "mnli@de+zh"], targets=["xnli"])
    assert set(one.entries) == set(other.entries)
    plain = grid(intermediates=["none", "mnli@en"], targets=["xnli@en"])
    assert set(plain.entries) == set(grid(intermediates=["none", "mnli"], targets=["xnli"]).entries)


def test_one_language_more_in_a_stage_touches_that_stage_alone():
    def models(*intermediates: str) -> set[str]:
        found = grid(intermediates=["none", "squad_v1", *intermediates], targets=["xnli"])
        return {path for path in found.entries if path.startswith(("models/", "cells/"))}

    before, after = models("mnli@de"), models("mnli@de+zh")
    assert all("/mnli@de~" in path for path in before - after)
    assert all("/mnli@de+zh~" in path for path in after - before)
    assert before & after


def test_a_path_that_is_too_long_for_a_cluster_is_refused():
    with pytest.raises(ConfigError, match=r"name of a result has \d+ bytes, more than 200; .*'stages'.*/udpos@de"):
        _ = grid(intermediates=["/".join(["udpos@de+es+fr"] * 8)], targets=["tatoeba"]).entries


def test_more_than_three_languages_are_told_apart_by_the_fingerprint():
    def models(languages: str) -> set[str]:
        found = grid(intermediates=[f"mnli@{languages}"], targets=["tatoeba"])
        return {path for path in found.entries if path.startswith("models/")}

    one, other = models("de+es+fr+zh"), models("de+es+fr+ru")
    assert all("/mnli@4langs~" in path for path in one | other)
    assert not one & other


def test_targets_of_one_task_and_training_share_their_predictions():
    own = {**ENCODERS["grid"], "targets": ["pawsx@de", "mine"]}
    mine = {"mine": {"task": "pawsx", "stage": "pawsx@de"}}
    found = Grid(parse({**ENCODERS, "grid": own, "targets": mine}), Words())
    first, second = found.cells
    assert (first.target, second.target) == ("pawsx@de", "mine")
    assert first.predictions is second.predictions


def test_an_expanded_configuration_stays_as_it_is():
    once = expanded(parse({"grid": {"intermediates": ["mnli@{source}"], "targets": ["xnli"], "sources": ["de"]}}))
    assert expanded(once) is once


@pytest.mark.parametrize(
    "block, message",
    [
        ({"mine": {"task": "xnlii"}}, r"'targets.mine.task'.*unknown target.*'xnlii'.*'xnli'\?"),
        ({"xnli": {"task": "pawsx"}}, r"'targets.xnli.task'.*name of a task.*'pawsx'"),
    ],
)
def test_a_target_that_evaluates_the_wrong_task_is_refused_with_its_key(block: dict, message: str):
    own = {**ENCODERS["grid"], "targets": list(block)}
    with pytest.raises(ConfigError, match=message):
        Grid(parse({**ENCODERS, "grid": own, "targets": block}), Words())


@pytest.mark.parametrize(
    "own, message",
    [
        ({"intermediates": ["mnli@{source}"], "targets": ["xnli"]}, "grid.intermediates.*set it.*'mnli@{source}'"),
        ({"targets": ["xnli"], "sources": ["de"]}, "grid.sources.*contains {source}"),
        ({"intermediates": ["mnli", "mnli"], "targets": ["xnli"]}, "grid.intermediates.*listed twice.*'mnli'"),
        (
            {"intermediates": ["mnli", "mnli@en"], "targets": ["xnli"]},
            "the same as 'mnli'; remove one; found 'mnli@en'",
        ),
        (
            {"intermediates": ["mnli@zh+de", "mnli@de+zh"], "targets": ["xnli"]},
            "the same as 'mnli@zh\\+de'; remove one; found 'mnli@de\\+zh'",
        ),
        ({"sources": ["ja"], "targets": ["xnli@{source}"]}, "grid.sources.*no combination is left.*no training data"),
        ({"intermediates": ["mnli@de+de"], "targets": ["xnli"]}, "grid.intermediates.*'de' twice"),
        ({"intermediates": ["mnli@qq"], "targets": ["xnli"]}, "grid.intermediates.*no training data.*'qq'"),
        ({"targets": ["tatoeba@de"]}, "grid.targets.*'tatoeba' is not trained"),
        (
            {"intermediates": ["mnli@{source}"], "targets": ["xnli"], "sources": ["de", "de"]},
            "grid.sources.*twice.*'de'",
        ),
        ({"intermediates": ["mnli@{source}"], "targets": ["xnli"], "sources": ["ger"]}, "grid.sources.*unknown.*'ger'"),
        ({"targets": ["pawsx@sw"]}, "grid.targets.*no training data.*'sw'"),
    ],
)
def test_mistakes_are_told_with_key_and_value(own: dict, message: str):
    with pytest.raises(ConfigError, match=message.replace("{source}", r"\{source\}")):
        grid(**own)


def test_a_name_without_a_partner_in_its_source_is_left_out():
    found = grid(intermediates=["none", "panx@{source}"], targets=["pawsx@{source}"], sources=["de", "th"])
    assert found.arms.intermediates == ("none", "panx@de")
    assert found.arms.left_out == (
        "panx@th: there is no target for this source",
        "pawsx@th: pawsx has no training data in 'th'",
    )
    assert len(found.statistics) == 1


def test_a_source_within_the_block_of_a_target_is_refused_with_its_key():
    raw = {**ENCODERS, "grid": {**ENCODERS["grid"], "targets": ["p"]}, "targets": {"p": {"task": "pawsx"}}}
    raw["targets"]["p"]["stage"] = "pawsx@{source}"
    with pytest.raises(ConfigError, match=r"targets\.p\.stage.*\{source\} is for names in grid\.intermediates"):
        Grid(parse(raw), Words())


def test_a_group_stands_for_its_languages_in_every_list():
    groups = {"close": ["de", "es"]}
    block = {"task": "xnli", "languages": ["close", "zh"]}
    own = {"intermediates": ["none", "mnli@{source}"], "targets": ["short", "pawsx", "udpos"], "sources": ["close"]}
    found = Grid(
        parse(
            {
                **ENCODERS,
                "grid": {**ENCODERS["grid"], **own},
                "language_groups": groups,
                "targets": {"short": block},
                "tasks": {"pawsx": {"languages": ["close"]}},
                "languages": ["en", "close"],
            }
        ),
        Words(),
    )
    assert found.arms.intermediates == ("none", "mnli@de", "mnli@es")
    assert {name: set(found.languages(name)) for name in own["targets"]} == {
        "short": {"de", "es", "zh"},
        "pawsx": {"de", "es"},
        "udpos": {"en", "de", "es"},
    }
