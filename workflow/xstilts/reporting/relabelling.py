"""Results with short names in place of long ones, for tables and figures."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from xstilts.forgetting import Sequence
from xstilts.labels import labelled, labels
from xstilts.orders import Order, Orders
from xstilts.reporting.experiment_results import Results
from xstilts.robustness import Cell, Robustness
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
        measured=None if results.measured is None else _frame(results.measured, known),
        sequences=tuple(_sequence(one, known) for one in results.sequences),
        robustness=_robustness(results.robustness, known),
        contrasts=_frame(results.contrasts, known),
        orders=tuple(_orders(one, known) for one in results.orders),
        changed=_frame(results.changed, known),
        changed_tokens=_frame(results.changed_tokens, known),
        matrices=tuple(replace(one, arms=tuple(_arm(arm, known) for arm in one.arms)) for one in results.matrices),
    )


def _robustness(arms: Robustness, known: Mapping[str, str]) -> Robustness:
    """The arms with labels, without the contrasts, which jobs compute by name."""

    def named(target: str | None) -> str | None:
        return target and labelled(target, known)

    def cell(one: Cell) -> Cell:
        intermediate, target = one
        return labelled(intermediate, known), labelled(target, known)

    return replace(
        arms,
        perturbed=tuple(
            replace(one, target=labelled(one.target, known), clean=named(one.clean)) for one in arms.perturbed
        ),
        out_of_domain=tuple(
            replace(one, target=labelled(one.target, known), in_domain=named(one.in_domain))
            for one in arms.out_of_domain
        ),
        gains=tuple(replace(one, one=cell(one.one), other=one.other and cell(one.other)) for one in arms.gains),
        contrasts=(),
    )


def _arm(arm: Arm, known: Mapping[str, str]) -> Arm:
    return replace(arm, intermediate=labelled(arm.intermediate, known), target=labelled(arm.target, known))


def _sequence(sequence: Sequence, known: Mapping[str, str]) -> Sequence:
    columns = tuple(replace(one, stage=labelled(one.stage, known)) for one in sequence.columns)
    return replace(sequence, path=labelled(sequence.path, known), columns=columns)


def _orders(orders: Orders, known: Mapping[str, str]) -> Orders:
    def short(order: Order) -> Order:
        controls = tuple((kind, labelled(name, known)) for kind, name in order.controls)
        return Order(labelled(order.intermediate, known), tuple(labelled(one, known) for one in order.parts), controls)

    return Orders(tuple(map(short, orders.members)))


def _frame(frame: pd.DataFrame, known: Mapping[str, str]) -> pd.DataFrame:
    named = ("intermediate", "target", "stages", "other_intermediate", "other_target")
    columns = [name for name in named if name in frame]
    return frame.assign(**{name: frame[name].map(lambda path: labelled(path, known)) for name in columns})


def _grid(results: Results, known: Mapping[str, str]) -> dict[str, object]:
    grid = results.grid
    keys = [key for key in ("intermediates", "targets", "usual", "of_benchmark") if hasattr(grid, key)]
    names = {key: tuple(labelled(name, known) for name in getattr(grid, key)) for key in keys}
    pairs = getattr(grid, "pairs", None)
    renamed = pairs and frozenset((labelled(one, known), labelled(other, known)) for one, other in pairs)
    return {**names, "pairs": renamed} if pairs else dict(names)
