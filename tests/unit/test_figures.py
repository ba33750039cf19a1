"""Figures contain the numbers of the results, whatever is missing."""

import json
import re
from dataclasses import replace
from functools import reduce
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import altair as alt
import pytest
import vl_convert
from drawing import drawn, load, rows, said
from invented_results import ENCODER, invented, without

from xstilts.config import GridSettings
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import FORMATS, TITLES, style
from xstilts.reporting.figures.charts import charts
from xstilts.reporting.marks import MISSING

pytestmark = pytest.mark.thorough

CELLS = list(product(("none", "mnli", "squad_v1", "squad_v1/mnli"), ("xnli", "xquad", "tatoeba")))
CASES = {
    "whole": invented(),
    "a cell is missing": without(invented(), "mnli", "xquad"),
    "a baseline is missing": without(invented(), "none", "xquad"),
    "everything is missing": reduce(lambda found, cell: without(found, *cell), CELLS, invented()),
    "one seed": invented(seeds=(1,)),
    "one language": invented(languages=("en",), targets=("xnli",)),
    "no baseline": invented(intermediates=("mnli", "squad_v1")),
    "nothing but the baseline": invented(intermediates=("none",)),
    "more intermediates than colours": invented(
        intermediates=("none", *"anli_plus mnli qqp squad_v1 squad_v2 hellaswag ccg cosmosqa commonsenseqa".split())
    ),
}
DRAWN = ("a cell is missing", "everything is missing", "one language", "more intermediates than colours")
"""Those that are drawn; the others have fewer rows of the same data."""

COMPARING = ("languages", "size", "distance")


def svg(chart: alt.TopLevelMixin) -> str:
    return vl_convert.vegalite_to_svg(style.spec(chart))


def words(svg: str) -> list[str]:
    """The texts in a picture."""
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_charts_of_an_encoder_are_all_figures_in_their_order():
    assert list(charts(CASES["whole"], ENCODER)) == list(TITLES)


@pytest.mark.parametrize("case", DRAWN)
@pytest.mark.parametrize("name", TITLES)
def test_every_figure_can_be_drawn(name: str, case: str):
    picture = vl_convert.vegalite_to_svg(drawn(CASES[case], name))
    assert f"{TITLES[name]}, {ENCODER}" in words(picture)
    assert not re.search(r"\b(undefined|NaN|null|Infinity)\b", " ".join(words(picture)))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", TITLES)
def test_a_figure_is_plain_json_on_the_ground_it_was_made_for(name: str, dark: bool):
    specification = style.spec(load(name).chart(CASES["a cell is missing"], ENCODER), dark)
    json.dumps(specification, allow_nan=False)
    assert (specification["config"]["background"] == "#ffffff") is not dark


def test_a_figure_is_written_in_every_format(tmp_path: Path):
    style.write(load("deltas").chart(CASES["whole"], ENCODER), tmp_path, "deltas")
    beginnings = {"svg": b"<svg", "pdf": b"%PDF-", "png": b"\x89PNG"}
    assert set(beginnings) == set(FORMATS)
    for suffix, beginning in beginnings.items():
        assert (tmp_path / f"deltas.{suffix}").read_bytes().startswith(beginning)


@pytest.mark.parametrize("case", ["whole", "a cell is missing", "a baseline is missing"])
def test_names_stand_in_the_order_of_the_grid(case: str):
    grid, written = CASES[case].grid, words(vl_convert.vegalite_to_svg(drawn(CASES[case], "deltas")))
    for names in (grid.intermediates, grid.targets):
        assert [word for word in written if word in names] == list(names)


def test_a_missing_cell_and_its_mean_are_dashes():
    missing = [
        (row["intermediate"], row["target"])
        for row in rows(drawn(CASES["a cell is missing"], "deltas"))
        if row.get("text") == MISSING
    ]
    assert missing == [("mnli", "xquad"), ("mnli", "mean")]


def test_a_missing_baseline_leaves_nothing_to_compare_its_target_with():
    changes = [row for row in rows(drawn(CASES["a baseline is missing"], "size")) if "delta" in row]
    assert {row["target"] for row in changes} == {"xnli", "tatoeba"}


@pytest.mark.parametrize("name", ["deltas", "languages", "size", "distance", "seeds", "correlation"])
def test_a_figure_says_what_it_is_drawn_from_and_what_is_missing(name: str):
    assert "Nothing is missing." in said(CASES["whole"], name)
    assert "3 seeds; 150 examples" in said(CASES["whole"], name)
    assert "One seed" not in said(CASES["whole"], name)
    assert "1 seed;" in said(CASES["one seed"], name)
    assert "Missing: mnli × xquad." in said(CASES["a cell is missing"], name)
    assert "3 seeds; 150 examples" in said(CASES["a cell is missing"], name)


def test_of_many_missing_cells_six_are_named_and_the_others_counted():
    assert said(CASES["everything is missing"], "deltas").endswith(
        "3 seeds; 0 examples in each language of a target. Missing: none × xnli, none × xquad, none × tatoeba, "
        "mnli × xnli, mnli × xquad, mnli × tatoeba and 6 more."
    )


@pytest.mark.parametrize("name", COMPARING)
@pytest.mark.parametrize("case", ["no baseline", "nothing but the baseline"])
def test_a_figure_of_changes_says_that_there_is_nothing_to_compare(name: str, case: str):
    assert "nothing to compare" in said(CASES[case], name)
    assert not [row for row in rows(drawn(CASES[case], name)) if "delta" in row]


def marks(name: str, results: Results, sort: str) -> int:
    """How many marks of a sort are in the picture of a figure."""
    return svg(load(name).chart(results, ENCODER)).count(f'aria-roledescription="{sort}"')


def test_a_cell_without_all_seeds_has_no_bar_and_a_baseline_no_line():
    whole = invented()
    scores = whole.scores
    second = scores["target"].eq("xquad") & scores["seed"].eq(2)
    for intermediate, lost in (("mnli", 1), ("none", 2)):
        some = replace(whole, scores=scores[~(second & scores["intermediate"].eq(intermediate))])
        assert marks("seeds", some, "rule mark") == marks("seeds", whole, "rule mark") - lost
        assert marks("seeds", some, "point") == marks("seeds", whole, "point") - 1


def test_no_median_is_drawn_of_a_distance_that_lacks_a_point():
    whole = invented()
    table = whole.statistics
    lost = table[["intermediate", "target", "language"]].eq(["mnli", "xquad", "de"]).all(axis=1)
    some = replace(whole, statistics=table.assign(delta=table["delta"].mask(lost)))
    assert marks("distance", some, "tick") == marks("distance", whole, "tick") - 1
    assert marks("distance", some, "point") == marks("distance", whole, "point") - 1


def test_learning_curves_have_every_evaluation_and_name_the_trainings_without():
    results = CASES["whole"]
    assert len(rows(drawn(results, "learning"))) == len(results.trainings)
    fewer = results.trainings.query("not (stages == 'squad_v1/squad_v1' and seed == 2)")
    assert "Missing: squad_v1/squad_v1 seed 2." in said(replace(results, trainings=fewer), "learning")
    assert "No training has an evaluation." in said(replace(results, trainings=fewer[:0]), "learning")


@pytest.mark.parametrize("name", TITLES)
def test_names_are_text_and_never_markup(name: str):
    evil = "<script>alert('\"')</script>&amp;"
    renamed = {ENCODER: evil, "mnli": f"{evil}\u2028one", "xquad": f"{evil}\u2028two"}
    plain = CASES["whole"]
    frames = {name: getattr(plain, name).replace(renamed) for name in ("scores", "trainings", "statistics")}
    grid = GridSettings.model_construct(
        encoders=(evil,),
        intermediates=tuple(renamed.get(one, one) for one in plain.grid.intermediates),
        targets=tuple(renamed.get(one, one) for one in plain.grid.targets),
        seeds=plain.grid.seeds,
    )
    sizes = {renamed.get(one, one): size for one, size in plain.sizes.items()}
    picture = svg(load(name).chart(replace(plain, **frames, grid=grid, sizes=sizes), evil))
    assert "<script" not in picture
    assert f"{TITLES[name]}, {evil}" in words(picture)
