"""Intervals and tests: what they cover, how often they err, and what is missing."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from xstilts import metrics
from xstilts.config import GridSettings, Report
from xstilts.errors import DataError
from xstilts.reporting.comparison import Comparison
from xstilts.reporting.counts import Counts, LanguageCounts
from xstilts.reporting.statistics import COLUMNS, Scores, statistics

ACCURACY = metrics.load("accuracy")
NUMBERS = ["value", "low", "high", "delta", "delta_low", "delta_high", "p", "p_adjusted"]
LANGUAGES = {"xnli": ("en", "de"), "panx": ("en",)}
GRID = GridSettings(encoders=("toy",), intermediates=("none", "mnli", "qqp"), targets=("xnli", "panx"), seeds=(1, 2))

Right = dict[str, np.ndarray]
"""Whether examples are right, by language: shape (examples, intermediates, seeds)."""


def compared(right: Right, *intermediates: str, samples: int = 500, seed: int = 0, **report) -> dict[str, np.ndarray]:
    """The numbers of an accuracy: shape (1 + languages, intermediates)."""
    languages = {
        lang: LanguageCounts(len(one), np.arange(len(one)), np.stack([one, np.ones_like(one)], axis=-1).astype(float))
        for lang, one in right.items()
    }
    names = max(map(len, right.values()))
    counts = Counts(list(intermediates), ["right", "all"], names, languages)
    return Comparison(counts, ACCURACY, Report(samples=samples, **report), True, seed).numbers()


def drawn(random: np.random.Generator, examples: int, *shares: list[float]) -> np.ndarray:
    """Examples that are right with some probability, shape (examples, intermediates, seeds)."""
    return random.random((examples, len(shares), len(shares[0]))) < np.array(shares)


# Intervals


def test_the_interval_covers_the_true_score_about_95_times_in_100():
    random, covered = np.random.default_rng(1), 0
    for trial in range(400):
        found = compared({"en": drawn(random, 300, [0.7])}, "none", seed=trial)
        covered += found["low"][1, 0] <= 70 <= found["high"][1, 0]
    assert 0.92 <= covered / 400 <= 0.98


def test_the_interval_of_a_change_covers_the_true_change_about_95_times_in_100():
    random, covered = np.random.default_rng(2), 0
    for trial in range(400):
        found = compared({"en": drawn(random, 300, [0.6], [0.7])}, "none", "mnli", seed=trial)
        covered += found["delta_low"][1, 1] <= 10 <= found["delta_high"][1, 1]
    assert 0.92 <= covered / 400 <= 0.98


def test_seeds_that_differ_widen_the_interval_by_their_spread():
    random = np.random.default_rng(3)
    shares = random.normal(0.7, 0.05, 30).tolist()
    right = drawn(random, 2000, shares)
    found = compared({"en": right}, "none", samples=4000, over_seeds="mean")
    by_seed = 100 * right.mean(axis=(0, 1))
    expected = 2 * 1.96 * by_seed.std() / np.sqrt(len(by_seed))
    assert found["high"][1, 0] - found["low"][1, 0] == pytest.approx(expected, rel=0.2)
    alone = compared({"en": right[:, :, :1]}, "none", samples=4000)
    expected = 2 * 1.96 * np.sqrt(by_seed[0] * (100 - by_seed[0]) / 2000)
    assert alone["high"][1, 0] - alone["low"][1, 0] == pytest.approx(expected, rel=0.2)


def test_the_interval_is_that_of_scipy():
    right = drawn(np.random.default_rng(4), 400, [0.8])
    found = compared({"en": right}, "none", samples=20_000)
    theirs = stats.bootstrap((right[:, 0, 0].astype(float),), np.mean, n_resamples=20_000, method="percentile", rng=5)
    interval = [100 * theirs.confidence_interval.low, 100 * theirs.confidence_interval.high]
    assert [found["low"][1, 0], found["high"][1, 0]] == pytest.approx(interval, abs=0.3)


def test_translations_are_drawn_together_so_that_more_of_the_same_makes_no_mean_surer():
    right = drawn(np.random.default_rng(6), 300, [0.7])
    found = compared(dict.fromkeys(("en", "de", "sw", "zh"), right), "none")
    assert found["low"][0, 0] == found["low"][1, 0]
    assert found["high"][0, 0] == found["high"][1, 0]


def test_all_intermediates_are_drawn_together_so_that_the_same_predictions_differ_by_nothing():
    right = np.repeat(drawn(np.random.default_rng(7), 300, [0.7]), 2, axis=1)
    found = compared({"en": right}, "none", "mnli")
    assert [found[name][1, 1] for name in ("delta", "delta_low", "delta_high", "p")] == [0, 0, 0, 1]


@pytest.mark.parametrize("over_seeds", ["median", "mean"])
def test_the_value_is_over_seeds_of_the_mean_over_languages(over_seeds: str):
    random = np.random.default_rng(8)
    right = {lang: drawn(random, examples, [0.5, 0.6, 0.9]) for lang, examples in (("en", 50), ("de", 20))}
    found = compared(right, "none", over_seeds=over_seeds)
    by_seed = {lang: 100 * one[:, 0].mean(axis=0) for lang, one in right.items()}
    middle = getattr(np, over_seeds)
    expected = [middle((by_seed["en"] + by_seed["de"]) / 2), middle(by_seed["en"]), middle(by_seed["de"])]
    assert found["value"][:, 0] == pytest.approx(expected)


# Tests


def rejected(trials: int, *shares: list[float], level: float = 0.05) -> float:
    """The share of simulated experiments whose test rejects."""
    random = np.random.default_rng(9)
    found = [
        compared({"en": drawn(random, 200, *shares)}, "none", "mnli", samples=300, seed=trial)["p"][1, 1]
        for trial in range(trials)
    ]
    return float(np.mean(np.array(found) <= level))


def test_the_test_rejects_a_true_baseline_no_more_often_than_it_says():
    assert 0.02 <= rejected(500, [0.7, 0.7], [0.7, 0.7]) <= 0.07


def test_the_test_finds_a_change_that_is_there():
    assert rejected(100, [0.6], [0.75]) > 0.85


def test_p_is_that_of_scipys_permutation_of_pairs():
    right = drawn(np.random.default_rng(10), 120, [0.6], [0.7])
    found = compared({"en": right}, "none", "mnli", samples=20_000)
    pairs = (right[:, 1, 0].astype(float), right[:, 0, 0].astype(float))
    theirs = stats.permutation_test(
        pairs, lambda x, y: x.mean() - y.mean(), permutation_type="samples", n_resamples=20_000, rng=11
    )
    assert found["p"][1, 1] == pytest.approx(theirs.pvalue, abs=0.015)


# The table of an experiment


def write(store: Path, path: str, languages: dict[str, np.ndarray], target: str) -> None:
    """The counts of a cell's examples."""
    tables = []
    for lang, right in languages.items():
        whole = ["all"] if target == "xnli" else ["found", "expected"]
        counts = {"right": right} | dict.fromkeys(whole, np.ones(len(right)))
        columns = {name: pa.array(column, pa.float64()) for name, column in counts.items()}
        units = [str(number) for number in range(len(right))]
        tables.append(pa.table({"language": [lang] * len(right), "unit": units} | columns))
    (store / path).mkdir()
    pq.write_table(pa.concat_tables(tables), store / path / "examples.parquet")


@pytest.fixture
def scores(tmp_path: Path) -> Scores:
    """Cells of two targets and three intermediates; mnli is much better than none, qqp the same."""
    random, cells = np.random.default_rng(12), []
    shares = {"none": 0.5, "mnli": 0.8, "qqp": 0.5}
    for (name, share), target, seed in product(shares.items(), GRID.targets, GRID.seeds):
        path = f"{name}-{target}-{seed}"
        write(tmp_path, path, {lang: random.random(150) < share for lang in LANGUAGES[target]}, target)
        cells.append(["toy", name, target, seed, path])
    return Scores(tmp_path, cells)


Rows = Callable[..., pd.DataFrame]


def table(scores: Scores, grid: GridSettings = GRID, languages: dict = LANGUAGES, **report) -> pd.DataFrame:
    return statistics(scores, grid, languages, Report(**{"samples": 500, **report}))


def at(found: pd.DataFrame, intermediate: str, target: str, language: str = "all") -> pd.Series:
    keys = ["intermediate", "target", "language"]
    return found.set_index(keys).loc[(intermediate, target, language)]


def test_there_is_a_row_for_every_cell_and_language_and_for_all_languages_in_the_order_of_the_grid(scores: Scores):
    found = table(scores)
    assert list(found.columns) == COLUMNS
    rows = found[["intermediate", "target", "language"]].itertuples(index=False, name=None)
    assert list(rows) == [
        (intermediate, target, language)
        for intermediate in GRID.intermediates
        for target in GRID.targets
        for language in ("all", *LANGUAGES[target])
    ]
    assert at(found, "mnli", "xnli")[["n", "seeds"]].to_list() == [300, 2]
    assert at(found, "mnli", "xnli", "de")["n"] == 150


def test_the_change_that_is_there_is_significant_and_the_baseline_has_none(scores: Scores):
    found = table(scores)
    assert found[found["significant"]]["intermediate"].unique().tolist() == ["mnli"]
    assert at(found, "none", "xnli")[NUMBERS].isna().to_list() == [False] * 3 + [True] * 5
    assert not at(found, "mnli", "panx")[NUMBERS].isna().any()


def test_p_is_adjusted_by_holm_over_the_targets_for_all_languages_and_within_a_target_for_each(scores: Scores):
    found = table(scores)
    for family in (found["language"] == "all", (found["language"] != "all") & (found["target"] == "xnli")):
        rows = found[family & found["p"].notna()]
        assert len(rows) == 4
        assert rows["p_adjusted"].to_list() == multipletests(rows["p"], method="holm")[1].tolist()


def test_the_same_comes_out_again(scores: Scores):
    assert table(scores).equals(table(scores))


@pytest.mark.parametrize("seeds", [{1}, {1, 2}], ids=str)
def test_a_cell_without_all_seeds_is_missing_and_so_are_the_changes_of_a_missing_baseline(scores: Scores, seeds: set):
    for name in ("mnli", "none"):
        left = [cell for cell in scores.cells if not (cell[1] == name and cell[2] == "xnli" and cell[3] in seeds)]
        found = table(Scores(scores.store, left))
        assert at(found, name, "xnli")[NUMBERS].isna().all()
        assert at(found, name, "xnli")[["n", "seeds", "significant"]].to_list() == [0, 0, False]
        assert at(found, "qqp", "xnli")[["delta", "p", "p_adjusted"]].isna().all() == (name == "none")
        assert not at(found, "qqp", "panx")[NUMBERS].isna().any()


def test_a_language_without_scores_makes_the_mean_over_languages_missing(scores: Scores):
    found = table(scores, languages={**LANGUAGES, "xnli": ("en", "de", "sw")})
    assert at(found, "mnli", "xnli", "sw")[NUMBERS].isna().all()
    assert at(found, "mnli", "xnli")[NUMBERS].isna().all()
    assert not at(found, "mnli", "xnli", "de")[NUMBERS].isna().any()


def test_without_a_baseline_there_are_scores_and_no_changes(scores: Scores):
    found = table(scores, GRID.model_copy(update={"intermediates": ("mnli", "qqp")}))
    assert found[["value", "low", "high"]].notna().all(axis=None)
    assert found[["delta", "delta_low", "delta_high", "p", "p_adjusted"]].isna().all(axis=None)
    assert not found["significant"].any()


def test_cells_that_share_a_model_do_not_count_as_seeds(scores: Scores):
    cells = [[*cell[:4], cell[4][:-1] + "1"] if cell[1] == "none" else cell for cell in scores.cells]
    found = table(Scores(scores.store, cells))
    assert at(found, "none", "xnli")["seeds"] == 1
    assert at(found, "mnli", "xnli")["seeds"] == 2


def test_cells_of_other_examples_are_refused(scores: Scores):
    file = scores.store / "mnli-xnli-2" / "examples.parquet"
    pq.write_table(pq.read_table(file).slice(1), file)
    with pytest.raises(DataError, match=r"mnli-xnli-2/examples.parquet.*column 'language'.*other units"):
        table(scores)
