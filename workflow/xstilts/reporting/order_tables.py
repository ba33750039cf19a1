"""Tables of intermediates that differ only in the order of their tasks."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from xstilts.reporting.collect import ALL
from xstilts.reporting.correction import adjusted
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.formats import Table
from xstilts.reporting.marks import MISSING
from xstilts.reporting.order_effect import MEAN, NUMBERS, SAMPLES, WORST, change, effect
from xstilts.reporting.orders import Case, cases
from xstilts.reporting.tables import text

NAME = "orders"
"""The name of the first of these tables, and the start of the names of the others."""

_KEYS = ["orders of", "target", "score", "worst"]

_READING = (
    "Intermediates that differ only in the order of their tasks; each set of them is named after its first one. All "
    "numbers are means over seeds. mean: over the languages of the target. worst: in the language in which the "
    "intermediate has the lowest mean over seeds."
)

_TOO_FEW = "too few seeds"


def tables(results: Results, encoder: str) -> list[Table]:
    """All tables of an encoder; none if no intermediates differ only in their order."""
    made = (effects, first_last, controls)
    return [make(results, encoder) for make in made] if results.orders else []


def effects(results: Results, encoder: str) -> Table:
    """How far the scores differ between orders, against how far they differ between seeds, with a test."""
    rows = [
        [*_about(case, kind, *case.names), *effect(case.values, kind).values()]
        for case, kind in _cases(results, encoder)
    ]
    numbers = pd.DataFrame(rows, columns=[*_KEYS, *NUMBERS])
    numbers.insert(numbers.columns.get_loc("p") + 1, "p_adjusted", _corrected(numbers))
    shown = numbers[["orders of", "target"]].assign(
        score=_scores(numbers),
        orders=numbers["orders"].map(str),
        seeds=numbers["seeds"].map(str),
        **{
            "sd over orders": numbers["sd_orders"].map(_spread),
            "range": numbers["range"].map(_spread),
            "sd over seeds": numbers["sd_seeds"].map(_spread),
            "p": _tests(numbers, "p"),
            "corrected p": _tests(numbers, "p_adjusted"),
            "least p": numbers["least_p"].map(_probability),
            "p of F": numbers["p_f"].map(_probability),
            "sd of order": numbers["component"].map(_spread),
            "interval": [
                MISSING if np.isnan(low) else f"{_spread(low)} to {_spread(high)}"
                for low, high in zip(numbers["component_low"], numbers["component_high"], strict=True)
            ],
        },
    )
    caption = (
        f"{_READING} sd over orders: the standard deviation of the scores of the orders; range: the highest minus the "
        "lowest. sd over seeds: within an order, pooled; without an effect of the order, sd over orders is about this "
        "one divided by the square root of the number of seeds. p: permutation test that exchanges the scores of each "
        f"seed between orders, all exchanges or {SAMPLES:,} random ones; least p: the smallest that these numbers of "
        "orders and seeds allow. corrected p: Holm's method over sets and targets. p of F: one-way analysis of "
        "variance. sd of order: the random effect of the order, with its 95 % interval if there are more than two."
    )
    if len(results.grid.seeds) == 1:
        caption += " There is no test: one seed shows no spread over seeds."
    return _table(NAME, caption, numbers, shown)


def first_last(results: Results, encoder: str) -> Table:
    """The mean over the orders that begin, or end, with each task, and its difference from the mean over all orders."""
    rows = [row for case, kind in _cases(results, encoder) for row in _by_place(case, kind)]
    columns = [*_KEYS, "place", "task", "orders", "mean", "difference", "low", "high"]
    numbers = pd.DataFrame(rows, columns=columns)
    shown = numbers[["orders of", "target"]].assign(
        score=_scores(numbers),
        place=numbers["place"],
        task=numbers["task"],
        orders=numbers["orders"].map(str),
        mean=numbers["mean"].map(lambda value: text(value, delta=False)),
        difference=numbers["difference"].map(lambda value: text(value, delta=True)),
        interval=_intervals(numbers),
    )
    caption = (
        f"{_READING} place: the mean over the orders in which the task is the first or the last one; difference: this "
        "mean minus that over all orders of the set, with its 95 % interval over seeds."
    )
    return _table(f"{NAME}.first_last", caption, numbers, shown)


def controls(results: Results, encoder: str) -> Table:
    """Each order against the mixture of the same tasks, against its last task alone, and against the baseline."""
    rows = [row for case, kind in _cases(results, encoder) for row in _against(case, kind)]
    columns = ["order", *_KEYS[1:], "control", "name", "worst of control", "difference", "low", "high"]
    numbers = pd.DataFrame(rows, columns=columns)
    shown = numbers[["order", "target"]].assign(
        score=_scores(numbers),
        control=numbers["control"],
        name=[
            f"{name} ({lang})" if lang else name
            for name, lang in zip(numbers["name"], numbers["worst of control"], strict=True)
        ],
        difference=numbers["difference"].map(lambda value: text(value, delta=True)),
        interval=_intervals(numbers),
    )
    caption = (
        f"{_READING} difference: the score of the order minus that of the control, paired by seed, with its 95 % "
        "interval over seeds; in parentheses the worst language of the control. mixture: the same tasks in the same "
        "languages without an order. Compare the numbers of steps in the table of trainings."
    )
    return _table(f"{NAME}.controls", caption, numbers, shown)


def _cases(results: Results, encoder: str) -> Iterator[tuple[Case, str]]:
    return ((case, kind) for case in cases(results, encoder) for kind in (MEAN, WORST))


def _about(case: Case, kind: str, *names: str) -> list[str]:
    """The values of `_KEYS`, with the worst languages of some intermediates."""
    return [case.orders.name, case.target, kind, " ".join(case.worst(kind, *names))]


def _corrected(numbers: pd.DataFrame) -> pd.Series:
    """The p-values after correction; the family of a row is all sets and targets with the same score."""
    return adjusted(numbers.assign(encoder=numbers["score"], language=ALL))


def _by_place(case: Case, kind: str) -> Iterator[list]:
    everywhere = np.mean([case.scores.of_seeds(name, kind) for name in case.names], axis=0)
    for place, number in (("first", 0), ("last", -1)):
        for task in dict.fromkeys(one.parts[number] for one in case.members):
            names = [one.intermediate for one in case.members if one.parts[number] == task]
            by_seed = np.mean([case.scores.of_seeds(name, kind) for name in names], axis=0)
            found = change(by_seed - everywhere)
            yield [*_about(case, kind, *names), place, task, len(names), by_seed.mean(), *found.values()]


def _against(case: Case, kind: str) -> Iterator[list]:
    for order in case.members:
        name = order.intermediate
        for control, other in case.controls(order):
            found = change(case.scores.of_seeds(name, kind) - case.scores.of_seeds(other, kind))
            _, *about = _about(case, kind, name)
            yield [name, *about, control, other, " ".join(case.worst(kind, other)), *found.values()]


def _scores(numbers: pd.DataFrame) -> list[str]:
    """The score of each row as text, with the worst languages."""
    pairs = zip(numbers["score"], numbers["worst"], strict=True)
    return [f"{score}: {', '.join(languages.split())}" if languages else score for score, languages in pairs]


def _tests(numbers: pd.DataFrame, column: str) -> list[str]:
    """The text of the p-values of the permutation test."""
    return [
        _TOO_FEW if seeds == 1 else _probability(p) for seeds, p in zip(numbers["seeds"], numbers[column], strict=True)
    ]


def _probability(p: float) -> str:
    if np.isnan(p):
        return MISSING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _spread(value: float) -> str:
    return MISSING if np.isnan(value) else f"{value:.2f}"


def _intervals(numbers: pd.DataFrame) -> list[str]:
    """The intervals of differences as text."""
    pairs = zip(numbers["low"], numbers["high"], strict=True)
    return [MISSING if np.isnan(low) else f"{text(low, delta=True)} to {text(high, delta=True)}" for low, high in pairs]


def _table(name: str, caption: str, numbers: pd.DataFrame, shown: pd.DataFrame) -> Table:
    first = numbers.columns[0]
    return Table(name, caption, numbers.set_index(first), shown.set_index(first))
