"""Blockwise search and mining agree with a naive implementation of their rules."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest
import torch

from xstilts.errors import UserError
from xstilts.prediction import mine
from xstilts.prediction.mine import Side, above, best_threshold, candidates, nearest


def vectors(rows: int, width: int = 6, seed: int = 0) -> np.ndarray:
    """All in one half of the space, as sentence embeddings are, so that cosines are mostly positive."""
    return np.random.default_rng(seed).normal(loc=0.7, size=(rows, width)).astype(np.float32)


def side(lang: str, rows: int, seed: int, repeated: int = 0) -> Side:
    """A side whose last `repeated` texts repeat earlier ones, with vectors of their own."""
    texts = [f"{lang} sentence {row}" for row in range(rows - repeated)]
    texts += random.Random(seed).sample(texts, repeated)
    return Side([f"{lang}-{row}" for row in range(rows)], texts, vectors(rows, seed=seed))


def cosine(a, b) -> float:
    dot = sum(float(p) * float(q) for p, q in zip(a, b, strict=True))
    return dot / math.hypot(*map(float, a)) / math.hypot(*map(float, b))


def naive_candidates(foreign: Side, english: Side, k: int = 4) -> list[tuple[float, str, str]]:
    x, y = (dict(zip(s.texts, s.vectors, strict=True)) for s in (foreign, english))
    near_x = {a: sorted(y, key=lambda b: -cosine(x[a], y[b]))[:k] for a in x}
    near_y = {b: sorted(x, key=lambda a: -cosine(x[a], y[b]))[:k] for b in y}
    mean_x = {a: sum(cosine(x[a], y[b]) for b in near_x[a]) / len(near_x[a]) for a in x}
    mean_y = {b: sum(cosine(x[a], y[b]) for a in near_y[b]) / len(near_y[b]) for b in y}

    def margin(a, b):
        return cosine(x[a], y[b]) / ((mean_x[a] + mean_y[b]) / 2)

    pool = [(a, max(near_x[a], key=lambda b: margin(a, b))) for a in x]
    pool += [(max(near_y[b], key=lambda a: margin(a, b)), b) for b in y]
    mined, used = [], set()
    for a, b in sorted(pool, key=lambda pair: -margin(*pair)):
        if margin(a, b) > 0 and a not in used and b not in used:
            used |= {a, b}
            if foreign.texts.count(a) == english.texts.count(b) == 1:
                ids = foreign.ids[foreign.texts.index(a)], english.ids[english.texts.index(b)]
                mined.append((margin(a, b), *ids))
    return mined


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("block", [3, 1000])
def test_mining_is_the_naive_reading_of_its_rules(seed, block):
    foreign, english = side("de", 40, seed, repeated=5), side("en", 50, seed + 100, repeated=7)
    mined, expected = candidates(foreign, english, block=block), naive_candidates(foreign, english)
    assert [pair[1:] for pair in mined] == [pair[1:] for pair in expected]
    assert [pair[0] for pair in mined] == pytest.approx([pair[0] for pair in expected], rel=1e-5)
    assert mined


def test_sides_smaller_than_the_neighbourhood_are_mined():
    foreign, english = side("de", 2, 1), side("en", 3, 2)
    assert [pair[1:] for pair in candidates(foreign, english)] == [
        pair[1:] for pair in naive_candidates(foreign, english)
    ]


def test_a_repeated_sentence_has_the_vector_of_its_last_occurrence():
    near, far = [1, 0.1, 0], [0, 0, 1]
    english = Side(["en-0", "en-1"], ["x", "y"], np.array([[1, 0, 0], [0, 1, 0.1]], np.float32))
    first_near = Side(["de-0", "de-1", "de-2"], ["a", "a", "b"], np.array([near, far, [1, 0.2, 0.3]], np.float32))
    last_near = Side(["de-0", "de-1", "de-2"], ["a", "a", "b"], np.array([far, near, [1, 0.2, 0.3]], np.float32))
    assert ("de-2", "en-0") in above(candidates(first_near, english), 0)
    assert ("de-2", "en-0") not in above(candidates(last_near, english), 0), "the repeated sentence takes its place"


def test_a_text_that_occurs_twice_on_a_side_is_in_no_pair_even_with_other_blanks():
    same = vectors(3)
    english = Side(["en-0", "en-1", "en-2"], ["x", "y", "z"], same)
    foreign = Side(["de-0", "de-1", "de-2"], ["a", "b", "a "], same)
    assert above(candidates(foreign, english), 0) == [("de-1", "en-1")]


def test_texts_that_differ_in_blanks_alone_are_two_neighbours_each_with_its_own_vector():
    # English "x" has cosines 1 and 0.6 to "a" and "a ", and 0.8 to "b". Its mean is 0.8, that of "b" 0.8 as well.
    english = Side(["en-0"], ["x"], np.array([[1, 0]], np.float32))
    foreign = Side(["de-0", "de-1", "de-2"], ["b", "a", "a "], np.array([[0.8, 0.6], [1, 0], [0.6, 0.8]], np.float32))
    assert candidates(foreign, english) == [], "the best neighbour of x has an ambiguous id"
    # Were they one sentence, with the vector of the last, b would be the best neighbour of x.
    one = Side(["de-0", "de-1", "de-2"], ["b", "a ", "a "], foreign.vectors)
    assert [pair[1:] for pair in candidates(one, english)] == [("de-0", "en-0")]


def test_margins_that_differ_by_less_than_float32_can_tell_keep_their_order():
    # Cosines of 1 and of 1 - 2**-24 to one neighbour each: both margins are 1, but 1e-8 apart before rounding.
    cosines = torch.tensor([[1.0, 0.5], [1.0, 0.5 + 2**-24]])
    mean, other = cosines.double().mean(dim=1), torch.tensor([0.75, 0.75], dtype=torch.float64)
    scores, _ = mine._best_margin(cosines.double(), torch.tensor([[0, 1], [0, 1]]), mean, other)
    assert scores[0] > scores[1]
    rounded, _ = mine._best_margin(cosines, torch.tensor([[0, 1], [0, 1]]), mean.float(), other.float())
    assert rounded[0] == rounded[1], "float32 cannot tell them apart"


def test_a_vector_without_direction_is_refused_with_its_own_row_whatever_is_repeated():
    broken = Side(["a", "b", "c"], ["x", "x", "y"], np.array([[1, 0], [1, 0], [0, 0]], np.float32))
    with pytest.raises(UserError, match=r"1 of 3 .* row 2"):
        candidates(broken, Side(["d"], ["z"], np.array([[1, 0]], np.float32)))


def named(lang: str, *rows: list[float]) -> Side:
    """A side whose sentences are all different."""
    names = [f"{lang}-{row}" for row in range(len(rows))]
    return Side(names, names, np.array(rows, np.float32))


FIVE = named("en", [1, 0], [0.8, 0.6], [0.6, 0.8], [0.28, 0.96], [0, 1])
"""Their cosines to (1, 0) are their first numbers."""


@pytest.mark.parametrize(
    ("given", "mean"), [({}, (1 + 0.8 + 0.6 + 0.28) / 4), ({"k": 2}, (1 + 0.8) / 2), ({"k": 5}, 2.68 / 5)]
)
def test_the_margin_is_the_cosine_over_the_mean_of_both_means_over_k_neighbours_by_default_four(given, mean):
    one = named("de", [2, 0])
    # The nearest English sentence has the one foreign sentence for a neighbour, with a cosine of 1.
    margin = pytest.approx(1 / ((mean + 1) / 2))
    assert candidates(one, FIVE, **given) == [(margin, "de-0", "en-0")]
    assert candidates(FIVE, one, **given) == [(margin, "en-0", "de-0")]


def test_the_best_margin_wins_and_not_the_highest_cosine():
    foreign = named("de", [0.8, 0.6, 0], [1, 0, 0], [0, 0, 1])
    english = named("en", [1, 0, 0], [0, 1, 0])
    # Cosines: 0.8 and 0.6, 1 and 0, 0 and 0. Means over two: 0.7, 0.5 and 0; 0.9 and 0.3.
    # Margins of de-0: 0.8 / 0.8 and 0.6 / 0.5. Of de-1 to en-0: 1 / 0.7.
    margins = [(pytest.approx(1 / 0.7), "de-1", "en-0"), (pytest.approx(1.2), "de-0", "en-1")]
    assert candidates(foreign, english, k=2) == margins


def test_a_margin_of_0_makes_no_candidate():
    foreign = Side(["de-0"], ["a"], np.array([[1, 0]], np.float32))
    english = Side(["en-0"], ["b"], np.array([[0, 1]], np.float32))
    assert candidates(foreign, english) == [], "0 / 0"
    # en-1 takes de-1, the best of en-0 too; for de-0, at a right angle to both, en-0 is left: 0 / ((0 + 0.4) / 2).
    found = candidates(named("de", [0, 0, 1], [1, 0, 0]), named("en", [0.8, 0.6, 0], [1, 0, 0]))
    assert [pair[1:] for pair in found] == [("de-1", "en-1")]


def test_of_equal_margins_those_of_foreign_sentences_come_first_in_the_order_of_their_rows():
    # All cosines and margins are 1: both foreign sentences find en-0, and both English ones de-0.
    assert candidates(named("de", [1, 0], [2, 0]), named("en", [1, 0], [3, 0])) == [(1, "de-0", "en-0")]


def test_of_many_equal_margins_the_first_of_the_pool_is_taken():
    # Every second pair is better; the better ones have one English sentence in common, the others another one.
    scores, english = np.array([1.0, 2.0] * 20), np.array([8, 9] * 20)
    assert list(mine._one_to_one(scores, np.arange(40), english)) == [(2.0, 1, 9), (1.0, 0, 8)]


@pytest.mark.parametrize("block", [1, 7, 1000])
def test_nearest_is_the_highest_cosine(block):
    queries, index = vectors(30, seed=1), vectors(41, seed=2) * np.linspace(0.1, 9, 41, dtype=np.float32)[:, None]
    expected = [max(range(41), key=lambda row: cosine(query, index[row])) for query in queries]
    assert nearest(queries, index, block=block).tolist() == expected


@pytest.mark.parametrize("block", [1, 2, 3, 1000])
def test_equally_near_rows_give_the_lowest(block):
    index = np.eye(4, dtype=np.float32)[[3, 1, 2, 1, 2, 1, 2]]
    assert nearest(np.eye(4, dtype=np.float32)[[2, 1]], index, block=block).tolist() == [2, 1]


@pytest.mark.parametrize("search", [nearest, lambda x, y: candidates(named("de", *x), named("en", *y))])
def test_search_multiplies_in_full_precision_and_leaves_what_training_chose(monkeypatch, search):
    matmul, during, multiply = torch.backends.cuda.matmul, [], torch.mm
    before = matmul.fp32_precision

    def spied(*factors: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        during.append(matmul.fp32_precision)
        return multiply(*factors, out=out)

    monkeypatch.setattr(torch, "mm", spied)
    matmul.fp32_precision = "tf32"
    try:
        search(vectors(2), vectors(2))
        assert during == ["ieee"], "one product for both directions"
        assert matmul.fp32_precision == "tf32"
    finally:
        matmul.fp32_precision = before


@pytest.mark.parametrize("value", [np.nan, np.inf, 0])
def test_a_vector_without_direction_is_refused_with_its_row(value):
    broken = vectors(5)
    broken[3] = value
    with pytest.raises(UserError, match=r"1 of 5 .* row 3"):
        nearest(vectors(2), broken)


def test_sides_that_do_not_fit_are_refused():
    with pytest.raises(UserError, match="at least one"):
        nearest(vectors(2), vectors(0))
    with pytest.raises(UserError, match="width 6 and 5"):
        nearest(vectors(2), vectors(2, width=5))
    with pytest.raises(UserError, match=r"^Found 2 ids, 1 texts and 2 vectors; expected equal numbers\.$"):
        Side(["a", "b"], ["a"], vectors(2))


def naive_threshold(mined, gold) -> float:
    """XTREME's `bucc_optimize`, which ends with an IndexError where the last candidate is the best one."""
    threshold = best = 0
    for taken in range(1, len(mined) + 1):
        right = len({pair[1:] for pair in mined[:taken]} & gold)
        f1 = 2 * (right / taken) * (right / len(gold)) / (right / taken + right / len(gold)) if right else 0
        if f1 > best:
            scores = [pair[0] for pair in mined[taken - 1 : taken + 1]]
            best, threshold = f1, sum(scores) / len(scores)
    return threshold


@pytest.mark.parametrize("seed", range(20))
def test_the_threshold_is_that_of_a_naive_walk(seed):
    chance = random.Random(seed)
    scores = sorted((chance.random() for _ in range(60)), reverse=True)
    mined = [(score, f"de-{n}", f"en-{n}") for n, score in enumerate(scores)]
    right = {pair[1:] for pair in mined if chance.random() < pair[0]}
    gold = right | {("de-x", f"en-{n}") for n in range(seed)}
    assert best_threshold(mined, gold) == naive_threshold(mined, gold) > 0


def test_where_sets_are_equally_good_the_threshold_is_still_that_of_a_naive_walk():
    chance, ties = random.Random(0), 0
    for _ in range(500):
        mined = [(1 / n, f"de-{n}", f"en-{n}") for n in range(1, chance.randint(4, 12))]
        right = [chance.random() < 0.4 for _ in mined]
        gold = {pair[1:] for pair, kept in zip(mined, right, strict=True) if kept} | {("de-x", "en-x")}
        assert best_threshold(mined, gold) == naive_threshold(mined, gold)
        f1s = [Fraction(2 * sum(right[:taken]), taken + len(gold)) for taken in range(1, len(mined) + 1)]
        ties += f1s.count(max(f1s)) > 1
    assert ties > 25


def test_of_equally_good_sets_the_smallest_wins():
    mined = [(2.0, "de-0", "en-0"), (1.75, "de-1", "en-1"), (1.5, "de-2", "en-2"), (1.0, "de-3", "en-3")]
    mined += [(0.5, "de-4", "en-4")]
    # One of one right, of two to be found: 2 * 1 / (1 + 2). Two of four: 2 * 2 / (4 + 2).
    assert best_threshold(mined, {("de-0", "en-0"), ("de-3", "en-3")}) == (2.0 + 1.75) / 2


MINED = [(1.5, "de-0", "en-0"), (1.25, "de-1", "en-1"), (1.0, "de-2", "en-2")]


def test_the_threshold_lies_midway_to_the_next_candidate():
    assert best_threshold(MINED, {("de-0", "en-0")}) == 1.375


def test_the_threshold_of_all_candidates_is_the_last_score():
    threshold = best_threshold(MINED, {pair[1:] for pair in MINED})
    assert threshold == 1.0
    assert above(MINED, threshold) == [pair[1:] for pair in MINED]


def test_the_threshold_is_zero_if_no_candidate_is_right():
    assert best_threshold(MINED, {("de-0", "en-1")}) == 0
    assert best_threshold([], {("de-0", "en-0")}) == 0
    assert best_threshold(MINED, set()) == 0
    assert above([*MINED, (0.0, "de-3", "en-3"), (-0.5, "de-4", "en-4")], 0)[3:] == [("de-3", "en-3")]
