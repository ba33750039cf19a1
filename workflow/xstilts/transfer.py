"""The languages in which the models of a cell were trained, and the arms that differ only in these languages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from xstilts import coverage, recipes, tasks
from xstilts.config import Config
from xstilts.labels import labelled
from xstilts.names import SOURCE, stages_of
from xstilts.recipes import ENGLISH, Target


@dataclass(frozen=True)
class Arm:
    """A row of a matrix.

    Args:
        source: the language of its training.
        intermediate: its intermediate.
        target: its target.
        is_translated: whether some of its training data in the source are machine translations.
        seen: the languages with labelled training data of the target's kind in its path (`seen`).
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


def seen(config: Config, intermediate: str, target: Target) -> tuple[str, ...]:
    """The languages with labelled training data of the target's task, or of a task of its kind, in the path of a cell.

    Predictions in other languages are zero-shot.
    """
    kind = tasks.load(target.task).kind
    trained = _trained(config, (*stages_of(intermediate), *target.stages))
    return tuple(sorted({lang for task, lang in trained if tasks.load(task).kind == kind}))


def is_translated(config: Config, intermediate: str, target: Target, source: str) -> bool:
    """Whether some of the training data of a cell in a language are machine translations."""
    trained = _trained(config, (*stages_of(intermediate), *target.stages))
    return any(lang == source and coverage.is_translated(task, lang) for task, lang in trained)


def written(by_source: Mapping[str, Mapping[str, str]], sources: tuple[str, ...]) -> Iterator[tuple[str, dict]]:
    """Each text of a list of the grid, with its name for each source for which it has one.

    Args:
        by_source: the names by text and source; a text without a source has the source "".
    """
    for text, names in by_source.items():
        yield text, dict.fromkeys(sources, names[""]) if "" in names else dict(names)


def is_plain(seen_in_cells: Mapping[tuple[str, str], tuple[str, ...]]) -> bool:
    """Whether no cell is trained in a language other than English on a task of the target's kind."""
    return all(set(languages) <= {ENGLISH} for languages in seen_in_cells.values())


def _trained(config: Config, stages: tuple[str, ...]) -> set[tuple[str, str]]:
    """The tasks and languages of the training data of some stages."""
    return {
        (task, lang)
        for stage in stages
        for task, languages in recipes.trained(config, stage).items()
        for lang in languages
    }
