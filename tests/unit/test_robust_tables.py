"""Tables, figure and page of robustness: numbers computed by hand, missing values, and when there are any."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from drawing import drawn, rows, said
from invented_results import invented
from pages import page_of
from robust_results import ARMS, DROPS, INTERMEDIATES, TYPOS10, contrasts, results, score, scores, statistics

from xstilts.jobs.tables import of_encoder
from xstilts.reporting import changed_tokens, drops, formats, gains, robust_tables
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import charts
from xstilts.reporting.page.render import render
from xstilts.robustness import Gain, OutOfDomain, Robustness

NAMES = ("robustness", "out_of_domain", "objectives", "perturbations")


def row(found: Results, intermediate: str, perturbation: str, encoder: str = "toy") -> dict:
    """A row of the drops of an encoder."""
    table = drops.drops(found, encoder).set_index(["intermediate", "perturbation"])
    return table.loc[(intermediate, perturbation)].to_dict()


def cells(table: formats.Table, column: str, value: str) -> pd.DataFrame:
    """The rows of a table, as text, that have a value in a column."""
    return table.shown[table.shown[column] == value]


def without(found: Results, **where: object) -> Results:
    """The results without some scores."""
    gone = (found.scores[list(where)] == pd.Series(where)).all(axis=1)
    return replace(found, scores=found.scores.assign(value=found.scores["value"].mask(gone)))


# Perturbed text


def test_a_row_has_both_scores_the_drop_and_the_relative_robustness():
    # (4 + 4 + 6 + 4) / 4 = 4.5 points of 70.
    found = row(results(), "none", "typos10")
    assert (found["target"], found["clean"], found["perturbed"], found["drop"]) == ("xnli", 70, 65.5, 4.5)
    assert found["relative"] == pytest.approx(65.5 / 70)
    assert (found["low"], found["high"], found["n"], found["seeds"]) == (3.5, 6.5, 400, 3)
    # 73 and 73 - (9 + 9 + 9 + 21) / 4 + 5.
    found = row(results(), "mnli+freelb", "typos20")
    assert (found["clean"], found["perturbed"], found["drop"]) == (73, 66, 7)


def test_another_encoder_has_its_own_rows():
    # Its scores are 100 minus those of the first, so it gains, and its intervals are not known.
    found = row(results(), "none", "typos10", "other")
    assert (found["clean"], found["perturbed"], found["drop"]) == (30, 34.5, -4.5)
    assert (found["worst_clean_language"], found["worst_clean"]) == ("en", 20)
    assert math.isnan(found["low"])
    assert found["n"] == 0


def test_a_score_is_the_mean_over_languages_and_then_over_seeds():
    found = results(over_seeds="mean")
    by_seed = [sum(score("mnli", "xnli", lang, seed) for lang in ("en", "de", "sw")) / 3 for seed in (1, 2, 3)]
    assert row(found, "mnli", "word_order")["clean"] == pytest.approx(sum(by_seed) / 3)
    assert row(results(), "mnli", "word_order")["clean"] == pytest.approx(sorted(by_seed)[1])


def test_a_drop_is_over_the_languages_of_both_texts():
    found = row(results(), "none", "word_order")
    # 70 + (10 + 6 - 12) / 3, without Chinese.
    assert found["clean"] == pytest.approx(70 + 4 / 3)
    assert found["drop"] == pytest.approx(2)
    assert (found["languages"], found["all_languages"]) == (3, 4)
    shown = cells(robust_tables.robustness(results(), "toy"), "perturbation", "word_order")
    assert set(shown["languages"]) == {"3 of 4"}


def test_the_worst_language_is_the_one_with_the_lowest_score_over_seeds():
    found = row(results(), "mnli", "typos20")
    # Clean Swahili has 72 - 12; perturbed, Chinese has 72 - 9 - 4 - 12 and Swahili 72 - 9 - 12.
    assert (found["worst_clean_language"], found["worst_clean"]) == ("sw", 60)
    assert (found["worst_language"], found["worst"]) == ("zh", 47)
    (shown,) = (
        cells(robust_tables.robustness(results(), "toy"), "perturbation", "typos20").loc[["mnli"]].to_dict("records")
    )
    assert (shown["worst clean"], shown["worst perturbed"]) == ("60.0 (sw)", "47.0 (zh)")


def test_drops_of_groups_are_over_their_unseen_languages():
    found = row(results(), "none", "typos10")
    # Swahili loses 4 + 2. Of the two high-resource languages, English is seen.
    assert (found["drop_low"], found["drop_high"]) == (6, 4)
    more = {**results().seen, ("mnli", "xnli+typos10"): ("en", "sw")}
    seen = results(seen=more)
    assert math.isnan(row(seen, "mnli", "typos10")["drop_low"])
    shown = cells(robust_tables.robustness(seen, "toy"), "perturbation", "typos10")
    assert shown["drop low"].to_dict() == {"none": "6.0", "mnli": "", "mnli+freelb": "4.5", "mnli3": "6.0"}


@pytest.mark.parametrize("target", ["xnli", "xnli+typos10"])
def test_a_missing_language_or_seed_is_missing_in_all_that_includes_it(target: str):
    lacking = without(results(), intermediate="mnli", target=target, language="sw", seed=2)
    found = row(lacking, "mnli", "typos10")
    assert math.isnan(found["drop"])
    assert math.isnan(found["relative"])
    assert math.isnan(found["drop_low"])
    assert found["drop_high"] == 4
    worst = "worst_clean" if target == "xnli" else "worst"
    assert pd.isna([found[f"{worst}_language"], found[worst]]).all()
    assert row(lacking, "none", "typos10")["drop"] == 4.5
    shown = cells(robust_tables.robustness(lacking, "toy"), "perturbation", "typos10").loc["mnli"]
    assert (shown["drop"], shown["relative"]) == ("—", "—")


def test_rows_that_are_not_in_the_scores_are_missing_too():
    found = results()
    gone = found.scores[["intermediate", "target", "language"]].eq(["mnli", "xnli", "zh"]).all(axis=1)
    lacking = replace(found, scores=found.scores[~gone])
    assert math.isnan(row(lacking, "mnli", "typos10")["drop"])
    assert row(lacking, "mnli", "word_order")["drop"] == pytest.approx(2)


def test_a_clean_score_of_zero_has_no_relative_robustness():
    found = results()
    nothing = replace(
        found, scores=found.scores.assign(value=found.scores["value"].where(found.scores["target"] != "xnli", 0))
    )
    assert math.isnan(row(nothing, "none", "typos10")["relative"])
    assert row(nothing, "none", "typos10")["drop"] == -65.5


def test_without_a_clean_target_there_is_the_perturbed_score_alone():
    alone = replace(ARMS, perturbed=(replace(TYPOS10, clean=None),))
    found = row(results(robustness=alone), "none", "typos10")
    assert (found["target"], found["perturbed"]) == ("xnli+typos10", 65.5)
    assert math.isnan(found["clean"])
    assert math.isnan(found["drop"])
    assert "No target has a score on clean and on perturbed text." in said(
        results(robustness=alone), "robustness", "toy"
    )


def test_a_row_is_there_for_each_intermediate_of_the_grid():
    found = results()
    pairs = frozenset({("none", "xnli"), ("none", "xnli+typos10"), ("mnli", "xnli+typos10"), ("mnli", "xnli")})
    few = replace(found, grid=found.grid.model_copy(update={"pairs": pairs}))
    assert drops.drops(few, "toy")["intermediate"].to_list() == ["none", "mnli"]


# Out of domain


def test_a_target_out_of_domain_is_beside_the_one_in_domain():
    table = robust_tables.out_of_domain(results(), "toy")
    assert table.shown.loc["none"].to_list() == ["anli_from_mnli", "xnli", "50.0", "", "70.0", ""]
    assert table.shown.loc["mnli"].to_list() == ["anli_from_mnli", "xnli", "52.0", "+2.0", "72.0", "+2.0"]
    assert table.shown.loc["mnli3"].to_list() == ["anli_from_mnli", "xnli", "54.0", "+4.0*", "74.0", "+4.0*"]
    assert table.numbers.loc["mnli", ["score", "change", "in-domain score", "in-domain change"]].to_list() == [
        52,
        2,
        72,
        2,
    ]


def test_without_a_target_in_domain_its_numbers_are_missing():
    alone = replace(ARMS, out_of_domain=(OutOfDomain("anli_from_mnli", None),))
    table = robust_tables.out_of_domain(results(robustness=alone), "toy")
    assert table.shown.loc["mnli"].to_list() == ["anli_from_mnli", "—", "52.0", "+2.0", "—", "—"]
    assert gains.texts(results(robustness=alone))[-1] == "anli_from_mnli"


# Objectives


def test_gains_are_side_by_side_on_clean_and_perturbed_text_and_out_of_domain():
    table = robust_tables.objectives(results(), "toy")
    assert list(table.shown) == [
        "target",
        "objective",
        "equal",
        "plain",
        "clean",
        "typos10",
        "typos20",
        "word_order",
        "anli_from_mnli",
    ]
    assert table.shown.reset_index().to_numpy().tolist() == [
        ["mnli+freelb", "xnli", "freelb", "steps", "mnli"]
        + ["+1.0 (0.0 to +3.0)", "+2.5* (+1.5 to +4.5)", "+6.0* (+5.0 to +8.0)"]
        + ["+1.0 (0.0 to +3.0)"] * 2,
        ["mnli+freelb", "xnli", "freelb", "passes", "mnli3"]
        + ["-1.0 (-2.0 to +1.0)", "+0.5 (-0.5 to +2.5)", "+4.0* (+3.0 to +6.0)"]
        + ["-1.0 (-2.0 to +1.0)"] * 2,
    ]


def test_numbers_of_gains_have_a_row_for_each_comparison():
    numbers = robust_tables.objectives(results(), "toy").numbers
    assert len(numbers) == 10
    found = numbers[(numbers["text"] == "typos20") & (numbers["equal"] == "passes")].iloc[0]
    assert found[["evaluated", "plain", "gain", "low", "high", "p"]].to_list() == [
        "xnli+typos20",
        "mnli3",
        4,
        3,
        6,
        0.001,
    ]
    # The first of ten equal p-values.
    assert found["p_adjusted"] == pytest.approx(0.01)
    assert bool(found["significant"])


def test_a_gain_is_not_significant_with_a_large_p_value():
    # Holm: 10 * 0.006 is more than 0.05.
    table = robust_tables.objectives(results(contrasts=contrasts(p=0.006)), "toy")
    assert not table.shown.map(lambda text: "*" in text).to_numpy().any()


def test_an_unknown_gain_is_missing_and_one_that_is_not_planned_blank():
    found = results()
    few = replace(ARMS, gains=(ARMS.gains[0], replace(ARMS.gains[3], equal=("passes",)), *ARMS.gains[4:5]))
    gone = found.contrasts["target"].eq("xnli+typos20") & found.contrasts["p"].notna()
    table = robust_tables.objectives(replace(found, robustness=few, contrasts=found.contrasts[~gone]), "toy")
    assert table.shown["typos20"].to_list() == ["—", ""]
    assert table.shown["typos10"].to_list() == ["", "+0.5 (-0.5 to +2.5)"]
    other = robust_tables.objectives(found, "other")
    assert set(other.shown[["clean", "typos10"]].to_numpy().ravel()) == {"—"}


def test_an_objective_without_plain_training_says_so():
    alone = replace(ARMS, gains=(ARMS.gains[0], Gain("freelb", ("passes",), ("mnli+freelb", "xnli"), None)))
    table = robust_tables.objectives(results(robustness=alone), "toy")
    assert table.shown["equal"].to_list() == ["steps", "passes"]
    assert table.shown.iloc[1].to_list() == ["xnli", "freelb", "passes", "none in the grid", "—"]


def test_plain_training_of_another_target_is_named_with_it():
    gain = Gain("fgm", ("steps", "passes"), ("none", "xnli+typos10"), ("none", "anli_from_mnli"))
    apart = Robustness(perturbed=(TYPOS10,), gains=(gain,))
    table = robust_tables.objectives(results(robustness=apart), "toy")
    assert table.shown.loc["none", ["equal", "plain"]].to_list() == ["steps and passes", "none (anli_from_mnli)"]


# Changed text


def test_changed_text_is_shown_in_percent_by_language():
    tokens = [("toy", "xnli+typos10", "typos10", "en", 3000, 450), ("other", "xnli+typos10", "typos10", "en", 10, 10)]
    known = pd.DataFrame(tokens, columns=changed_tokens.COLUMNS)
    table = robust_tables.perturbations(results(changed_tokens=known), "toy")
    columns = ["perturbation", "language", "rows"]
    columns += ["changed rows", "edits in 100 words", "changed characters", "changed tokens", "moved words"]
    assert list(table.shown) == columns
    assert table.shown.reset_index().to_numpy().tolist() == [
        ["xnli+typos10", "typos10", "en", "2,490", "50.0", "9.5", "2.5", "15.0", "—"],
        ["xnli+typos10", "typos10", "de", "—", "—", "—", "—", "—", "—"],
        ["xnli+word_order", "word_order", "en", "10", "100.0", "—", "—", "—", "75.0"],
    ]
    assert table.numbers["edits"].iloc[0] == 38


# All tables


@pytest.fixture(scope="module")
def made() -> dict[str, formats.Table]:
    """All tables of an encoder."""
    return {table.name: table for table in of_encoder(results(), "toy")}


def test_tables_are_those_of_the_arms_of_the_grid(made: dict[str, formats.Table]):
    assert list(made)[-4:] == list(NAMES)
    only = replace(ARMS, perturbed=(), gains=())
    names = [table.name for table in of_encoder(results(robustness=only, contrasts=pd.DataFrame()), "toy")]
    assert [name for name in names if name in NAMES] == ["out_of_domain"]
    plain = [table.name for table in of_encoder(invented(), "toy")]
    assert not set(plain) & set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_captions_say_that_these_targets_are_in_no_official_mean(name: str, made: dict[str, formats.Table]):
    assert robust_tables.NOT_OFFICIAL in made[name].caption
    assert ("median over seeds" in made[name].caption) == (name != "perturbations")


@pytest.mark.parametrize("name", NAMES)
def test_they_are_written_as_csv_markdown_latex_and_html(name: str, made: dict[str, formats.Table], tmp_path: Path):
    formats.write(made[name], tmp_path, "toy")
    written = pd.read_csv(tmp_path / f"toy.{name}.csv", index_col=0)
    pd.testing.assert_frame_equal(written, made[name].numbers, check_dtype=False, atol=1e-4)
    text = formats.latex(made[name], "toy")
    assert not re.search(r"(?<!\\)[_%#$]", re.sub(r"\\(label|begin|end){.*?}", "", text))
    assert not re.search("[→°]", text)
    lines = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(lines) == 1 + len(made[name].shown)


def test_long_names_have_labels_in_texts_and_not_in_numbers():
    name, label = "mnli@ar+bg+de+el", "mnli@4langs"
    renamed = {"mnli": name}
    found = results()
    frames = {
        key: getattr(found, key).replace({"intermediate": renamed, "other_intermediate": renamed})
        for key in ("scores", "statistics", "contrasts")
    }
    told = tuple(replace(one, other=(renamed.get(one.other[0], one.other[0]), one.other[1])) for one in ARMS.gains)
    names = tuple(renamed.get(one, one) for one in INTERMEDIATES)
    seen = {(renamed.get(one, one), target): langs for (one, target), langs in found.seen.items()}
    grid = found.grid.model_copy(update={"intermediates": names})
    long = replace(found, **frames, robustness=replace(ARMS, gains=told), grid=grid, seen=seen)
    made = {table.name: table for table in of_encoder(long, "toy")}
    assert label in made["robustness"].shown.index
    assert name in made["robustness"].numbers.index
    assert made["robustness"].shown.loc[label, "drop"].to_list() == ["4.5", "12.0", "2.0"]
    assert f"{label}: ar, bg, de, el." in made["robustness"].caption
    assert made["objectives"].shown["plain"].to_list() == [label, "mnli3"]
    assert made["objectives"].shown["clean"].to_list() == ["+1.0 (0.0 to +3.0)", "-1.0 (-2.0 to +1.0)"]
    assert set(made["objectives"].numbers["plain"]) == {name, "mnli3"}


# Figure and page


def test_the_figure_has_the_drop_by_rate_from_clean_text_on():
    by_rate, _ = drawn(results(), "robustness", "toy")["vconcat"]
    found = {(one["intermediate"], one["rate"]): one["drop"] for one in rows(by_rate)}
    expected = {(name, 0): 0.0 for name in INTERMEDIATES}
    expected |= {(name, rate): DROPS[f"xnli+typos{rate}"] for name in INTERMEDIATES for rate in (10, 20)}
    assert found == expected | {("mnli+freelb", 10): 3.0, ("mnli+freelb", 20): 7.0}
    assert {one["panel"] for one in rows(by_rate)} == {"xnli, typos"}


def test_the_figure_has_other_perturbations_with_their_intervals():
    _, others = drawn(results(), "robustness", "toy")["vconcat"]
    found = {(one["intermediate"], one["perturbation"]): (one["low"], one["drop"], one["high"]) for one in rows(others)}
    assert found == {(name, "word_order"): (1, pytest.approx(2), 4) for name in INTERMEDIATES}


def test_a_perturbation_with_one_rate_has_no_line():
    one = replace(ARMS, perturbed=(TYPOS10,))
    drawing = drawn(results(robustness=one), "robustness", "toy")
    assert len(drawing["vconcat"]) == 1
    assert {found["perturbation"] for found in rows(drawing)} == {"typos10"}


def test_the_figure_says_what_is_missing():
    lacking = without(results(), intermediate="mnli", target="xnli+typos20", language="sw", seed=2)
    assert "Missing: mnli × xnli, typos20." in said(lacking, "robustness", "toy")
    assert "Nothing is missing." in said(results(), "robustness", "toy")


def test_the_figure_is_drawn_where_there_is_perturbed_text():
    assert next(iter(charts.charts(results(), "toy"))) == "robustness"
    assert "robustness" not in charts.charts(results(robustness=replace(ARMS, perturbed=())), "toy")
    assert "robustness" not in charts.charts(invented(), "toy")


def test_the_page_has_a_section_with_the_tables_of_each_encoder():
    page = page_of(results())
    (section,) = page["sections"]
    assert [one["title"] for one in section["parts"]] == ["toy", "other"]
    (first, *others) = section["parts"][0]["tables"]
    texts = {cell for one in others for row in one["rows"] for cell in row}
    assert "+0.5 (−0.5 to +2.5)" in texts
    assert first["rows"][0][:6] == ["none", "xnli", "typos10", "70.0", "65.5", "4.5"]
    aligned = dict(zip(first["columns"], first["numbers"], strict=True))
    assert [name for name, is_number in aligned.items() if not is_number] == ["intermediate", "target", "perturbation"]
    html = render(page)
    assert '<h2 id="robustness-title">Robustness</h2>' in html
    assert '<td class="number">65.5</td>' in html
    assert "sources-title" not in html


def test_the_page_of_a_plain_grid_has_no_such_section():
    page = page_of(invented())
    assert page["sections"] == []
    assert "robustness-title" not in render(page)


def test_the_scores_of_the_tables_are_those_of_the_statistics():
    known = statistics().set_index(["encoder", "intermediate", "target", "language"])["value"]
    found = drops.drops(results(), "other")
    for one in found[found["perturbation"] != "word_order"].to_dict("records"):
        where = ("other", one["intermediate"])
        assert one["clean"] == pytest.approx(known[(*where, "xnli", "all")])
        assert one["perturbed"] == pytest.approx(known[(*where, f"xnli+{one['perturbation']}", "all")])
    assert len(scores()) == 2 * 4 * 3 * (4 + 4 + 4 + 3 + 1)
