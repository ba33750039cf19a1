"""The scores of intermediates that differ only in the order of their tasks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from xstilts.orders import Order, Orders
from xstilts.reporting.collect import MAIN_SCORE
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.order_effect import MEAN, of_seeds, worst


@dataclass(frozen=True)
class Scores:
    """The scores of some intermediates with one encoder, for one target.

    Args:
        names: the intermediates.
        languages: the evaluated languages.
        values: shape (intermediates, languages, seeds), in percent; NaN where a score is missing.
    """

    names: tuple[str, ...]
    languages: tuple[str, ...]
    values: np.ndarray

    def of_seeds(self, name: str, kind: str) -> np.ndarray:
        """The score of each seed of an intermediate (`order_effect.of_seeds`), shape (seeds,)."""
        return of_seeds(self._of(name), kind)[0]

    def means(self, name: str) -> np.ndarray:
        """The mean over languages of each seed, missing only for seeds without a score, shape (seeds,)."""
        return self._of(name)[0].mean(axis=0)

    def worst(self, names: Iterable[str]) -> tuple[str, ...]:
        """The worst language of each intermediate, each language once; none where a score is missing."""
        whole = [self._of(name) for name in names]
        found = [self.languages[worst(one)[0]] for one in whole if not np.isnan(one).any()]
        return tuple(dict.fromkeys(found)) if len(found) == len(whole) else ()

    def _of(self, name: str) -> np.ndarray:
        return self.values[[self.names.index(name)]]


@dataclass(frozen=True)
class Case:
    """A set of orders before a target.

    Args:
        members: the orders after which the target is evaluated, at least two.
        scores: the scores of these orders, and those of their controls.
    """

    orders: Orders
    target: str
    members: tuple[Order, ...]
    scores: Scores

    @property
    def names(self) -> tuple[str, ...]:
        """The intermediates with an order."""
        return tuple(one.intermediate for one in self.members)

    @property
    def values(self) -> np.ndarray:
        """The scores of the orders, shape (orders, languages, seeds)."""
        return self.scores.values[: len(self.members)]

    def controls(self, order: Order) -> list[tuple[str, str]]:
        """The controls of an order after which the target is evaluated, each after its kind."""
        return [(kind, name) for kind, name in order.controls if name in self.scores.names]

    def worst(self, kind: str, *names: str) -> tuple[str, ...]:
        """The worst languages of some intermediates; none for the mean over languages."""
        return () if kind == MEAN else self.scores.worst(names)


def cases(results: Results, encoder: str) -> Iterator[Case]:
    """All sets of orders, each before all targets that are evaluated after at least two of its members."""
    for orders in results.orders:
        for target in results.grid.targets:
            members = tuple(one for one in orders.members if results.grid.has(one.intermediate, target))
            if len(members) > 1:
                controls = (name for one in members for _, name in one.controls if results.grid.has(name, target))
                names = tuple(dict.fromkeys([*(one.intermediate for one in members), *controls]))
                yield Case(orders, target, members, _scores(results, encoder, target, names))


def _scores(results: Results, encoder: str, target: str, names: tuple[str, ...]) -> Scores:
    """The main scores of some intermediates, in all languages of the target and with all seeds."""
    planned = results.by_language(encoder).query("target == @target")["language"]
    languages, seeds = tuple(dict.fromkeys(planned)), list(results.grid.seeds)
    scores = results.scores
    mine = scores[(scores[["encoder", "target", "metric"]] == [encoder, target, MAIN_SCORE]).all(axis=1)]
    wide = mine.pivot(index=["intermediate", "language"], columns="seed", values="value")
    values = [wide.reindex(index=[(name, lang) for lang in languages], columns=seeds).to_numpy() for name in names]
    return Scores(names, languages, np.array(values, dtype=float))
