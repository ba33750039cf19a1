"""Results with short names in place of long ones, for tables and figures."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from xstilts.labels import labelled, labels
from xstilts.orders import Order, Orders
from xstilts.reporting.experiment_results import Results
from xstilts.transfer import Arm


def of_results(results: Results) -> dict[str, str]:
    """The labels of the names in results."""
    own = (name for stages in results.own_stages.values() for name in stages)
    return labels((*results.grid.intermediates, *results.grid.targets, *own, *results.models))


def relabelled(results: Results) -> Results:
    """The results with labels in place of names; the same results if no name has a label."""
    known = of_results(results)
    if not known:
        return results
    return replace(
        results,
        scores=_frame(results.scores, known),
        trainings=_frame(results.trainings, known),
        statistics=_frame(results.statistics, known),
        sizes={labelled(name, known): size for name, size in results.sizes.items()},
        grid=results.grid.model_copy(update=_grid(results, known)),
        own_stages={
            labelled(target, known): tuple(labelled(stage, known) for stage in stages)
            for target, stages in results.own_stages.items()
        },
        models=tuple(labelled(path, known) for path in results.models),
        data={labelled(path, known): about for path, about in results.data.items()},
        seen={
            (labelled(intermediate, known), labelled(target, known)): found
            for (intermediate, target), found in results.seen.items()
        },
        orders=tuple(_orders(one, known) for one in results.orders),
        matrices=tuple(replace(one, arms=tuple(_arm(arm, known) for arm in one.arms)) for one in results.matrices),
    )


def _arm(arm: Arm, known: Mapping[str, str]) -> Arm:
    return replace(arm, intermediate=labelled(arm.intermediate, known), target=labelled(arm.target, known))


def _orders(orders: Orders, known: Mapping[str, str]) -> Orders:
    def short(order: Order) -> Order:
        controls = tuple((kind, labelled(name, known)) for kind, name in order.controls)
        return Order(labelled(order.intermediate, known), tuple(labelled(one, known) for one in order.parts), controls)

    return Orders(tuple(map(short, orders.members)))


def _frame(frame: pd.DataFrame, known: Mapping[str, str]) -> pd.DataFrame:
    columns = [name for name in ("intermediate", "target", "stages") if name in frame]
    return frame.assign(**{name: frame[name].map(lambda path: labelled(path, known)) for name in columns})


def _grid(results: Results, known: Mapping[str, str]) -> dict[str, object]:
    grid = results.grid
    keys = [key for key in ("intermediates", "targets", "usual", "of_benchmark") if hasattr(grid, key)]
    names = {key: tuple(labelled(name, known) for name in getattr(grid, key)) for key in keys}
    pairs = getattr(grid, "pairs", None)
    renamed = pairs and frozenset((labelled(one, known), labelled(other, known)) for one, other in pairs)
    return {**names, "pairs": renamed} if pairs else dict(names)
