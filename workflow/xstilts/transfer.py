"""The languages in which the models of a cell were trained, and the arms that differ only in these languages."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from xstilts import coverage, distances, recipes, resources, tasks
from xstilts.arms import Arms
from xstilts.config import Config
from xstilts.labels import labelled, labels
from xstilts.names import SOURCE, stages_of
from xstilts.recipes import ENGLISH


@dataclass(frozen=True)
class Arm:
    """A row of a matrix.

    Args:
        source: the language of its training.
        intermediate: its intermediate.
        target: its target.
        is_translated: whether some of its training data in the source are machine translations.
        seen: the languages with labelled training data of the target's kind in its path (`TrainingLanguages.seen`).
    """

    source: str
    intermediate: str
    target: str
    is_translated: bool
    seen: tuple[str, ...]


@dataclass(frozen=True)
class Matrix:
    """Arms that differ only in the language of their training.

    Args:
        intermediate: the intermediate as it is written in the configuration.
        target: the target as it is written in the configuration.
        arms: one arm for each source.
        languages: the languages in which all arms are evaluated.
        known: the labels of long names in it (`xstilts.labels`).
    """

    intermediate: str
    target: str
    arms: tuple[Arm, ...]
    languages: tuple[str, ...]
    known: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The intermediate and the target, such as `mnli@{source} → pawsx@{source}`."""
        return " → ".join(labelled(name, self.known) for name in (self.intermediate, self.target))

    @property
    def name(self) -> str:
        """The name in files, such as `mnli@source.pawsx@source`."""
        intermediate, target = (labelled(name, self.known) for name in (self.intermediate, self.target))
        return f"{intermediate.replace('/', '-then-')}.{target}".replace(SOURCE, "source")


class TrainingLanguages:
    """The languages in which the models of a grid are trained.

    Args:
        config: the configuration of the grid.
        arms: its grid, with canonical names.
        languages: returns the languages in which a target is evaluated.
    """

    def __init__(self, config: Config, arms: Arms, languages: Callable[[str], tuple[str, ...]]):
        self._config, self._arms, self._languages = config, arms, languages

    @cached_property
    def seen(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """The languages with labelled training data of the target's task, or of a task of its kind, in a cell's path.

        They are given by intermediate and target. Predictions in other languages are zero-shot.
        """
        return {
            (intermediate, target): self._seen(intermediate, target)
            for intermediate in self._arms.intermediates
            for target in self._arms.targets
            if self._arms.has(intermediate, target)
        }

    @cached_property
    def matrices(self) -> tuple[Matrix, ...]:
        """The arms that differ only in their source, by intermediate and target as written in the configuration."""
        after, before = (list(self._written(key)) for key in ("intermediates", "targets"))
        return tuple(
            self._matrix(intermediate, target, names, targets)
            for intermediate, names in after
            for target, targets in before
            if SOURCE in intermediate + target and names.keys() & targets.keys()
        )

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """The groups of languages that reports have means of, by name.

        They are those of `xstilts.resources`, unless all training is in English, and those of the configuration.
        """
        return (resources.groups() if self._has_others else {}) | self._config.language_groups

    @cached_property
    def distances(self) -> dict[tuple[str, str], float]:
        """The distances between sources and evaluated languages that the user gives; empty without a file.

        Raises:
            ConfigError: the file is malformed, or lacks a pair.
        """
        file = self._config.report.distances
        if file is None:
            return {}
        pairs = {
            (arm.source, lang): None
            for matrix in self.matrices
            for arm in matrix.arms
            for lang in matrix.languages
            if lang not in (arm.source, *arm.seen)
        }
        return distances.of_pairs(file, distances.read(file), pairs)

    @cached_property
    def in_specs(self) -> dict[str, Any]:
        """What reports say about them, in the form of a spec; empty if all training for the targets is in English."""
        if not self._has_others:
            return {}
        known = {"distances": [[*pair, distance] for pair, distance in self.distances.items()]}
        return {
            "seen": {f"{intermediate} {target}": list(found) for (intermediate, target), found in self.seen.items()},
            "translated": {one.title: [arm.source for arm in one.arms if arm.is_translated] for one in self.matrices},
            "left_out": list(self._arms.left_out),
            **(known if self.distances else {}),
        }

    @property
    def _has_others(self) -> bool:
        return bool(self._arms.sources) or not is_plain(self.seen)

    def _seen(self, intermediate: str, target: str) -> tuple[str, ...]:
        kind = tasks.load(recipes.target(self._config, target).task).kind
        trained = self._trained(intermediate, target)
        return tuple(sorted({lang for task, lang in trained if tasks.load(task).kind == kind}))

    def _matrix(self, intermediate: str, target: str, names: dict[str, str], targets: dict[str, str]) -> Matrix:
        rows = [
            self._arm(source, names[source], targets[source])
            for source in self._arms.sources
            if source in names and source in targets
        ]
        known = labels(text for names in self._arms.written.values() for text in names)
        return Matrix(intermediate, target, tuple(rows), self._languages(rows[0].target), known)

    def _arm(self, source: str, intermediate: str, target: str) -> Arm:
        trained = self._trained(intermediate, target)
        is_translated = any(lang == source and coverage.is_translated(task, lang) for task, lang in trained)
        return Arm(source, intermediate, target, is_translated, self.seen[intermediate, target])

    def _trained(self, intermediate: str, target: str) -> set[tuple[str, str]]:
        """The tasks and languages of the training data of a cell."""
        stages = (*stages_of(intermediate), *recipes.target(self._config, target).stages)
        return {
            (task, lang)
            for stage in stages
            for task, languages in recipes.trained(self._config, stage).items()
            for lang in languages
        }

    def _written(self, key: str) -> Iterator[tuple[str, dict[str, str]]]:
        """Each text of a list of the grid, with its name for each source for which it has one."""
        for text, names in self._arms.written.get(key, {}).items():
            # A text without a source has the source "".
            yield text, dict.fromkeys(self._arms.sources, names[""]) if "" in names else dict(names)


def is_plain(seen: Mapping[tuple[str, str], tuple[str, ...]]) -> bool:
    """Whether no cell is trained in a language other than English on a task of the target's kind."""
    return all(set(languages) <= {ENGLISH} for languages in seen.values())
