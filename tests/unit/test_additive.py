"""The additive model of scores, differences between sources, and distances."""

import json
import math
import re
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from by_source import LANGUAGES, MEAN, OWN, SOURCES, arm, results, target
from grids import Words

from xstilts.arms import Arms
from xstilts.config import ConfigError, Report, parse
from xstilts.grid import Grid
from xstilts.reporting import formats, pairs, source_tables
from xstilts.reporting.additive import fit
from xstilts.reporting.figures import apart
from xstilts.reporting.significance import Scores
from xstilts.transfer import Matrix


def cells(drop: tuple = (), **more: float) -> pd.DataFrame:
    rows = [
        {"source": one, "language": lang, "value": MEAN + effect + other + OWN * (one == lang), "trained": one == lang}
        for (one, effect), (lang, other) in product(list(SOURCES.items())[1:], LANGUAGES.items())
        if (one, lang) not in drop
    ]
    return pd.DataFrame(rows)


def test_effects_of_an_additive_table_are_found_without_its_diagonal():
    model = fit(cells())
    assert model.mean == pytest.approx(70)
    assert model.sources.to_dict() == pytest.approx({"de": 3, "es": 1, "zh": -4})
    assert model.languages.to_dict() == pytest.approx(LANGUAGES)
    table = cells()
    residual = table["value"] - model.fitted(table)
    assert residual[table["trained"]].to_list() == pytest.approx([6, 6, 6])
    assert residual[~table["trained"]].abs().max() < 1e-9


def test_the_model_is_the_least_squares_solution():
    noise = np.random.default_rng(3).normal(size=15)
    table = cells().assign(value=lambda own: own["value"] + noise)
    model = fit(table)
    used = table[~table["trained"]]
    residual = used["value"] - model.fitted(used)
    # The normal equations: residuals add up to 0 in every row and column.
    assert residual.groupby(used["source"]).sum().abs().max() < 1e-9
    assert residual.groupby(used["language"]).sum().abs().max() < 1e-9


def test_a_slope_is_what_distance_adds_to_both_effects():
    away = np.random.default_rng(1).uniform(size=15)
    table = cells().assign(distance=away)
    table["value"] -= 5 * away
    model = fit(table, distances=True)
    assert model.slope == pytest.approx(-5)
    assert model.sources["de"] == pytest.approx(3)


def test_a_model_is_missing_if_a_score_is_or_if_the_cells_do_not_determine_it():
    table = cells()
    table.loc[1, "value"] = math.nan
    assert math.isnan(fit(table).mean)
    assert fit(table).sources.isna().all()
    # Two sources with no language in common, and one evaluated language that all sources have seen.
    two = pd.DataFrame([["de", "ja", 1.0, False], ["es", "zh", 2.0, False]], columns=[*cells().columns])
    assert math.isnan(fit(two).mean)
    assert math.isnan(fit(cells().assign(trained=True)).mean)


def test_tables_of_effects_and_residuals_are_of_translated_sources():
    found = results()
    effects = source_tables.effects(found, "toy", found.matrices[0])
    assert effects.shown.loc["source"].to_numpy().tolist() == [["de", "+3.0"], ["es", "+1.0"], ["zh", "-4.0"]]
    assert effects.shown.loc["mean", "points"] == "70.0"
    assert "12 cells of translated sources" in effects.caption
    residuals = source_tables.residuals(found, "toy", found.matrices[0])
    assert residuals.shown.loc["de"].to_list() == ["0.0", "+6.0°", "0.0", "0.0", "0.0"]
    assert list(residuals.shown.index) == ["de", "es", "zh"]


def test_a_model_that_cannot_be_fitted_is_said_in_the_captions():
    found = results()
    tables = (source_tables.effects, source_tables.residuals)
    assert not any("no model" in make(found, "toy", found.matrices[0]).caption for make in tables)
    gone = found.statistics.assign(value=found.statistics["value"].where(found.statistics["target"] != "pawsx@de"))
    lacking = replace(found, statistics=gone)
    assert all(
        "There is no model: a score is missing" in make(lacking, "toy", found.matrices[0]).caption for make in tables
    )


def test_gains_and_residuals_by_distance_are_means_over_cells_outside_the_training():
    found = results()
    # German: en (same branch), es (same family), ja, zh. Spanish: de, en (same family), ja, zh. Chinese: all four.
    table = source_tables.distances(found, "toy", found.matrices[1])
    assert table.numbers["cells"].to_dict() == {"same branch": 1, "same family": 3, "other family": 8}
    assert table.shown["gain"].to_list() == ["+2.0", "+2.0", "+2.0"]
    assert "gain" not in source_tables.distances(found, "toy", found.matrices[0]).numbers
    gone = found.statistics.copy()
    where = (gone["target"] == "pawsx@de") & (gone["language"] == "en") & (gone["intermediate"] == "udpos")
    gone.loc[where, "delta"] = math.nan
    lacking = source_tables.distances(replace(found, statistics=gone), "toy", found.matrices[1])
    assert lacking.shown["gain"].to_list() == ["—", "+2.0", "+2.0"]


def test_the_figure_has_a_point_for_each_cell_outside_the_training():
    found = results()
    drawn = apart.chart(found, "toy").to_dict()
    rows = [row for row in drawn["data"]["values"] if row["matrix"] == "udpos → pawsx@{source}"]
    assert len(rows) == 12
    assert {row["points"] for row in rows} == {2.0}


def test_differences_are_shown_with_their_languages_and_their_text():
    found = results()
    shown = source_tables.differences(found, "toy", found.matrices[0]).shown.reset_index().to_numpy().tolist()
    assert shown == [
        ["de†", "es†", "translated", "+2.0", "-0.5 to +4.2", "en ja zh", "30"],
        ["de†", "zh†", "translated", "—", "—", "—", "0"],
        ["de†", "en", "translated and original text", "-6.0", "-8.0 to -4.0", "es ja zh", "30"],
    ]


MATRIX = Matrix(
    "none", "pawsx@{source}", tuple(arm(one, "none") for one in ("de", "es", "zh")), ("de", "es", "ja", "zh")
)
GRID = Arms(encoders=("toy",), intermediates=("none",), targets=("pawsx@de",), seeds=(1, 2))


def scored(folder, rights: dict, size: int = 40) -> Scores:
    """Counts of the first `rights` of the examples of each language, by source, seed and language."""
    cells = []
    for source in ("de", "es", "zh"):
        for seed in (1, 2):
            rows = [
                {"language": lang, "unit": str(unit), "right": float(unit < rights[source, seed, lang]), "all": 1.0}
                for lang in MATRIX.languages
                for unit in range(size)
            ]
            path = folder / source / str(seed)
            path.mkdir(parents=True)
            pq.write_table(pa.Table.from_pylist(rows), path / "examples.parquet")
            cells.append(["toy", "none", f"pawsx@{source}", seed, f"{source}/{seed}"])
    return Scores(folder, json.loads(json.dumps(cells)))


def rights(**more: int) -> dict:
    return {
        (source, seed, lang): 20 + more.get(source, 0) + (10 if lang == source else 0) + (seed == 2)
        for source, seed, lang in product(("de", "es", "zh"), (1, 2), MATRIX.languages)
    }


def test_a_difference_is_over_the_languages_in_the_training_of_neither(tmp_path):
    table = pairs.differences(scored(tmp_path, rights(es=2)), MATRIX, "pawsx", GRID, Report(samples=200))
    named = table.set_index(["one", "other"])
    assert named["languages"].to_dict() == {("de", "es"): "ja zh", ("de", "zh"): "es ja", ("es", "zh"): "de ja"}
    # Two of 40 examples are 5 points; in the own language 25 points more, which no difference contains.
    assert named["difference"].to_dict() == pytest.approx({("de", "es"): -5, ("de", "zh"): 0, ("es", "zh"): 5})
    assert named.loc[("de", "es"), ["n", "seeds"]].to_list() == [80, 2]


def test_an_interval_is_paired_over_examples(tmp_path):
    one = rights(es=0) | {
        (source, seed, lang): 20 for source in ("de", "es") for seed in (1, 2) for lang in ("ja", "zh")
    }
    table = pairs.differences(scored(tmp_path, one), MATRIX, "pawsx", GRID, Report(samples=200))
    row = table.set_index(["one", "other"]).loc[("de", "es")]
    # The same examples are right, so that no sample of them has a difference.
    assert (row["low"], row["difference"], row["high"]) == (0, 0, 0)
    wide = table.set_index(["one", "other"]).loc[("de", "zh")]
    assert wide["low"] < 0 < wide["high"]


def test_a_difference_without_a_common_language_or_a_seed_is_missing(tmp_path):
    scores = scored(tmp_path, rights())
    few = replace(MATRIX, languages=("de", "es"))
    table = pairs.differences(scores, few, "pawsx", GRID, Report(samples=100)).set_index(["one", "other"])
    assert math.isnan(table.loc[("de", "es"), "difference"])
    lost = Scores(scores.store, [cell for cell in scores.cells if cell[2:4] != ["pawsx@zh", 2]])
    table = pairs.differences(lost, MATRIX, "pawsx", GRID, Report(samples=100)).set_index(["one", "other"])
    assert math.isnan(table.loc[("de", "zh"), "low"])
    assert not math.isnan(table.loc[("de", "es"), "low"])
    assert table.loc[("de", "zh"), ["n", "seeds"]].to_list() == [0, 0]


def test_the_slope_of_distances_of_the_user_is_in_the_table_of_distances():
    found = results()
    away = {(one, lang): float((one < lang) * 2) for one in SOURCES for lang in LANGUAGES if one != lang}
    known = found.statistics.copy()
    for (one, lang), distance in away.items():
        where = (known["target"] == target(one)) & (known["language"] == lang)
        known.loc[where, "value"] -= 3 * distance
        known.loc[where, "delta"] -= distance
    changed = replace(found, statistics=known, distances=away)
    table = source_tables.distances(changed, "toy", found.matrices[1])
    assert table.numbers["slope"].to_dict() == pytest.approx({"score": -3, "gain": -1})
    assert table.shown.loc["score"].to_list() == ["12", "-3.0"]
    drawn = apart.chart(changed, "toy").to_dict()
    assert {row["distance"] for row in drawn["data"]["values"]} == {0.0, 2.0}


def settings(file, **grid) -> dict:
    own = {
        "encoders": ["toy"],
        "seeds": [1],
        "intermediates": ["none"],
        "targets": ["pawsx@{source}"],
        "sources": ["de"],
    }
    return {"encoders": {"toy": {"path": "toy"}}, "grid": {**own, **grid}, "report": {"distances": str(file)}}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("source,target,distance\nde,en,1\n", "has no distance for de, es; de, fr; de, ja; de, ko; de, zh; add them"),
        ("source,target\nde,en\n", "line 2 has no 'distance'; expected the columns source, target, distance"),
        ("source,target,distance\nde,en,far\n", "line 2: found 'far' as 'distance', expected a number"),
        ("source,target,distance\nde,en,1\nde,en,2\n", "line 3 has the pair de, en again; remove one"),
    ],
)
def test_a_file_of_distances_that_lacks_something_is_refused_before_anything_runs(tmp_path, text: str, problem: str):
    file = tmp_path / "distances.csv"
    file.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(problem)):
        _ = Grid(parse(settings(file)), Words()).entries


def test_a_distance_holds_in_both_directions_and_is_in_the_specs(tmp_path):
    file = tmp_path / "distances.csv"
    file.write_text("source,target,distance\n" + "".join(f"{lang},de,{n}\n" for n, lang in enumerate(("en", "zh"))))
    found = Grid(parse({**settings(file), "languages": ["de", "en", "zh"]}), Words())
    assert found.tables.spec["distances"] == [["de", "en", 0.0], ["de", "zh", 1.0]]


def test_after_training_in_all_languages_there_is_nothing_to_compare(tmp_path):
    found = results()
    arms = tuple(replace(one, seen=tuple(LANGUAGES)) for one in found.matrices[0].arms)
    whole = replace(found.matrices[0], arms=arms)
    seen = dict.fromkeys(found.seen, tuple(LANGUAGES))
    trained = replace(found, matrices=(whole,), seen=seen)
    tables = source_tables.tables(trained, "toy", whole)
    for table in tables:
        formats.write(table, tmp_path, "toy")
    assert set(tables[0].shown["zero-shot mean"].iloc[:4]) == {"—"}
    assert set(tables[2].shown["points"]) == {"—"}
    reason = ["The scores do not determine the effects of sources and languages."]
    assert apart.chart(trained, "toy").to_dict()["title"]["subtitle"] == reason
    both = replace(trained, matrices=(whole, found.matrices[1]))
    assert {row["matrix"] for row in apart.chart(both, "toy").to_dict()["data"]["values"]} == {"udpos → pawsx@{source}"}
