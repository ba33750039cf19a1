"""The paper's grid on real samples with a real encoder: an hour on two cores."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scores(run: Callable[..., Path]) -> pd.Series:
    """The main_score scores."""
    scores = pd.read_parquet(run("real", "config.yaml") / "scores.parquet")
    return scores[scores["metric"] == "main_score"].set_index(["intermediate", "target", "language"])["value"]


def test_every_cell_with_gold_labels_has_a_score(scores: pd.Series):
    cells = scores.dropna().index.droplevel("language").unique()
    assert len(cells) == 11 * 8
    assert scores.xs("tydiqa", level="target").isna().all()


def test_natural_language_inference_is_above_chance_in_every_language(scores: pd.Series):
    assert scores["none", "xnli"].min() > 38


def test_the_encoder_alone_retrieves_translations(scores: pd.Series):
    assert scores["none", "tatoeba"][["de", "hi", "tr"]].min() > 85


def test_tags_transfer_to_other_languages(scores: pd.Series):
    assert (scores["none", "udpos"] > 20).sum() >= 6
    assert (scores["none", "panx"] > 20).sum() >= 6
