"""The masks of masked language modelling: the recipe of BERT, drawn from (seed, step, row, position)."""

import numpy as np
import pytest

from xstilts.models.vocabulary import Vocabulary
from xstilts.training.masking import Masking

VOCABULARY = Vocabulary(size=1000, padding=1, mask=999, special=(0, 1, 2, 3, 999))
WORDS = set(range(1000)) - set(VOCABULARY.special)


def rows(count: int = 200, length: int = 100) -> list[dict]:
    """Rows of random words between two special tokens."""
    draw = np.random.default_rng(0)
    return [{"input_ids": np.array([0, *draw.integers(4, 999, length), 2], np.int32)} for _ in range(count)]


def masked(given: list[dict], numbers=None, step: int = 5, seed: int = 1) -> list[dict]:
    return Masking(VOCABULARY, seed).rows(given, range(len(given)) if numbers is None else numbers, step)


def flat(found: list[dict], name: str) -> np.ndarray:
    return np.concatenate([row[name] for row in found])


def test_fifteen_percent_are_predicted_of_which_eighty_are_masked_ten_random_and_ten_kept():
    given = rows(2000)
    found, ids = masked(given), flat(given, "input_ids")
    labels, inputs = flat(found, "labels"), flat(found, "input_ids")
    predicted = labels != -100
    # 200,000 words: the standard error of each share is below 0.3 points.
    assert predicted.sum() / 200_000 == pytest.approx(0.15, abs=0.004)
    assert (inputs[predicted] == 999).mean() == pytest.approx(0.8, abs=0.01)
    # Of the random words one in 995 is the word itself.
    assert (inputs[predicted] == ids[predicted]).mean() == pytest.approx(0.1, abs=0.01)
    assert np.array_equal(labels[predicted], ids[predicted])
    assert np.array_equal(inputs[~predicted], ids[~predicted])


def test_special_tokens_are_neither_predicted_nor_drawn():
    given = rows(2000)
    found = masked(given)
    assert all(row["labels"][0] == row["labels"][-1] == -100 for row in found)
    drawn = {
        after
        for before, row in zip(given, found, strict=True)
        for first, after in zip(before["input_ids"], row["input_ids"], strict=True)
        if after not in (first, 999)
    }
    assert len(drawn) > 800
    assert drawn <= WORDS


def test_the_mask_of_a_row_depends_on_its_number_and_not_on_the_other_rows():
    given = rows(40)
    whole = masked(given, numbers=range(100, 140))
    chosen = [31, 2, 17]
    alone = masked([given[n] for n in chosen], numbers=[100 + n for n in chosen])
    for number, row in zip(chosen, alone, strict=True):
        assert np.array_equal(row["input_ids"], whole[number]["input_ids"])
        assert np.array_equal(row["labels"], whole[number]["labels"])


@pytest.mark.parametrize("change", [{"seed": 2}, {"step": 6}, {"numbers": range(1, 201)}])
def test_another_seed_step_or_row_has_another_mask(change):
    given = rows()
    one, other = (flat(found, "labels") != -100 for found in (masked(given), masked(given, **change)))
    # Independent masks agree in .15^2 of the words.
    assert (one & other).mean() == pytest.approx(0.15**2, abs=0.005)


def test_the_positions_of_a_row_are_masked_independently():
    predicted = np.array([row["labels"] != -100 for row in masked(rows(2000))])[:, 1:-1]
    assert predicted.mean(axis=0) == pytest.approx(np.full(100, 0.15), abs=0.04)
    assert (predicted[:, 1:] & predicted[:, :-1]).mean() == pytest.approx(0.15**2, abs=0.002)


def test_other_columns_stay():
    (row,) = masked([{"input_ids": np.array([0, 5, 2], np.int32), "token_type_ids": np.zeros(3, np.int8)}])
    assert row["token_type_ids"].tolist() == [0, 0, 0]
    assert row["input_ids"].dtype == row["labels"].dtype == np.int32
