"""The tables, the figure and the section of the page on intermediates that differ only in their order."""

from dataclasses import replace
from itertools import product
from math import sqrt

import numpy as np
import pandas as pd
import pytest
from by_order import ONE, OTHER, SCORES, grid, results
from by_source import results as with_sources
from drawing import drawn, rows, said
from invented_results import invented
from pages import page_of
from scipy import stats

from xstilts.jobs.tables import of_encoder
from xstilts.reporting import formats, order_tables, relabelling
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import charts
from xstilts.reporting.page import document
from xstilts.reporting.page.render import render

THREE = ("mnli/squad_v1/ccg", "mnli/ccg/squad_v1", "ccg/squad_v1/mnli")


def without(found: Results, **where: object) -> Results:
    """The same, where the rows of some scores are not there."""
    gone = (found.scores[list(where)] == pd.Series(where)).all(axis=1)
    assert gone.any()
    return replace(found, scores=found.scores[~gone])


def several() -> Results:
    """Three orders and some of their controls before two targets, with random scores that nobody worked out."""
    random = np.random.default_rng(3)
    names = ("none", *THREE, "mnli", "ccg")
    scores = {name: {lang: tuple(random.normal(60, 4, 4)) for lang in ("en", "de", "sw")} for name in names}
    return results(scores, (1, 2, 3, 4), targets=["xnli", "pawsx"])


def wide(found: Results, target: str = "xnli") -> pd.DataFrame:
    """The scores with a column for each seed."""
    mine = found.scores[found.scores["target"] == target]
    return mine.pivot(index=["intermediate", "language"], columns="seed", values="value")


def by_seed(found: Results, name: str, score: str) -> np.ndarray:
    """The score of each seed of an intermediate, by pandas."""
    mine = wide(found).loc[name]
    return (mine.mean() if score == "mean" else mine.loc[mine.mean(axis=1).idxmin()]).to_numpy()


def one_row(table: formats.Table, **where: object) -> pd.Series:
    """The row of the numbers with some values."""
    numbers = table.numbers.reset_index()
    (found,) = numbers[(numbers[list(where)] == pd.Series(where)).all(axis=1)].iloc
    return found


def test_the_effect_of_the_order_is_the_one_worked_out_by_hand():
    table = order_tables.effects(results(), "toy")
    assert table.numbers.index.to_list() == [ONE, ONE]
    # Means over seeds 71.5 and 72.5; variances over seeds 1.75 and 3.25, so that F = 3 * 0.5 / 2.5.
    mean = one_row(table, score="mean")
    assert (mean["mean"], mean["range"], mean["f"]) == pytest.approx((72, 1, 0.6))
    assert (mean["sd_orders"], mean["sd_seeds"]) == pytest.approx((sqrt(0.5), sqrt(2.5)))
    assert (mean["orders"], mean["seeds"], mean["worst"], mean["component"]) == (2, 3, "", 0)
    # Differences 2, -1 and 2 by seed add up to 3, which two of 2 ± 1 ± 2 reach.
    assert (mean["p"], mean["least_p"], mean["p_adjusted"]) == (0.5, 0.25, 0.5)
    # Swahili is the worst in both: 61 and 66, with the differences 6, 0 and 9.
    worst = one_row(table, score="worst")
    assert (worst["mean"], worst["range"], worst["worst"], worst["p"]) == (63.5, 5, "sw", 0.5)


def test_it_is_shown_with_the_worst_languages():
    shown = order_tables.effects(results(), "toy").shown
    expected = ["xnli", "mean", "2", "3", "0.71", "1.00", "1.58", "0.500", "0.500", "0.250", "0.482", "0.00", "—"]
    assert shown.iloc[0].to_list() == expected
    assert shown["score"].to_list() == ["mean", "worst: sw"]
    other = {**SCORES, OTHER: {"en": (50, 51, 52), "sw": (66, 62, 70)}}
    assert order_tables.effects(results(other), "toy").shown["score"].to_list() == ["mean", "worst: sw, en"]


def test_first_and_last_tasks_are_those_worked_out_by_hand():
    table = order_tables.first_last(results(), "toy")
    assert table.numbers["place"].to_list() == ["first", "first", "last", "last"] * 2
    first = one_row(table, score="mean", place="first", task="mnli")
    assert (first["orders"], first["mean"], first["difference"]) == (1, 71.5, -0.5)
    # By seed -1, 0.5 and -1, with the standard deviation sqrt(0.75); Student's t(0.975; 2) is 4.303.
    assert (first["low"], first["high"]) == pytest.approx((-0.5 - 4.3027 * 0.5, -0.5 + 4.3027 * 0.5), abs=1e-4)
    assert one_row(table, score="mean", place="last", task="mnli")["mean"] == 72.5
    assert table.shown.iloc[0].to_list() == ["xnli", "mean", "first", "mnli", "1", "71.5", "-0.5", "-2.7 to +1.7"]


def test_controls_are_those_worked_out_by_hand():
    table = order_tables.controls(results(), "toy")
    known = table.numbers.query("score == 'mean'")
    assert list(zip(known.index, known["control"], known["name"], strict=True)) == [
        (ONE, "mixture", "mixed"),
        (ONE, "last task alone", "squad_v1"),
        (ONE, "none", "none"),
        (OTHER, "mixture", "mixed"),
        (OTHER, "none", "none"),
    ]
    # The mixture has 72.5, 73 and 73.5; its last task alone has 65, 64 and 64.5; none has 60, 61 and 62.
    assert known["difference"].to_list() == pytest.approx([-1.5, 7, 10.5, -0.5, 11.5])
    worst = table.numbers.query("score == 'worst'")
    assert worst["worst"].to_list() == ["sw"] * 5
    assert worst["worst of control"].to_list() == ["sw", "sw", "en", "sw", "en"]
    assert worst["difference"].to_list() == pytest.approx([61 - 65, 61 - 59, 61 - 52, 66 - 65, 66 - 52])
    # By seed -2.5, -1 and -1: paired, the seeds differ less than the scores.
    assert (known["low"].iloc[0], known["high"].iloc[0]) == pytest.approx((-1.5 - 2.1513, -1.5 + 2.1513), abs=1e-4)
    assert table.shown.iloc[7].to_list() == ["xnli", "worst: sw", "none", "none (en)", "+9.0", "+4.7 to +13.3"]


@pytest.mark.parametrize("score", ["mean", "worst"])
def test_numbers_of_several_orders_and_targets_are_those_of_pandas_and_scipy(score: str):
    found = several()
    effects, places, against = order_tables.tables(found, "toy")
    everything = np.array([by_seed(found, name, score) for name in THREE])
    mine, expected = one_row(effects, target="xnli", score=score), stats.f_oneway(*everything)
    assert (mine["f"], mine["p_f"]) == pytest.approx((expected.statistic, expected.pvalue))
    assert mine["sd_orders"] == pytest.approx(np.std(everything.mean(axis=1), ddof=1))
    for place, task in product(("first", "last"), ("mnli", "ccg", "squad_v1")):
        names = [name for name in THREE if name.split("/")[0 if place == "first" else -1] == task]
        if not names:
            continue
        row = one_row(places, target="xnli", score=score, place=place, task=task)
        own = np.mean([by_seed(found, name, score) for name in names], axis=0)
        test = stats.ttest_rel(own, everything.mean(axis=0)).confidence_interval()
        assert (row["orders"], row["mean"]) == (len(names), pytest.approx(own.mean()))
        assert (row["difference"], row["low"]) == pytest.approx((own.mean() - everything.mean(), test.low))
    for order, control in [(THREE[0], "ccg"), (THREE[0], "none"), (THREE[2], "mnli"), (THREE[1], "none")]:
        row = one_row(against, order=order, target="xnli", score=score, name=control)
        test = stats.ttest_rel(by_seed(found, order, score), by_seed(found, control, score)).confidence_interval()
        assert (row["low"], row["high"]) == pytest.approx((test.low, test.high))


def test_p_values_are_corrected_over_sets_and_targets_with_the_mean_and_the_worst_language_apart():
    better = {"en": (90, 90, 90), "sw": (66, 62, 70)}
    scores = dict.fromkeys(("ab", "ba"), SCORES[ONE]) | SCORES | {OTHER: better}
    numbers = order_tables.effects(results(scores), "toy").numbers.groupby("score")
    # Holm multiplies the smaller one by 2. Over all four, 0.25 would become 1.
    assert numbers["p"].apply(list).to_dict() == {"mean": [1, 0.25], "worst": [1, 0.5]}
    assert numbers["p_adjusted"].apply(list).to_dict() == {"mean": [1, 0.5], "worst": [1, 1]}
    # With a second target, there are four of each.
    both = order_tables.effects(results(scores, targets=["xnli", "pawsx"]), "toy").numbers
    assert both["p_adjusted"].to_list() == [1] * 8


@pytest.mark.parametrize("name", [ONE, OTHER])
@pytest.mark.parametrize("where", [{"language": "en", "seed": 2}, {"seed": 3}, {"language": "sw"}])
def test_what_lacks_a_score_is_missing_and_the_rest_is_not(name: str, where: dict):
    whole, found = results(), without(results(), intermediate=name, **where)
    effects, places, against = order_tables.tables(found, "toy")
    assert effects.numbers[["mean", "range", "sd_orders", "p", "p_adjusted", "f"]].isna().all(axis=None)
    assert set(effects.shown["p"]) == set(effects.shown["range"]) == {"—"}
    assert places.numbers["difference"].isna().all()
    is_gone = places.numbers["task"] == (name.split("/")[0])
    first = places.numbers["place"] == "first"
    assert places.numbers.loc[first, "mean"].isna().to_list() == is_gone[first].to_list()
    assert against.numbers["difference"].isna().to_list() == (against.numbers.index == name).tolist()
    rest = against.numbers.index != name
    pd.testing.assert_frame_equal(
        against.numbers[rest], order_tables.controls(whole, "toy").numbers[rest], check_dtype=False
    )


def test_without_a_control_its_differences_are_missing_and_the_order_has_its_effect():
    found = without(results(), intermediate="mixed", seed=1)
    table = order_tables.controls(found, "toy")
    assert table.numbers["difference"].isna().to_list() == (table.numbers["control"] == "mixture").to_list()
    assert order_tables.effects(found, "toy").numbers["p"].notna().all()


def test_one_seed_is_too_few_for_a_test_which_the_table_says():
    one = {name: {lang: values[:1] for lang, values in found.items()} for name, found in SCORES.items()}
    effects, places, against = order_tables.tables(results(one, (1,)), "toy")
    assert set(effects.shown["p"]) == set(effects.shown["corrected p"]) == {"too few seeds"}
    assert "There is no test" in effects.caption
    assert "There is no test" not in order_tables.effects(results(), "toy").caption
    assert effects.numbers["range"].to_list() == [2, 6]
    assert set(places.shown["interval"]) == set(against.shown["interval"]) == {"—"}
    assert against.numbers["difference"].iloc[0] == -2.5


def test_a_target_that_only_one_order_precedes_has_no_rows():
    names = ("mnli@{source}/squad_v1", "squad_v1/mnli@{source}")
    found = grid(names, sources=["de", "en"], targets=["pawsx@{source}", "xnli"])
    assert [[one.intermediate for one in orders.members] for orders in found.orders] == [
        ["mnli@de/squad_v1", "squad_v1/mnli@de"],
        [ONE, OTHER],
    ]
    scores = {name: {"en": (60, 61, 62)} for name in names}
    made = results(scores, sources=["de", "en"], targets=["pawsx@{source}", "xnli"])
    table = order_tables.effects(made, "toy")
    assert list(zip(table.numbers.index, table.numbers["target"], strict=True))[::2] == [
        ("mnli@de/squad_v1", "pawsx@de"),
        ("mnli@de/squad_v1", "xnli"),
        (ONE, "pawsx"),
        (ONE, "xnli"),
    ]


def test_each_encoder_has_its_own_numbers():
    found = results(encoders=["toy", "other"])
    more = found.scores["encoder"].eq("other") & found.scores["intermediate"].eq(OTHER)
    found.scores.loc[more, "value"] += 10
    assert order_tables.effects(found, "toy").numbers["range"].to_list() == [1, 5]
    assert order_tables.effects(found, "other").numbers["range"].to_list() == [11, 15]


def test_they_are_among_the_tables_of_grids_with_orders_only():
    names = {table.name for table in of_encoder(several(), "toy")}
    assert names >= {"orders", "orders.first_last", "orders.controls"}
    for found in (invented(), with_sources()):
        assert not any(table.name.startswith("orders") for table in of_encoder(found, found.grid.encoders[0]))


def test_they_are_valid_latex_and_markdown():
    for table in order_tables.tables(results(), "toy"):
        assert formats.latex(table, "toy").count("\\\\") == 1 + len(table.shown)
        assert f"| {table.shown.index.name}" in formats.markdown(table)


def test_long_names_have_labels_in_the_text_of_tables():
    long = "mnli@ar+bg+de+el"
    names = (f"{long}/squad_v1", f"squad_v1/{long}")
    found = results({name: {"en": (60, 61, 62)} for name in names})
    short = relabelling.relabelled(found)
    assert short.orders[0].members[1].parts == ("squad_v1", "mnli@4langs")
    (table,) = (table for table in of_encoder(found, "toy") if table.name == "orders")
    assert table.numbers.index[0] == names[0]
    assert table.shown.index[0] == "mnli@4langs/squad_v1"
    assert "mnli@4langs: ar, bg, de, el." in table.caption


# The figure and the page


def test_the_figure_has_the_seeds_their_mean_and_the_controls():
    drawn_rows = [row for row in rows(drawn(results(), "orders")) if "kind" in row]
    mine = [row for row in drawn_rows if row["order"] == ONE]
    assert {row["seed"]: row["value"] for row in mine if row["kind"] == "seed"} == {1: 70, 2: 72, 3: 72.5}
    others = {(row["kind"], row["name"]): row["value"] for row in mine if row["kind"] != "seed"}
    assert others == {
        ("mean over seeds", None): 71.5,
        ("mixture", "mixed"): 73,
        ("last task alone", "squad_v1"): 64.5,
        ("none", "none"): 61,
    }


def test_a_seed_that_is_missing_is_not_in_the_figure_and_neither_is_the_mean():
    found = without(results(), intermediate=ONE, language="en", seed=2)
    mine = [row for row in rows(drawn(found, "orders")) if row.get("order") == ONE]
    assert [row["seed"] for row in mine if row["kind"] == "seed"] == [1, 3]
    assert "mean over seeds" not in {row["kind"] for row in mine}


def test_a_figure_without_scores_says_so():
    found = results()
    assert "No score" in said(replace(found, scores=found.scores.iloc[:0]), "orders")


def test_the_figure_exists_only_with_orders_and_comes_before_those_of_all_experiments():
    assert next(iter(charts.charts(several(), "toy"))) == "orders"
    assert "orders" not in charts.charts(invented(), "toy")


def test_the_page_has_a_section_with_the_tables_of_each_encoder():
    page = page_of(results(encoders=["toy", "other"]))
    (section,) = page["sections"]
    assert [one["title"] for one in section["parts"]] == ["toy", "other"]
    effects, places, against = section["parts"][0]["tables"]
    assert effects["rows"][0][:4] == [ONE, "xnli", "mean", "2"]
    assert against["rows"][0][-2:] == ["−1.5", "−3.7 to +0.7"]
    assert dict(zip(places["columns"], places["numbers"], strict=True)) == {
        **dict.fromkeys(["orders of", "target", "score", "place", "task"], False),
        **dict.fromkeys(["orders", "mean", "difference", "interval"], True),
    }
    html = render(page)
    assert '<h2 id="orders-title">Order of tasks</h2>' in html
    assert document.of_results(invented())["sections"] == []
    assert 'id="orders-title"' not in render(page_of(invented()))
