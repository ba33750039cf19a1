"""Plain trainings beside those with an objective: the same recipe with as many steps, or with as many passes."""

import json
from dataclasses import dataclass
from functools import cache
from math import isclose
from typing import Any

from xstilts import recipes, tasks
from xstilts.config import Config
from xstilts.config.objectives import Objective
from xstilts.steps import specs

EQUAL = STEPS, PASSES = "steps", "passes"
"""What two trainings may have equally much of: optimiser steps, or passes over batches."""


@dataclass(frozen=True)
class Recipe:
    """The resolved recipe of a stage.

    Args:
        same: all of it but its objective and its length, as JSON.
        unit: the unit of its length, such as epochs.
        length: its length.
        objective: its objective; None for plain training.
    """

    same: str
    unit: str
    length: float
    objective: Objective | None

    @property
    def passes(self) -> int:
        """The number of forward and backward passes over a batch in each of its steps."""
        return self.objective.passes if self.objective else 1

    def lasts(self, times: float, other: "Recipe") -> bool:
        """Whether its length is a multiple of that of another recipe, to which it is otherwise equal."""
        return (self.same, self.unit) == (other.same, other.unit) and isclose(self.length, times * other.length)


Path = tuple[Recipe, ...]
"""The recipes of the stages of a path."""


class Recipes:
    """The resolved recipes of paths of stages."""

    def __init__(self, config: Config):
        self._of_stage = cache(lambda stage: _resolved(config, stage))

    def of(self, stages: tuple[str, ...]) -> Path:
        """The recipes of the stages of a path."""
        return tuple(map(self._of_stage, stages))


def _resolved(config: Config, stage: str) -> Recipe:
    recipe = recipes.recipe(config, stage)
    settings = specs.train_stage(recipe, {}, bool(tasks.masked(recipe.tasks)))["stage"]
    settings.pop("objective", None)
    unit, length = _length(settings.pop("steps", None), settings.pop("epochs"))
    trained = recipes.trained(config, stage)
    data = {task: [trained[task], recipes.dev_languages(config, stage, task)] for task in trained}
    return Recipe(json.dumps([settings, data], sort_keys=True), unit, length, recipe.robust)


def _length(steps: int | dict[str, Any] | None, epochs: float) -> tuple[str, float]:
    """The unit and the length of a training, from its settings in the form of a spec."""
    if isinstance(steps, int):
        return "steps", steps
    # A multiple of the steps that the epochs would take, possibly with another batch size or sampling.
    counted = dict(steps or {})
    times = counted.pop("times", 1.0)
    return f"epochs {json.dumps(counted, sort_keys=True)}", epochs * times


def is_plain(*paths: Path) -> bool:
    """Whether no stage has an objective."""
    return not any(recipe.objective for path in paths for recipe in path)


def methods(*paths: Path) -> str:
    """The methods of the objectives of some paths."""
    return ", ".join(dict.fromkeys(one.objective.method for path in paths for one in path if one.objective))


def equal(paths: tuple[Path, ...], plain: tuple[Path, ...]) -> tuple[str, ...]:
    """What some paths and the same number of plain ones have equally much of; nothing if their recipes differ.

    Args:
        paths: paths with objectives.
        plain: the paths of plain training, which is compared with them stage by stage.
    """
    if [*map(len, paths)] != [*map(len, plain)]:
        return ()
    stages = [pair for both in zip(paths, plain, strict=True) for pair in zip(*both, strict=True)]
    counted = {
        STEPS: all(its.lasts(1, one) for one, its in stages),
        PASSES: all(its.lasts(one.passes, one) for one, its in stages),
    }
    return tuple(what for what, is_equal in counted.items() if is_equal)
