"""Figures hold the numbers of the results, whatever is missing of them."""

import importlib
import json
import re
from dataclasses import replace
from functools import reduce
from itertools import product
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import altair as alt
import pytest
import vl_convert
from invented_results import ENCODER, invented, without

from xstilts.config import GridSettings
from xstilts.reporting.figures import FORMATS, TITLES, style
from xstilts.reporting.figures.charts import charts
from xstilts.reporting.results import Results

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
COMPARING = ("languages", "size", "distance")


def drawn(results: Results, name: str) -> dict:
    """A figure as Vega-Lite."""
    return style.spec(load(name).chart(results, ENCODER))


def load(name: str) -> ModuleType:
    """The module of a figure."""
    return importlib.import_module(f"xstilts.reporting.figures.{name}")


def rows(chart: object) -> list[dict]:
    """All rows of data in a chart."""
    if isinstance(chart, list):
        return [row for part in chart for row in rows(part)]
    if not isinstance(chart, dict):
        return []
    own = chart["values"] if isinstance(chart.get("values"), list) else []
    return [row for row in own if isinstance(row, dict)] + rows(list(chart.values()))


def said(results: Results, name: str) -> str:
    """What stands below the title of a figure."""
    return " ".join(drawn(results, name)["title"]["subtitle"])


def svg(chart: alt.TopLevelMixin, folder: Path) -> str:
    style.write(chart, folder, "figure")
    return (folder / "figure.svg").read_text(encoding="utf-8")


def words(svg: str) -> list[str]:
    """The texts in a picture."""
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_charts_of_an_encoder_are_all_figures_in_their_order():
    assert list(charts(CASES["whole"], ENCODER)) == list(TITLES)


@pytest.mark.parametrize("case", CASES)
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


def test_every_change_of_the_statistics_is_written_in_its_cell():
    results = CASES["whole"]
    cells = {
        (row["intermediate"], row["target"]): row for row in rows(drawn(results, "deltas")) if "intermediate" in row
    }
    for row in results.by_target(ENCODER).itertuples():
        cell, star = cells[row.intermediate, row.target], "*" if row.significant else ""
        shown = f"{row.value:.1f}" if row.intermediate == "none" else f"{row.delta:+.1f}{star}".replace("-", "−")
        assert cell["text"] == shown
        assert cell["value"] == pytest.approx(row.value)
    assert any(cell["text"].endswith("*") for cell in cells.values())


@pytest.mark.parametrize("case", ["whole", "a cell is missing", "a baseline is missing"])
def test_names_stand_in_the_order_of_the_grid(case: str):
    grid, written = CASES[case].grid, words(vl_convert.vegalite_to_svg(drawn(CASES[case], "deltas")))
    for names in (grid.intermediates, grid.targets):
        assert [word for word in written if word in names] == list(names)


def test_a_missing_cell_and_its_mean_are_dashes():
    missing = [
        (row["intermediate"], row["target"])
        for row in rows(drawn(CASES["a cell is missing"], "deltas"))
        if row.get("text") == style.MISSING
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


@pytest.mark.parametrize("name", COMPARING)
@pytest.mark.parametrize("case", ["no baseline", "nothing but the baseline"])
def test_a_figure_of_changes_says_that_there_is_nothing_to_compare(name: str, case: str):
    assert "nothing to compare" in said(CASES[case], name)
    assert not [row for row in rows(drawn(CASES[case], name)) if "delta" in row]


def test_a_change_of_a_language_is_the_mean_over_its_targets_or_missing():
    results = CASES["a cell is missing"]
    found = {(row["language"], row["intermediate"]): row["delta"] for row in rows(drawn(results, "languages"))}
    german = results.by_language(ENCODER).query("language == 'de' and intermediate == 'squad_v1'")["delta"]
    assert found["de", "squad_v1"] == pytest.approx(german.mean())
    assert found["de", "mnli"] is None
    assert found["sw", "mnli"] is not None


def test_languages_stand_in_their_families():
    groups = {row["language"]: row["group"] for row in rows(drawn(CASES["whole"], "languages"))}
    assert groups == {
        "en": "Germanic",
        "de": "Germanic",
        "ru": "Balto-Slavic",
        "hi": "Indo-Iranian",
        "zh": "Sino-Tibetan",
        "sw": "Atlantic-Congo",
    }


def test_a_size_that_is_not_known_is_said_and_not_drawn():
    whole = CASES["whole"]
    sizes = {**whole.sizes, "mnli": None}
    results = replace(whole, sizes=sizes)
    shown = {row["intermediate"]: row["rows"] for row in rows(drawn(results, "size")) if "delta" in row}
    assert shown == {"squad_v1": sizes["squad_v1"], "squad_v1/mnli": sizes["squad_v1/mnli"]}
    assert "Size not known, so not drawn: mnli." in said(results, "size")


def test_every_seed_has_its_point():
    results = CASES["a cell is missing"]
    points = [row for row in rows(drawn(results, "seeds")) if "seed" in row]
    assert len(points) == 3 * (len(results.grid.intermediates) * len(results.grid.targets) - 1)
    one = next(row for row in points if (row["intermediate"], row["target"], row["seed"]) == ("mnli", "xnli", 2))
    scores = results.scores.query("intermediate == 'mnli' and target == 'xnli' and seed == 2")["value"]
    assert one["value"] == pytest.approx(scores.mean())


def marks(name: str, results: Results, folder: Path, sort: str) -> int:
    """How many marks of a sort are in the picture of a figure."""
    return svg(load(name).chart(results, ENCODER), folder).count(f'aria-roledescription="{sort}"')


def test_a_cell_without_all_seeds_has_no_bar_and_a_baseline_no_line(tmp_path: Path):
    whole = invented()
    scores = whole.scores
    second = scores["target"].eq("xquad") & scores["seed"].eq(2)
    for intermediate, lost in (("mnli", 1), ("none", 2)):
        some = replace(whole, scores=scores[~(second & scores["intermediate"].eq(intermediate))])
        assert marks("seeds", some, tmp_path, "rule mark") == marks("seeds", whole, tmp_path, "rule mark") - lost
        assert marks("seeds", some, tmp_path, "point") == marks("seeds", whole, tmp_path, "point") - 1


def test_no_median_is_drawn_of_a_distance_that_lacks_a_point(tmp_path: Path):
    whole = invented()
    table = whole.statistics
    lost = table[["intermediate", "target", "language"]].eq(["mnli", "xquad", "de"]).all(axis=1)
    some = replace(whole, statistics=table.assign(delta=table["delta"].mask(lost)))
    assert marks("distance", some, tmp_path, "tick") == marks("distance", whole, tmp_path, "tick") - 1
    assert marks("distance", some, tmp_path, "point") == marks("distance", whole, tmp_path, "point") - 1


def test_learning_curves_have_every_evaluation_and_name_the_trainings_without():
    results = CASES["whole"]
    assert len(rows(drawn(results, "learning"))) == len(results.trainings)
    fewer = results.trainings.query("not (stages == 'squad_v1/squad_v1' and seed == 2)")
    assert "Missing: squad_v1/squad_v1 seed 2." in said(replace(results, trainings=fewer), "learning")
    assert "No training has an evaluation." in said(replace(results, trainings=fewer[:0]), "learning")


def test_a_correlation_is_that_of_the_ranks_and_missing_where_an_intermediate_is():
    results = CASES["whole"]
    found = {(row["one"], row["other"]): row["correlation"] for row in rows(drawn(results, "correlation"))}
    changes = results.changes(results.by_target(ENCODER)).pivot(index="intermediate", columns="target", values="delta")
    ranks = changes.rank()
    assert found["xnli", "tatoeba"] == pytest.approx(ranks["xnli"].corr(ranks["tatoeba"]))
    gaps = {(row["one"], row["other"]): row["text"] for row in rows(drawn(CASES["a cell is missing"], "correlation"))}
    assert [pair for pair, text in gaps.items() if text == style.MISSING] == [("xnli", "xquad"), ("xquad", "tatoeba")]
    two = invented(intermediates=("none", "mnli", "squad_v1"))
    assert "at least 3 intermediates" in said(two, "correlation")


@pytest.mark.parametrize("name", TITLES)
def test_names_are_text_and_never_markup(name: str, tmp_path: Path):
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
    picture = svg(load(name).chart(replace(plain, **frames, grid=grid, sizes=sizes), evil), tmp_path)
    assert "<script" not in picture
    assert f"{TITLES[name]}, {evil}" in words(picture)
