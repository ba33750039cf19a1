"""Checks of the order of the tasks of a stage, and of the heads that it keeps."""

from collections.abc import Iterator
from itertools import pairwise

from xstilts import kept_heads, recipes, tasks
from xstilts.config import Config, ConfigError, Stage
from xstilts.names import reference, stages_of


def bad_schedule(name: str, stage: Stage) -> Iterator[ConfigError]:
    """A schedule of a single task, or an order that is not one of the tasks of the stage."""
    sampling, key = stage.sampling, f"stages.{name}.sampling"
    if sampling.schedule and len(stage.tasks) == 1:
        problem = f"stage {name!r} trains on a single task, whose steps have no order; remove the schedule"
        yield ConfigError(f"{key}.schedule", sampling.schedule, problem)
    for task in sampling.order:
        if task not in stage.tasks:
            yield ConfigError(f"{key}.order", task, f"stage {name!r} does not train on this task", stage.tasks)
        if sampling.order.count(task) > 1:
            yield ConfigError(f"{key}.order", task, "is listed twice; remove one")
    if sampling.order and (without := [task for task in stage.tasks if task not in sampling.order]):
        problem = f"lacks {', '.join(without)}; give all tasks of stage {name!r}"
        yield ConfigError(f"{key}.order", list(sampling.order), problem)


def ambiguous_heads(config: Config) -> Iterator[ConfigError]:
    """Stages that keep the head of a parent of which several heads fit one of their tasks."""
    for parent, name in _successions(config):
        stage = recipes.recipe(config, name)
        if not stage.keep_head:
            continue
        parents = map(tasks.load, recipes.trained(config, parent))
        try:
            kept_heads.sources(map(tasks.load, stage.tasks), parents)
        except ValueError as error:
            block = reference(name).name
            problem = f"{error} after {parent!r}; keep_head needs one that is the head of the same task or the only one"
            yield ConfigError(f"{recipes.origins(config, block)['keep_head']}.keep_head", True, problem)


def _successions(config: Config) -> list[tuple[str, str]]:
    """Each stage of the grid with the one before it, in all paths."""
    grid = config.grid
    paths = [
        stages_of(intermediate) + recipes.target(config, target).stages
        for intermediate in grid.intermediates
        for target in grid.targets
        if grid.has(intermediate, target)
    ]
    return list(dict.fromkeys(pair for path in paths for pair in pairwise(path)))
