"""The intermediates that differ only in the order of their tasks, and what they are compared with."""

from dataclasses import dataclass

from xstilts import recipes
from xstilts.config import Config, Stage
from xstilts.config.stages import BLOCKS, Sampling
from xstilts.fingerprints.spec import canonical
from xstilts.names import NO_INTERMEDIATE, stages_of

MIXTURE, ALONE = "mixture", "last task alone"
"""The kinds of controls, beside the baseline `none`."""


@dataclass(frozen=True)
class Order:
    """One of several intermediates that differ only in the order of their tasks.

    Args:
        intermediate: its name.
        parts: its stages, or the tasks of its blocks, from first to last.
        controls: the intermediates that it is compared with, each after its kind: those that train the same tasks
            without an order, those that train the last part only, and `none`.
    """

    intermediate: str
    parts: tuple[str, ...]
    controls: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Orders:
    """Intermediates that differ only in the order of their stages, or of the blocks of their only stage.

    Args:
        members: at least two of them, in the order of the grid.
    """

    members: tuple[Order, ...]

    @property
    def name(self) -> str:
        """The name of the first of them, which belongs to no other set."""
        return self.members[0].intermediate

    @property
    def in_specs(self) -> list:
        """The set in the form of a spec."""
        return [[one.intermediate, list(one.parts), [list(pair) for pair in one.controls]] for one in self.members]


def of_grid(config: Config) -> tuple[Orders, ...]:
    """All sets of intermediates that differ only in their order.

    Of several intermediates with the same order, only the first one is in the set.

    Args:
        config: a configuration whose grid has canonical names (`xstilts.arms.expanded`).
    """
    found: dict[str, dict[tuple[str, ...], str]] = {}
    for name in config.grid.intermediates:
        if parts := _parts(config, name):
            found.setdefault(_without_order(config, name), {}).setdefault(parts, name)
    return tuple(
        Orders(tuple(Order(name, parts, _controls(config, name, parts[-1])) for parts, name in members.items()))
        for members in found.values()
        if len(members) > 1
    )


def _parts(config: Config, intermediate: str) -> tuple[str, ...]:
    """The parts of an intermediate that follow one another; none if it has no order."""
    stages = stages_of(intermediate)
    if len(stages) != 1:
        return stages
    stage = recipes.recipe(config, stages[0])
    return (stage.sampling.order or stage.tasks) if _has_blocks(stage) else ()


def _has_blocks(stage: Stage) -> bool:
    return stage.sampling.schedule == BLOCKS


def _without_order(config: Config, intermediate: str) -> str:
    """What intermediates that differ only in their order have in common."""
    stages = stages_of(intermediate)
    if len(stages) > 1:
        return canonical(sorted(stages))
    stage, trained = recipes.recipe(config, stages[0]), recipes.trained(config, stages[0])
    # The order of `tasks` counts: it decides the rows of each task, its head, and how shares are rounded.
    same = stage.model_copy(update={"sampling": stage.sampling.model_copy(update={"order": ()})})
    dev = {task: recipes.dev_languages(config, stages[0], task) for task in trained}
    return canonical([same.in_specs(), trained, dev])


def _controls(config: Config, intermediate: str, last: str) -> tuple[tuple[str, str], ...]:
    """The intermediates that one with an order is compared with, each after its kind."""
    grid, trained = config.grid.intermediates, _trained(config, intermediate)
    single = {name: _trained(config, name) for name in grid if len(stages_of(name)) == 1}
    mixtures = [name for name, its in single.items() if its == trained and not _parts(config, name)]
    if len(stages_of(intermediate)) == 1:
        mixtures = [name for name in mixtures if _shares(config, name) == _shares(config, intermediate)]
    of_last = {one for one in trained if one[0] == last}
    alone = [name for name, its in single.items() if its == of_last]
    if len(stages_of(intermediate)) > 1:
        alone = [last] if last in grid else []
    found = {MIXTURE: mixtures, ALONE: alone, NO_INTERMEDIATE: [NO_INTERMEDIATE] if NO_INTERMEDIATE in grid else []}
    return tuple((kind, name) for kind, names in found.items() for name in names)


def _shares(config: Config, stage: str) -> Sampling:
    """The settings of a stage that give its tasks their shares of the steps."""
    return recipes.recipe(config, stage).sampling.model_copy(update={"schedule": None, "order": (), "overlap": 0.0})


def _trained(config: Config, intermediate: str) -> set[tuple[str, str, str]]:
    """The tasks, languages and objectives of the trainings of an intermediate."""
    return {
        (task, lang, canonical(recipes.recipe(config, stage).in_specs().get("objective")))
        for stage in stages_of(intermediate)
        for task, languages in recipes.trained(config, stage).items()
        for lang in languages
    }
