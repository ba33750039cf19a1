"""The table of statistics: whose numbers are in each row, corrections, marks and missing values."""

import zlib
from collections.abc import Iterable
from itertools import product
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xstilts import metrics
from xstilts.arms import Arms
from xstilts.config import Report
from xstilts.errors import DataError
from xstilts.recipes import Target
from xstilts.reporting import correction, per_example, significance
from xstilts.reporting.comparison import Comparison
from xstilts.reporting.significance import Scores

pytestmark = pytest.mark.thorough

NUMBERS = ["value", "low", "high", "delta", "delta_low", "delta_high", "p", "p_adjusted"]
KEYS = ["encoder", "intermediate", "target", "language"]
COLUMNS = [*KEYS, "metric", *NUMBERS, "significant", "n", "seeds"]
LANGUAGES = {"xnli": ("en", "de"), "panx": ("en",)}
GRID = Arms(encoders=("one", "two"), intermediates=("mnli", "none", "qqp"), targets=("xnli", "panx"), seeds=(1, 2))
ONE = GRID.model_copy(update={"encoders": ("one",)})
UNITS = 40
RIGHT = {
    ("one", "none", "xnli"): {"en": 20, "de": 16},
    ("one", "mnli", "xnli"): {"en": 36, "de": 32},
    ("one", "qqp", "xnli"): {"en": 4, "de": 4},
    ("one", "none", "panx"): {"en": 20},
    ("one", "mnli", "panx"): {"en": 21},
    ("one", "qqp", "panx"): {"en": 18},
    ("two", "none", "xnli"): {"en": 30, "de": 30},
    ("two", "mnli", "xnli"): {"en": 28, "de": 30},
    ("two", "qqp", "xnli"): {"en": 30, "de": 26},
    ("two", "none", "panx"): {"en": 30},
    ("two", "mnli", "panx"): {"en": 32},
    ("two", "qqp", "panx"): {"en": 33},
}
"""How many of 40 units are right with the first seed, by cell and language; with the second, two more."""


def write(store: Path, path: str, languages: dict[str, int], target: str) -> None:
    """The counts of a cell: a sentence of PAN-X has as many names as its number, so that its F1 is no mean of F1s."""
    rows = []
    for lang, right in languages.items():
        for unit in range(UNITS):
            is_right, size = unit < right, 1 + unit % 5
            whole = {"all": 1} if target == "xnli" else {"found": 2 * size, "expected": size}
            rows.append(
                {"language": lang, "unit": f"{unit}", "right": is_right * (size if target == "panx" else 1)} | whole
            )
    (store / path).mkdir()
    pq.write_table(pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False), store / path / "examples.parquet")


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Scores:
    store, cells = tmp_path_factory.mktemp("store"), []
    for (cell, languages), seed in product(RIGHT.items(), GRID.seeds):
        path = "-".join([*cell, str(seed)])
        write(store, path, {lang: right + 2 * (seed == 2) for lang, right in languages.items()}, cell[2])
        cells.append([*cell, seed, path])
    return Scores(store, cells)


def table(scores: Scores, grid: Arms = GRID, languages: dict = LANGUAGES, **report) -> pd.DataFrame:
    """The statistics of all targets together."""
    settings = Report(**{"samples": 199, **report})
    targets = [
        significance.statistics(scores, Target(name, name, ()), grid, languages[name], settings)
        for name in grid.targets
    ]
    return correction.together(targets, grid)


@pytest.fixture(scope="module")
def found(scores: Scores) -> pd.DataFrame:
    return table(scores)


def at(found: pd.DataFrame, encoder: str, intermediate: str, target: str, language: str = "all") -> pd.Series:
    return found.set_index(KEYS).loc[(encoder, intermediate, target, language)]


def test_there_is_a_row_for_every_cell_and_language_and_for_all_languages_in_the_order_of_the_grid(found: pd.DataFrame):
    assert list(found.columns) == COLUMNS
    assert list(found[KEYS].itertuples(index=False, name=None)) == [
        (encoder, intermediate, target, language)
        for encoder in ("one", "two")
        for intermediate in ("mnli", "none", "qqp")
        for target, languages in (("xnli", ("all", "en", "de")), ("panx", ("all", "en")))
        for language in languages
    ]
    assert set(found["metric"]) == {"main_score"}
    assert (found["n"].dtype, found["seeds"].dtype, found["significant"].dtype) == ("int64", "int64", "bool")


def test_every_row_has_the_numbers_of_its_encoder_intermediate_target_and_language(found: pd.DataFrame):
    # 20 and 22 of 40 are 50 and 55 %: over seeds 52.5. Without its 2 seeds' one point more, de has 42.5.
    assert at(found, "one", "none", "xnli", "en")["value"] == pytest.approx(52.5)
    for (encoder, intermediate, target), languages in RIGHT.items():
        if target == "xnli":
            expected = {lang: (right + 1) / UNITS * 100 for lang, right in languages.items()}
            expected["all"] = (expected["en"] + expected["de"]) / 2
            for lang, value in expected.items():
                assert at(found, encoder, intermediate, target, lang)["value"] == pytest.approx(value)
    assert at(found, "one", "mnli", "xnli")["delta"] == pytest.approx(40)
    assert at(found, "two", "mnli", "xnli")["delta"] == pytest.approx(-2.5)


def test_an_f1_is_that_of_the_sums_over_all_sentences(found: pd.DataFrame):
    # 20 sentences have 4 x (1 + 2 + 3 + 4 + 5) = 60 right names of 240 found and 120 expected: F1 = 120 / 360.
    # 22 have 63: F1 = 126 / 360.
    assert at(found, "one", "none", "panx", "en")["value"] == pytest.approx(100 * (120 + 126) / 2 / 360)


def test_gains_and_losses_are_marked_and_small_changes_and_the_baseline_are_not(found: pd.DataFrame):
    marked = found[found["significant"]][KEYS].itertuples(index=False, name=None)
    assert list(marked) == [("one", name, "xnli", lang) for name in ("mnli", "qqp") for lang in ("all", "en", "de")]
    assert at(found, "one", "qqp", "xnli")["delta"] < 0
    for encoder in GRID.encoders:
        assert at(found, encoder, "none", "xnli")[NUMBERS].isna().to_list() == [False] * 3 + [True] * 5
    assert not at(found, "two", "mnli", "panx")[NUMBERS].isna().any()


@pytest.mark.parametrize(
    "p, low, high, expected",
    [
        (0.049, 1, 5, True),
        (0.049, -5, -1, True),
        (0.05, 1, 5, False),
        (0.05, -5, -1, False),
        (0.9, 1, 5, False),
        (0.001, -1, 5, False),
        (0.001, -5, 1, False),
        (0.001, 0, 5, False),
        (0.001, -5, 0, False),
        (0.001, None, None, False),
        (None, 1, 5, False),
    ],
)
def test_significant_is_a_p_below_5_percent_with_an_interval_that_has_no_zero(p, low, high, expected: bool):
    row = pd.DataFrame({"p_adjusted": [p], "delta_low": [low], "delta_high": [high]}, dtype="float64")
    assert correction.significant(row).to_list() == [expected]


def holm(values: Iterable[float]) -> list[float]:
    """Holm (1979): the smallest of m times m, the next times m - 1, and so on; rising, and none over 1."""
    order, adjusted, largest = sorted(range(len(values)), key=values.__getitem__), {}, 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * values[place]))
        adjusted[place] = largest
    return [adjusted[place] for place in range(len(values))]


def test_holm_is_that_of_a_case_worked_out_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


FAMILIES = {
    ("one", "xnli", "all"): [0.01, 0.04],
    ("one", "panx", "all"): [0.03, 0.005],
    ("one", "xnli", "en"): [0.01, None],
    ("one", "xnli", "de"): [0.02, 0.3],
    ("one", "panx", "en"): [0.04, 0.04],
    ("two", "xnli", "all"): [0.02, 0.9],
    ("two", "panx", "all"): [None, None],
}
"""The p of two intermediates."""

ADJUSTED = {
    ("one", "xnli", "all"): [0.03, 0.06],
    ("one", "panx", "all"): [0.06, 0.02],
    ("one", "xnli", "en"): [0.03, None],
    ("one", "xnli", "de"): [0.04, 0.3],
    ("one", "panx", "en"): [0.08, 0.08],
    ("two", "xnli", "all"): [0.04, 0.9],
    ("two", "panx", "all"): [None, None],
}
"""By hand: for all languages over an encoder's targets, 4 and 2 numbers; else within a target, 3 and 2."""


def test_p_is_adjusted_over_the_targets_of_an_encoder_for_all_languages_and_within_a_target_for_each():
    rows = [(*where, p) for where, both in FAMILIES.items() for p in both]
    given = pd.DataFrame(rows, columns=["encoder", "target", "language", "p"]).astype({"p": "float64"})
    expected = [value for both in ADJUSTED.values() for value in both]
    found = correction.adjusted(given.iloc[::-1]).iloc[::-1]
    assert [None if pd.isna(value) else round(value, 9) for value in found] == expected


def test_the_table_has_the_adjusted_p(found: pd.DataFrame):
    for encoder, of in product(GRID.encoders, ("all", "xnli")):
        in_family = found["language"].eq("all") if of == "all" else found["language"].ne("all") & found["target"].eq(of)
        rows = found[found["encoder"].eq(encoder) & in_family & found["p"].notna()]
        assert len(rows) == 4
        assert rows["p_adjusted"].to_list() == pytest.approx(holm(rows["p"].to_list()))


def test_examples_and_models_behind_a_number_are_counted(found: pd.DataFrame, scores: Scores):
    assert at(found, "two", "none", "xnli")[["n", "seeds"]].to_list() == [80, 2]
    assert at(found, "two", "none", "xnli", "de")[["n", "seeds"]].to_list() == [40, 2]
    shared = [[*cell[:4], cell[4][:-1] + "1"] if cell[1] == "none" else cell for cell in scores.cells]
    again = table(Scores(scores.store, shared), ONE)
    assert (at(again, "one", "none", "xnli")["seeds"], at(again, "one", "mnli", "xnli")["seeds"]) == (1, 2)


def test_translations_are_drawn_together_so_that_a_mean_over_them_is_no_surer(scores: Scores, tmp_path: Path):
    for seed in (1, 2):
        write(tmp_path, f"{seed}", {"en": 25, "de": 25}, "xnli")
    grid = Arms(encoders=("one",), intermediates=("none",), targets=("xnli",), seeds=(1, 2))
    found = table(Scores(tmp_path, [["one", "none", "xnli", seed, f"{seed}"] for seed in (1, 2)]), grid)
    whole, english = (at(found, "one", "none", "xnli", lang)[["low", "high"]].to_list() for lang in ("all", "en"))
    assert whole == english


def test_what_is_drawn_for_a_target_is_decided_by_its_name_in_every_process(scores: Scores, found: pd.DataFrame):
    seed = zlib.crc32(b"xnli")
    paths = {(name, seed): f"one-{name}-xnli-{seed}" for name in GRID.intermediates for seed in GRID.seeds}
    made = per_example.read(scores.store, paths, GRID.intermediates, GRID.seeds)
    expected = Comparison(made, metrics.load("accuracy"), Report(samples=199), True, seed).numbers()
    for place, lang in enumerate(("all", "en", "de")):
        for column, name in enumerate(GRID.intermediates):
            row = at(found, "one", name, "xnli", lang)
            for number in ("low", "high", "delta_low", "delta_high", "p"):
                assert row[number] == pytest.approx(expected[number][place, column], nan_ok=True)


def test_the_settings_of_the_report_are_those_of_the_numbers(scores: Scores):
    assert at(table(scores, ONE, samples=100), "one", "mnli", "xnli", "en")["p"] == pytest.approx(1 / 101)
    grid = Arms(encoders=("two",), intermediates=("none",), targets=("xnli",), seeds=(1, 2, 3))
    more = Scores(scores.store, [*scores.cells, ["two", "none", "xnli", 3, "one-none-xnli-1"]])
    values = [
        at(table(more, grid, over_seeds=over), "two", "none", "xnli", "en")["value"] for over in ("median", "mean")
    ]
    assert values == pytest.approx([100 * 30 / 40, 100 * (30 + 32 + 20) / 3 / 40])


@pytest.mark.parametrize("seeds", [{1}, {1, 2}], ids=str)
def test_a_cell_without_all_seeds_is_missing_and_so_are_the_changes_of_a_missing_baseline(scores: Scores, seeds: set):
    for name in ("mnli", "none"):
        gone = ("one", name, "xnli")
        left = [cell for cell in scores.cells if not (tuple(cell[:3]) == gone and cell[3] in seeds)]
        found = table(Scores(scores.store, left), ONE)
        assert at(found, *gone)[NUMBERS].isna().all()
        assert at(found, *gone)[["n", "seeds", "significant"]].to_list() == [0, 0, False]
        assert at(found, "one", "qqp", "xnli")[["delta", "p", "p_adjusted"]].isna().all() == (name == "none")
        assert not at(found, "one", "qqp", "panx")[NUMBERS].isna().any()


def test_a_language_without_scores_makes_the_mean_over_languages_missing(scores: Scores):
    found = table(scores, ONE, languages={**LANGUAGES, "xnli": ("en", "de", "sw")})
    assert at(found, "one", "mnli", "xnli", "sw")[NUMBERS].isna().all()
    assert at(found, "one", "mnli", "xnli")[NUMBERS].isna().all()
    assert at(found, "one", "mnli", "xnli")["n"] == 0
    assert not at(found, "one", "mnli", "xnli", "de")[NUMBERS].isna().any()


def test_a_grid_without_scores_has_its_rows(scores: Scores):
    found = table(Scores(scores.store, []))
    assert len(found) == 2 * 3 * 5
    assert found[NUMBERS].isna().all(axis=None)
    assert found[["n", "seeds", "significant"]].eq(0).all(axis=None)


def test_without_a_baseline_there_are_scores_and_no_changes(scores: Scores):
    found = table(scores, ONE.model_copy(update={"intermediates": ("mnli", "qqp")}))
    assert found[["value", "low", "high"]].notna().all(axis=None)
    assert found[["delta", "delta_low", "delta_high", "p", "p_adjusted"]].isna().all(axis=None)
    assert not found["significant"].any()


def test_cells_of_other_examples_are_refused(tmp_path: Path):
    write(tmp_path, "first", {"en": 20, "de": 20}, "xnli")
    write(tmp_path, "second", {"de": 20, "en": 20}, "xnli")
    grid = Arms(encoders=("one",), intermediates=("none",), targets=("xnli",), seeds=(1, 2))
    cells = [["one", "none", "xnli", 1, "first"], ["one", "none", "xnli", 2, "second"]]
    with pytest.raises(DataError, match=r"second/examples.parquet, column 'language': found other units"):
        table(Scores(tmp_path, cells), grid)
