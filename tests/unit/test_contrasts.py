"""Paired differences between cells: what perturbed text costs, and what objectives gain."""

import json
import math
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xstilts.arms import Arms
from xstilts.config import Report
from xstilts.errors import DataError
from xstilts.reporting import contrasts, correction
from xstilts.reporting.significance import Scores
from xstilts.robustness import Contrasts

SIZE = 40
SEEDS = (1, 2, 3)
GRID = Arms(encoders=("toy", "other"), intermediates=("none", "mnli"), targets=("pawsx", "pawsx+typos10"), seeds=SEEDS)
CLEAN, NOISY = ("mnli", "pawsx"), ("mnli", "pawsx+typos10")
DROP = Contrasts("robustness.pawsx+typos10", "pawsx", ("de", "en"), ((CLEAN, NOISY),), same_models=True)
GAIN = Contrasts("objectives.pawsx", "pawsx", ("de", "en"), ((CLEAN, ("none", "pawsx")),), same_models=False)

Rights = dict[tuple[str, str, int, str], list[int]]


def rights(more: dict[tuple[str, str], int], languages: tuple[str, ...] = ("de", "en", "zh")) -> Rights:
    """The examples that are right: the first ones, by intermediate, target, seed and language."""
    seeds = {1: 0, 2: 2, 3: 10}
    return {
        (*cell, seed, lang): list(range(20 + add + seeds[seed] + 4 * (lang == "en")))
        for (cell, add), seed, lang in product(more.items(), SEEDS, languages)
    }


def scored(folder: Path, right: Rights, size: int = SIZE) -> Scores:
    """The counts of each cell; the encoder `other` has the opposite ones."""
    by_cell: dict[tuple, list[str]] = {}
    for *cell, lang in right:
        by_cell.setdefault(tuple(cell), []).append(lang)
    cells = []
    for encoder, ((intermediate, target, seed), languages) in product(GRID.encoders, by_cell.items()):
        rows = []
        for lang in languages:
            known = set(right[intermediate, target, seed, lang])
            is_right = [(unit in known) == (encoder == "toy") for unit in range(size)]
            rows += [{"language": lang, "unit": str(u), "right": float(r), "all": 1.0} for u, r in enumerate(is_right)]
        path = f"{encoder}/{intermediate}/{target}/{seed}"
        (folder / path).mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows), folder / path / "examples.parquet")
        cells.append([encoder, intermediate, target, seed, path])
    return Scores(folder, json.loads(json.dumps(cells)))


def row(scores: Scores, of: Contrasts, encoder: str = "toy", **settings) -> pd.Series:
    table = contrasts.differences(scores, of, GRID, Report(**{"samples": 300, **settings}))
    assert list(table.columns) == contrasts.COLUMNS
    (found,) = (one for _, one in table[table["encoder"] == encoder].iterrows())
    return found


def test_a_drop_is_the_clean_score_minus_the_perturbed_one_over_their_common_languages(tmp_path: Path):
    scores = scored(tmp_path, rights({CLEAN: 5, NOISY: 2}))
    found = row(scores, DROP)
    # 3 of 40 examples in each language and seed; the other encoder has 40 minus these.
    assert found["delta"] == pytest.approx(7.5)
    assert row(scores, DROP, "other")["delta"] == pytest.approx(-7.5)
    assert found[["intermediate", "target", "other_intermediate", "other_target"]].to_list() == [*CLEAN, *NOISY]
    assert found[["n", "seeds"]].to_list() == [80, 3]


def test_a_difference_is_that_of_the_scores_over_seeds(tmp_path: Path):
    right = rights({CLEAN: 0, NOISY: 0}) | {(*NOISY, seed, lang): [] for seed in (1, 2) for lang in ("de", "en")}
    scores = scored(tmp_path, right)
    # Means over German and English, of 40: clean 22, 24, 32, perturbed 0, 0, 32.
    assert row(scores, DROP)["delta"] == pytest.approx((24 - 0) / 40 * 100)
    assert row(scores, DROP, over_seeds="mean")["delta"] == pytest.approx((78 - 32) / 3 / 40 * 100)


def test_perturbed_text_may_lack_languages_of_the_clean_one(tmp_path: Path):
    right = rights({CLEAN: 5}) | rights({NOISY: 2}, ("de", "en"))
    assert row(scored(tmp_path, right), DROP)["delta"] == pytest.approx(7.5)


def test_a_drop_has_the_same_examples_and_the_same_seeds_in_both_texts(tmp_path: Path):
    # The same examples are right in both texts, so that no sample has a difference, although seeds differ much.
    found = row(scored(tmp_path, rights({CLEAN: 3, NOISY: 3})), DROP)
    assert (found["delta_low"], found["delta"], found["delta_high"]) == (0, 0, 0)
    assert math.isnan(found["p"])


def test_a_gain_has_the_same_examples_and_independent_seeds(tmp_path: Path):
    found = row(scored(tmp_path, rights({CLEAN: 3, ("none", "pawsx"): 3})), GAIN)
    assert found["delta"] == 0
    # A seed has up to 10 examples more than another one: 25 points.
    assert found["delta_low"] == pytest.approx(-25, abs=8)
    assert found["delta_high"] == pytest.approx(25, abs=8)


def test_an_interval_of_a_drop_is_the_bootstrap_of_the_examples_that_differ(tmp_path: Path):
    # Ten of 400 examples are lost, the same ones in each seed and language.
    right = {
        (*cell, seed, lang): list(range(300 - 10 * (cell == NOISY)))
        for cell in (CLEAN, NOISY)
        for seed in SEEDS
        for lang in ("de", "en")
    }
    found = row(scored(tmp_path, right, 400), DROP, samples=4000)
    random = np.random.default_rng(5)
    lost = random.poisson(10, 4000) / random.poisson(400, 4000)
    expected = np.quantile(lost * 100, [0.025, 0.975])
    assert found[["delta_low", "delta_high"]].to_list() == pytest.approx(list(expected), abs=0.3)


def test_the_p_value_is_the_share_of_exchanges_with_at_least_the_observed_gain(tmp_path: Path):
    # Four examples are right in one cell only, in every seed and language. Their sixteen exchanges are equally likely,
    # and two of them have a difference as large as the observed one.
    plain = ("none", "pawsx")
    right = {
        (*cell, seed, lang): list(range(20 + 4 * (cell == CLEAN)))
        for cell in (CLEAN, plain)
        for seed in SEEDS
        for lang in ("de", "en")
    }
    found = row(scored(tmp_path, right), GAIN, samples=4000)
    assert found["delta"] == pytest.approx(10)
    assert found["p"] == pytest.approx(2 / 16, abs=0.02)


def test_a_difference_is_missing_if_a_seed_or_a_language_is(tmp_path: Path):
    scores = scored(tmp_path, rights({CLEAN: 5, NOISY: 2, ("none", "pawsx"): 1, ("none", "pawsx+typos10"): 0}))
    both = replace(DROP, pairs=(*DROP.pairs, (("none", "pawsx"), ("none", "pawsx+typos10"))))
    lost = Scores(scores.store, [cell for cell in scores.cells if cell[1:4] != ["mnli", "pawsx+typos10", 2]])
    table = contrasts.differences(lost, both, GRID, Report(samples=100)).set_index(["encoder", "intermediate"])
    assert table.loc[("toy", "mnli"), ["delta", "delta_low", "delta_high", "p"]].isna().all()
    assert table.loc[("toy", "mnli"), ["n", "seeds"]].to_list() == [0, 0]
    assert table.loc[("toy", "none"), "delta"] == pytest.approx(2.5)
    unlabelled = replace(DROP, languages=("de", "en", "fr"))
    assert math.isnan(row(scores, unlabelled)["delta"])
    nowhere = Scores(scores.store, [])
    assert math.isnan(row(nowhere, DROP)["delta"])


def test_an_encoder_without_training_is_one_model(tmp_path: Path):
    scores = scored(tmp_path, rights({CLEAN: 5, NOISY: 2}))
    first = {target: path for encoder, _, target, seed, path in scores.cells if (encoder, seed) == ("toy", 1)}
    same = Scores(scores.store, [[*cell[:4], first[cell[2]]] for cell in scores.cells])
    assert row(same, DROP)["seeds"] == 1


def test_texts_with_other_examples_are_refused(tmp_path: Path):
    scores = scored(tmp_path, rights({CLEAN: 5, NOISY: 2}))
    file = tmp_path / "toy" / "mnli" / "pawsx+typos10" / "1" / "examples.parquet"
    pq.write_table(pq.read_table(file).slice(1), file)
    with pytest.raises(DataError, match="other units"):
        contrasts.differences(scores, DROP, GRID, Report(samples=100))


def test_the_same_scores_give_the_same_numbers(tmp_path: Path):
    scores = scored(tmp_path, rights({CLEAN: 5, ("none", "pawsx"): 2}))
    one, other = (contrasts.differences(scores, GAIN, GRID, Report(samples=100)) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


def test_p_values_are_corrected_over_all_gains_of_an_encoder():
    def part(encoder: str, *p: float) -> pd.DataFrame:
        rows = [[encoder, "a", "b", "c", "d", 2.0, 1.0, 3.0, one, 10, 3] for one in p]
        return pd.DataFrame(rows, columns=contrasts.COLUMNS)

    drops = part("toy", math.nan, math.nan)
    table = correction.of_contrasts([drops, part("toy", 0.01, 0.04), part("toy", 0.02), part("other", 0.03)])
    # Holm: 3 * 0.01, 2 * 0.02, then the maximum of 0.04 and 1 * 0.04.
    assert table["p_adjusted"].dropna().to_list() == pytest.approx([0.03, 0.04, 0.04, 0.03])
    assert table["significant"].to_list() == [False, False, True, True, True, True]
    wide = part("toy", 0.01).assign(delta_low=-1.0)
    assert not correction.of_contrasts([wide])["significant"].any()
    assert correction.of_contrasts([]).empty
