"""Resolves the names of stages and targets to recipes, tasks and languages.

A name stands for a block of the configuration: `mnli@de` is the stage `mnli` with `languages: [de]`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from xstilts import coverage, objectives, tasks
from xstilts.config import Config, ConfigError, Stage
from xstilts.languages import LANGUAGES
from xstilts.names import ALL, NO_INTERMEDIATE, Reference, path_of, reference, stages_of
from xstilts.sources.miniature import LANGUAGES as MINIATURE
from xstilts.task import PAIR

ENGLISH = "en"
"""The language of the dev data of a task that has none in the languages of its training data."""


@dataclass(frozen=True)
class Target:
    """A target of the grid.

    Args:
        name: its canonical name.
        task: the task that is evaluated.
        stages: the stages that follow the intermediate; empty for a target without training.
        languages: the languages of its block; None for those of the task.
    """

    name: str
    task: str
    stages: tuple[str, ...]
    languages: tuple[str, ...] | None = None


def recipe(config: Config, stage: str) -> Stage:
    """The complete recipe of a stage as it is named in a path; its tasks are named without languages.

    If its tasks have different languages (`trained`), `languages` are all of them. `objective` is a block, or None for
    plain training.
    """
    block, found = config.stage(reference(stage).name), trained(config, stage)
    different = set(found.values())
    languages = different.pop() if len(different) == 1 else tuple(sorted(set(chain.from_iterable(different))))
    objective = objectives.of_stage(config, reference(stage).name)
    return block.model_copy(update={"tasks": tuple(found), "languages": languages, "objective": objective})


def trained(config: Config, stage: str) -> dict[str, tuple[str, ...]]:
    """The languages in which a stage trains on its tasks, by name of the task.

    The languages of a task in `tasks` take precedence over those of the stage in its name, and these over
    `languages` of its block.
    """
    named = reference(stage)
    block = config.stage(named.name)
    found = {}
    for task in map(reference, block.tasks):
        written = task.languages or named.languages
        found[task.name] = spelled_out(config, written, task.name) if written else _usual(config, named.name, task.name)
    return found


def _usual(config: Config, stage: str, task: str) -> tuple[str, ...]:
    """The languages of a task if no name gives any: those of the block, or the only language that the task has."""
    languages, only = config.stage(stage).languages, trainable_languages(config, task)
    if origins(config, stage)["languages"] == "default" and len(only) == 1 and ENGLISH not in only:
        return only
    return spelled_out(config, languages, task) if {*languages} & {ALL, *config.language_groups} else languages


def has_own_languages(config: Config, stage: str, task: str) -> bool:
    """Whether a block, or one that it is like, sets the languages of a task."""
    written = {one.name: one.languages for one in map(reference, config.stage(stage).tasks)}
    return bool(written.get(task)) or origins(config, stage)["languages"].startswith("stages.")


def spelled_out(config: Config, languages: Iterable[str], task: str) -> tuple[str, ...]:
    """Languages as they are written in a name: sorted, with `all` and groups replaced by their languages."""
    groups = {**config.language_groups, ALL: trainable_languages(config, task)}
    return tuple(sorted(set(chain.from_iterable(groups.get(lang, (lang,)) for lang in languages))))


def dev_languages(config: Config, stage: str, task: str) -> tuple[str, ...]:
    """The languages of the dev data of a task that select the checkpoint of a stage."""
    own = tuple(lang for lang in trained(config, stage)[task] if has(task, "dev", lang))
    if config.stage(reference(stage).name).select_on == ENGLISH and has(task, "dev", ENGLISH):
        return (ENGLISH,)
    return own or (ENGLISH,)


def target(config: Config, text: str) -> Target:
    """The target with a name, such as `pawsx` or `pawsx@de`.

    Raises:
        ValueError: a name is malformed, or gives languages for a target whose training has none to choose.
        ConfigError: the stages of its block are malformed.
    """
    named = reference(text)
    block = config.targets.get(named.name)
    task = block.task if block and block.task else named.name
    own = tasks.load(task).stage if block is None or block.stage is None else block.stage
    try:
        stages = canonical(config, own) if own else NO_INTERMEDIATE
    except ValueError as error:
        raise ConfigError(f"targets.{named.name}.stage", own, str(error)) from None
    languages = block.languages if block else None
    if not named.languages:
        return Target(named.name, task, stages_of(stages), languages)
    if not stages_of(stages):
        raise ValueError(f"target {named.name!r} is not trained, so it has no languages of training")
    *before, last = stages_of(stages)
    trained_last = reference(_in(config, reference(last).name, named.languages))
    changed = path_of((*before, str(trained_last)))
    name = str(Reference(named.name, trained_last.languages)) if changed != stages else named.name
    return Target(name, task, stages_of(changed), languages)


def origins(config: Config, name: str) -> dict[str, str]:
    """The block of the configuration that sets each setting of a stage; `default` for those that none sets."""
    blocks = {f"stages.{one}": config.stages.get(one) for one in config.lineage(name)} | {"training": config.training}
    found = {
        key: next((place for place, block in blocks.items() if block and key in block.model_fields_set), "default")
        for key in Stage.model_fields
    }
    if found["tasks"] == "default":
        *_, last = ("the name", *(f"stages.{one}.like" for one in config.lineage(name)[:-1]))
        found["tasks"] = last
    return found


def canonical(config: Config, path: str) -> str:
    """A path of stages in its canonical form.

    Languages are sorted and written as `all` if they are all that the tasks have; languages that the stage would have
    without them are left out.

    Raises:
        ValueError: a name is malformed, or gives languages for a stage whose tasks all have their own.
    """
    return path_of(_in(config, named.name, named.languages) for named in map(reference, stages_of(path))) or path


def _in(config: Config, stage: str, languages: tuple[str, ...]) -> str:
    """The canonical name of a stage in some languages; without languages, the stage itself."""
    if not languages:
        return stage
    free = [task.name for task in map(reference, config.stage(stage).tasks) if not task.languages]
    if not free:
        raise ValueError(f"all tasks of stage {stage!r} have languages of their own in 'tasks'")
    found = {task: spelled_out(config, languages, task) for task in free}
    usual = trained(config, stage)
    if all(sorted(usual[task]) == list(found[task]) for task in free):
        return stage
    if all(found[task] == trainable_languages(config, task) for task in free):
        return str(Reference(stage, (ALL,)))
    return str(Reference(stage, found[free[0]]))


def trainable_languages(config: Config, task: str) -> tuple[str, ...]:
    """The languages in which a task has training data, sorted; empty for an unknown task."""
    return tuple(sorted(lang for lang in LANGUAGES if has_training(config, task, lang)))


def has_training(config: Config, task: str, lang: str) -> bool:
    """Whether a task, which may be unknown, has training data in a language."""
    if task not in tasks.names() or not has(task, "train", lang):
        return False
    return config.task(task).source != "miniature" or set(lang.split(PAIR)) <= set(MINIATURE)


def trainable() -> list[str]:
    """The names of all tasks with training data."""
    return [name for name in tasks.names() if "train" in tasks.load(name).splits]


def has(task: str, split: str, lang: str) -> bool:
    """Whether a split of a task exists in a language."""
    return coverage.has(tasks.load(task), split, lang)
