"""The arms of a grid that answer questions of robustness, each with the cells that it is compared with.

They are targets with perturbed text, targets out of domain, and trainings with an objective. Arms belong together if
their resolved recipes and targets do, whatever their names.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from typing import Any

from xstilts import controls, recipes, resources, tasks
from xstilts.arms import Arms
from xstilts.config import Config
from xstilts.controls import EQUAL, Recipes
from xstilts.names import stages_of
from xstilts.perturbations import names
from xstilts.recipes import Target

Cell = tuple[str, str]
"""An intermediate and a target."""

ROBUSTNESS, PERTURBATIONS = "robustness", "perturbations"
"""The names of the tables of targets with perturbed text."""

OUT_OF_DOMAIN, OBJECTIVES = "out_of_domain", "objectives"
"""The names of the tables of targets out of domain, and of trainings with an objective."""

GROUPS = ("low", "high")
"""The groups of `xstilts.resources` for which reports show the effect of perturbed text."""


@dataclass(frozen=True)
class Perturbed:
    """A target with perturbed text.

    Args:
        target: its name.
        clean: the target with the same task, training and languages, and unchanged text; None if the grid has none.
        perturbation: its perturbations, joined by `+`.
        form: the perturbation without its rate, such as `typos`; `perturbation` without a rate.
        rate: the number of edits in 100 words; None for a perturbation without a rate.
        languages: the languages in which both are evaluated.
    """

    target: str
    clean: str | None
    perturbation: str
    form: str
    rate: int | None
    languages: tuple[str, ...]


@dataclass(frozen=True)
class OutOfDomain:
    """A target with unchanged text whose training is that of another task.

    Args:
        target: its name.
        in_domain: the first target with unchanged text after the same training, which is that of its own task; None if
            the grid has none.
    """

    target: str
    in_domain: str | None


@dataclass(frozen=True)
class Gain:
    """A cell after training with an objective, beside one after plain training with otherwise the same recipes.

    Args:
        objective: the methods of the objectives of its stages, joined by `, `.
        equal: what both trainings have equally much of: `steps`, `passes` or both.
        one: the cell with the objective.
        other: the cell after plain training; None if the grid has none with equally much of this.
    """

    objective: str
    equal: tuple[str, ...]
    one: Cell
    other: Cell | None


@dataclass(frozen=True)
class Contrasts:
    """Pairs of cells whose scores one job compares.

    Args:
        name: the table that has them, and the target of the first cells; shortened in the names of files.
        task: the task that they are evaluated on.
        languages: the languages in which they are compared.
        pairs: the cells; the score of the second is subtracted from that of the first.
        same_models: whether both cells of a pair have the same models, and differ in the text only.
    """

    name: str
    task: str
    languages: tuple[str, ...]
    pairs: tuple[tuple[Cell, Cell], ...]
    same_models: bool


@dataclass(frozen=True)
class Robustness:
    """The arms of a grid that answer questions of robustness; empty for other grids.

    Args:
        perturbed: the targets with perturbed text.
        out_of_domain: the targets out of domain.
        gains: the cells after training with an objective, with each plain training of the grid.
        groups: the languages of `GROUPS` in which perturbed targets are evaluated.
        contrasts: the pairs of cells that jobs compare.
    """

    perturbed: tuple[Perturbed, ...] = ()
    out_of_domain: tuple[OutOfDomain, ...] = ()
    gains: tuple[Gain, ...] = ()
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    contrasts: tuple[Contrasts, ...] = ()

    @property
    def tables(self) -> list[str]:
        """The names of the tables of these arms."""
        arms = {
            ROBUSTNESS: self.perturbed,
            OUT_OF_DOMAIN: self.out_of_domain,
            OBJECTIVES: self.gains,
            PERTURBATIONS: self.perturbed,
        }
        return [name for name, found in arms.items() if found]

    @property
    def in_specs(self) -> dict[str, Any]:
        """What reports say about these arms, in the form of a spec; empty without any."""
        found = asdict(replace(self, contrasts=()))
        return {"robustness": json.loads(json.dumps(found))} if self.tables else {}


def of_grid(config: Config, arms: Arms, languages: Callable[[str], tuple[str, ...]]) -> Robustness:
    """The arms of a grid that answer questions of robustness.

    Args:
        arms: the grid, with canonical names.
        languages: returns the languages in which a target is evaluated.
    """
    return _Resolved(config, arms, languages).robustness()


class _Resolved:
    """The targets and recipes of a grid."""

    def __init__(self, config: Config, arms: Arms, languages: Callable[[str], tuple[str, ...]]):
        self._config, self._arms, self._languages = config, arms, languages
        self._targets = {name: recipes.target(config, name) for name in arms.targets}
        self._recipes = Recipes(config)

    def robustness(self) -> Robustness:
        perturbed, gains = tuple(self._perturbed()), tuple(self._gains())
        evaluated = {lang for one in perturbed for lang in one.languages}
        groups = {name: tuple(lang for lang in resources.groups()[name] if lang in evaluated) for name in GROUPS}
        return Robustness(
            perturbed,
            tuple(self._out_of_domain()),
            gains,
            groups if perturbed else {},
            (*self._drops(perturbed), *self._compared(gains)),
        )

    def _perturbed(self) -> Iterator[Perturbed]:
        for name, target in self._targets.items():
            if not target.perturbations:
                continue
            own = self._identity(replace(target, perturbations=()))
            clean = next((other for other, one in self._targets.items() if self._identity(one) == own), None)
            common = [lang for lang in self._languages(clean or name) if lang in self._languages(name)]
            perturbation = "+".join(target.perturbations)
            yield Perturbed(name, clean, perturbation, *_form(target.perturbations), tuple(common))

    def _out_of_domain(self) -> Iterator[OutOfDomain]:
        clean = {name: one for name, one in self._targets.items() if one.stages and not one.perturbations}
        own = {name: one for name, one in clean.items() if self._trains_on_its_task(one)}
        for name, target in clean.items():
            if name not in own:
                trained = self._recipes.of(target.stages)
                same = (other for other, one in own.items() if self._recipes.of(one.stages) == trained)
                yield OutOfDomain(name, next(same, None))

    def _trains_on_its_task(self, target: Target) -> bool:
        """Whether the last stage of a target trains on the task that its own task is trained on."""
        return recipes.trained(self._config, target.stages[-1]).keys() == {tasks.load(target.task).stage}

    def _gains(self) -> Iterator[Gain]:
        cells = {
            (intermediate, target): (
                self._recipes.of(stages_of(intermediate)),
                self._recipes.of(self._targets[target].stages),
            )
            for intermediate, target in product(self._arms.intermediates, self._arms.targets)
            if self._arms.has(intermediate, target)
        }
        plain = {cell: paths for cell, paths in cells.items() if controls.is_plain(*paths)}
        for cell, paths in cells.items():
            if cell in plain:
                continue
            found = {
                other: equal
                for other, its in plain.items()
                if self._text(other[1]) == self._text(cell[1]) and (equal := controls.equal(paths, its))
            }
            methods = controls.methods(*paths)
            for other, equal in found.items():
                yield Gain(methods, equal, cell, other)
            if missing := tuple(what for what in EQUAL if not any(what in equal for equal in found.values())):
                yield Gain(methods, missing, cell, None)

    def _identity(self, target: Target) -> tuple:
        """What two targets have in common if they evaluate the same models on the same text."""
        return _text(target), self._recipes.of(target.stages)

    def _text(self, target: str) -> tuple:
        return _text(self._targets[target])

    def _drops(self, perturbed: tuple[Perturbed, ...]) -> Iterator[Contrasts]:
        for one in perturbed:
            pairs = tuple(
                ((name, one.clean), (name, one.target))
                for name in self._arms.intermediates
                if one.clean and self._arms.has(name, one.clean) and self._arms.has(name, one.target)
            )
            if pairs:
                task = self._targets[one.target].task
                yield Contrasts(f"{ROBUSTNESS}.{one.target}", task, one.languages, pairs, same_models=True)

    def _compared(self, gains: tuple[Gain, ...]) -> Iterator[Contrasts]:
        for name, target in self._targets.items():
            pairs = tuple((one.one, one.other) for one in gains if one.other and one.one[1] == name)
            if pairs:
                languages = self._languages(name)
                yield Contrasts(f"{OBJECTIVES}.{name}", target.task, languages, pairs, same_models=False)


def _text(target: Target) -> tuple:
    """The text on which a target is evaluated: its task, languages and perturbations."""
    return target.task, target.languages and frozenset(target.languages), target.perturbations


def _form(perturbations: tuple[str, ...]) -> tuple[str, int | None]:
    """The form and the rate of some perturbations; several have no rate."""
    return names.parsed(perturbations[0]) if len(perturbations) == 1 else ("+".join(perturbations), None)
