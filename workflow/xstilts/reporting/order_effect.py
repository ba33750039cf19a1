"""How far scores differ between orders, against how far they differ between seeds.

Scores are arrays of shape (orders, languages, seeds). A score of a seed is the mean over languages, or the score in the
worst language of the order: the one with the lowest mean over seeds.
"""

from collections.abc import Callable
from itertools import permutations, product
from math import factorial, sqrt

import numpy as np
from scipy import stats

from xstilts.reporting.correction import LEVEL

MEAN, WORST = "mean", "worst"
"""The two scores of a seed."""

ROUNDING = 1e-9
"""Standard deviations that are at most this far apart are equal."""

SAMPLES = 10_000
"""The largest number of exchanges that are all carried out, and the number of random ones if there are more."""

_LOWEST: dict[str, Callable] = {MEAN: np.mean, WORST: np.min}
"""From the means over seeds of each language to the mean over seeds of the score."""

NUMBERS = (
    *("orders", "seeds", "mean", "range", "sd_orders", "sd_seeds", "p", "least_p"),
    *("f", "p_f", "component", "component_low", "component_high"),
)


def worst(scores: np.ndarray) -> np.ndarray:
    """The place of the worst language of each order, shape (orders,)."""
    return scores.mean(axis=2).argmin(axis=1)


def of_seeds(scores: np.ndarray, kind: str) -> np.ndarray:
    """The score of each seed, shape (orders, seeds); all scores of an order are missing if one of them is."""
    if kind == MEAN:
        chosen = scores.mean(axis=1)
    else:
        chosen = np.take_along_axis(scores, worst(scores)[:, None, None], axis=1)[:, 0]
    return np.where(np.isnan(scores).any(axis=(1, 2))[:, None], np.nan, chosen)


def effect(scores: np.ndarray, kind: str) -> dict[str, float]:
    """The spread over orders with its tests, by the names in `NUMBERS`.

    Everything but the numbers of orders and seeds is missing if a score is; what needs several seeds is missing with
    one seed.
    """
    orders, _, seeds = scores.shape
    found = {**dict.fromkeys(NUMBERS, np.nan), "orders": orders, "seeds": seeds}
    if np.isnan(scores).any():
        return found
    by_seed = of_seeds(scores, kind)
    means = by_seed.mean(axis=1)
    found |= {"mean": means.mean(), "range": np.ptp(means), "sd_orders": means.std(ddof=1)}
    return found | analysis(by_seed) | exchanged(scores, kind) if seeds > 1 else found


def analysis(by_seed: np.ndarray) -> dict[str, float]:
    """The one-way analysis of variance with orders as random effects (Searle, Casella & McCulloch 1992, chapter 3).

    With k orders, n seeds, the mean squares MSA between and MSE within orders, and F = MSA / MSE: `sd_seeds` is
    sqrt(MSE), `p_f` the probability of a larger F(k - 1, k (n - 1)), and `component` the standard deviation of the
    effects of orders, sqrt(max(0, MSA - MSE) / n). Its interval is that of Williams (1962), from the quantiles q of F
    and of chi-square with k - 1 degrees of freedom: the square roots of (k - 1) (MSA - q_F MSE) / (n q_chi2), or 0 if
    that is negative. With two orders it would be wider than the scale of scores, and is missing. F, its p-value and the
    component are missing if there is no spread over seeds.

    Args:
        by_seed: shape (orders, seeds), with at least two of each.
    """
    orders, seeds = by_seed.shape
    between, within = orders - 1, orders * (seeds - 1)
    of_orders = seeds * by_seed.mean(axis=1).var(ddof=1)
    of_seeds = by_seed.var(axis=1, ddof=1).mean()
    found = {"sd_seeds": sqrt(of_seeds)}
    if found["sd_seeds"] <= ROUNDING:
        return found
    f, component = of_orders / of_seeds, sqrt(max(0, of_orders - of_seeds) / seeds)
    found |= {"f": f, "p_f": stats.f.sf(f, between, within), "component": component}
    if orders == 2:
        return found
    bounds = np.array([1 - LEVEL / 2, LEVEL / 2])
    beyond = between * (of_orders - stats.f.ppf(bounds, between, within) * of_seeds)
    low, high = np.sqrt(np.maximum(0, beyond) / (seeds * stats.chi2.ppf(bounds, between)))
    return found | {"component_low": low, "component_high": high}


def exchanged(scores: np.ndarray, kind: str) -> dict[str, float]:
    """The p-value of a permutation test in which seeds are blocks (Pitman 1938), and the least one that it can give.

    If the order makes no difference, the scores of a seed are exchangeable between orders. All languages of a seed are
    exchanged together; the statistic is the standard deviation of the orders' scores. To exchange whole orders does not
    change it, so the scores of the first seed stay: k orders and n seeds have (k!)^(n - 1) different exchanges. If
    these are more than `SAMPLES`, random ones are drawn, and the observed scores count as one more (Phipson & Smyth
    2010).
    """
    orders, _, seeds = scores.shape
    everything = factorial(orders) ** (seeds - 1)
    is_exact = everything <= SAMPLES
    moved = _all(orders, seeds) if is_exact else _random(orders, seeds)
    means = np.zeros((len(moved), *scores.shape[:2]))
    for seed in range(seeds):
        means += scores[moved[:, seed], :, seed] / seeds
    spread = _LOWEST[kind](means, axis=2).std(axis=1, ddof=1)
    observed = _LOWEST[kind](scores.mean(axis=2), axis=1).std(ddof=1)
    as_large = int((spread >= observed - ROUNDING).sum())
    if is_exact:
        return {"p": as_large / everything, "least_p": 1 / everything}
    return {"p": (1 + as_large) / (1 + SAMPLES), "least_p": 1 / (1 + SAMPLES)}


def _all(orders: int, seeds: int) -> np.ndarray:
    """All exchanges in which the first seed stays: the order whose scores each gets, (exchanges, seeds, orders)."""
    every = list(permutations(range(orders)))
    return np.array(list(product(every[:1], *[every] * (seeds - 1))))


def _random(orders: int, seeds: int) -> np.ndarray:
    """As many random exchanges as `SAMPLES`, the same for all scores of this shape."""
    random = np.random.default_rng(0)
    return random.permuted(np.tile(np.arange(orders), (SAMPLES, seeds, 1)), axis=2)


def change(by_seed: np.ndarray) -> dict[str, float]:
    """The mean of differences over seeds with its 95 % interval (Student's t), which is missing with one seed.

    Args:
        by_seed: the difference of each seed, shape (seeds,).
    """
    mean, seeds = by_seed.mean(), len(by_seed)
    half = stats.t.ppf(1 - LEVEL / 2, seeds - 1) * by_seed.std(ddof=1) / sqrt(seeds) if seeds > 1 else np.nan
    return {"difference": mean, "low": mean - half, "high": mean + half}
