"""Resolves the names of stages and targets to recipes, tasks and languages.

A name stands for a block of the configuration: `mnli@de+freelb` is the stage `mnli` with `languages: [de]` and
`objective: freelb`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import cast

from xstilts import coverage, objectives, relative_steps, tasks
from xstilts.config import Config, ConfigError, Stage
from xstilts.config.stages import RelativeSteps
from xstilts.config.stages import Target as Block
from xstilts.languages import LANGUAGES
from xstilts.names import ALL, NO_INTERMEDIATE, Reference, path_of, reference, stages_of
from xstilts.perturbations import scope
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
        perturbations: the perturbations of its test text, in the order in which they are applied.
    """

    name: str
    task: str
    stages: tuple[str, ...]
    languages: tuple[str, ...] | None = None
    perturbations: tuple[str, ...] = ()


def named(config: Config, text: str) -> Reference:
    """A stage, a task or a target as it is named in a configuration.

    Raises:
        ValueError: the name is malformed.
    """
    return reference(text, config.language_groups)


def recipe(config: Config, stage: str, counting: tuple[str, ...] = ()) -> Stage:
    """The complete recipe of a stage as it is named in a path; its tasks are named without languages.

    If its tasks have different languages (`trained`), `languages` are all of them. Its steps do not depend on other
    stages. `objective` is a block, or None for plain training.

    Args:
        counting: the stages whose steps are relative to those of this one, each to those of the next.

    Raises:
        ConfigError: its objective is unknown, or its steps cannot be derived from those of another stage.
    """
    own = named(config, stage)
    block, found = config.stage(own.name), trained(config, stage)
    different = set(found.values())
    languages = different.pop() if len(different) == 1 else tuple(sorted(set(chain.from_iterable(different))))
    settings = {"tasks": tuple(found), "languages": languages, "objective": objectives.of_stage(config, own)}
    made = block.model_copy(update=settings)
    return _with_steps(config, stage, made, counting) if isinstance(made.steps, RelativeSteps) else made


def _with_steps(config: Config, stage: str, own: Stage, counting: tuple[str, ...]) -> Stage:
    """A recipe whose steps do not depend on other stages."""
    name, steps = named(config, stage), cast(RelativeSteps, own.steps)
    key, line = f"{origins(config, name.name)['steps']}.steps.like", (*counting, name.name)
    if steps.like not in {*config.stages, *trainable()}:
        known = sorted({*config.stages, *trainable()})
        raise ConfigError(key, steps.like, "unknown stage or trainable task", known)
    if steps.like in line:
        circle = " → ".join((*line, steps.like))
        raise ConfigError(key, steps.like, f"{circle}: each has the steps of the next; give one of them a number")
    other = str(replace(name, name=steps.like))
    its = recipe(config, other, line)
    try:
        return relative_steps.resolved(own, trained(config, stage), its, trained(config, other), steps.times)
    except ValueError as error:
        problem = f"the steps of stage {stage!r} cannot be counted like those of {other!r}: {error}"
        raise ConfigError(key, steps.like, f"{problem}, or give 'steps' as a number") from None


def trained(config: Config, stage: str) -> dict[str, tuple[str, ...]]:
    """The languages in which a stage trains on its tasks, by name of the task.

    The languages of a task in `tasks` take precedence over those of the stage in its name, and these over
    `languages` of its block.
    """
    own = named(config, stage)
    found = {}
    for task in _tasks(config, own.name):
        written = task.languages or own.languages
        found[task.name] = spelled_out(config, written, task.name) if written else _usual(config, own.name, task.name)
    return found


def _tasks(config: Config, stage: str) -> list[Reference]:
    """The tasks of a block, as they are named there.

    Raises:
        ValueError: a name is malformed, or has a modifier.
    """
    found = [named(config, text) for text in config.stage(stage).tasks]
    for text, task in zip(config.stage(stage).tasks, found, strict=True):
        if task.modifiers:
            problem = "a task has no modifiers; name the objective of the stage in 'objective'"
            raise ValueError(f"{text!r}: {problem}")
    return found


def _usual(config: Config, stage: str, task: str) -> tuple[str, ...]:
    """The languages of a task if no name gives any: those of the block, or the only language that the task has."""
    languages, only = config.stage(stage).languages, trainable_languages(config, task)
    if origins(config, stage)["languages"] == "default" and len(only) == 1 and ENGLISH not in only:
        return only
    return spelled_out(config, languages, task) if {*languages} & {ALL, *config.language_groups} else languages


def has_own_languages(config: Config, stage: str, task: str) -> bool:
    """Whether a block, or one that it is like, sets the languages of a task."""
    written = {one.name: one.languages for one in _tasks(config, stage)}
    return bool(written.get(task)) or origins(config, stage)["languages"].startswith("stages.")


def spelled_out(config: Config, languages: Iterable[str], task: str) -> tuple[str, ...]:
    """Languages as they are written in a name: sorted, with `all` and groups replaced by their languages."""
    groups = {**config.language_groups, ALL: trainable_languages(config, task)}
    return tuple(sorted(set(chain.from_iterable(groups.get(lang, (lang,)) for lang in languages))))


def dev_languages(config: Config, stage: str, task: str) -> tuple[str, ...]:
    """The languages of the dev data of a task that select the checkpoint of a stage."""
    own = tuple(lang for lang in trained(config, stage)[task] if has(task, "dev", lang))
    if config.stage(named(config, stage).name).select_on == ENGLISH and has(task, "dev", ENGLISH):
        return (ENGLISH,)
    return own or (ENGLISH,)


def target(config: Config, text: str) -> Target:
    """The target with a name, such as `pawsx`, `pawsx@de` or `xnli+typos10`.

    Raises:
        ValueError: a name is malformed, or gives languages for a target whose training has none to choose.
        ConfigError: the stages of its block are malformed.
    """
    own = named(config, text)
    block = config.targets.get(own.name, Block())
    task = block.task or own.name
    stages, languages = _stages(config, own, tasks.load(task).stage if block.stage is None else block.stage)
    written = block.perturbation.split("+") if block.perturbation else []
    return Target(
        name=str(Reference(own.name, languages, tuple(sorted(own.modifiers)))),
        task=task,
        stages=stages,
        languages=block.languages,
        perturbations=tuple(sorted({*written, *own.modifiers})),
    )


def evaluated_languages(config: Config, target: Target) -> tuple[str, ...]:
    """The languages in which a target is evaluated, in the order of the benchmark.

    A perturbed target lacks those that its perturbations do not apply to.
    """
    task, settings = tasks.load(target.task), config.task(target.task)
    wanted = target.languages or settings.languages or config.languages or task.languages
    missing = task.missing_languages.get(settings.split, ())
    found = [lang for lang in task.languages if lang in wanted and lang not in missing]
    return scope.served(target.perturbations, task, found)


def is_usual(config: Config, target: Target) -> bool:
    """Whether a target evaluates unchanged text after the training for its task, so that means over targets have it.

    The stage of that training is named after its task. Under the name of the task, a target may have another stage that
    trains on the same task in the same languages.
    """
    usual = tasks.load(target.task).stage
    if target.perturbations or usual is None:
        return not (target.perturbations or target.stages)
    if len(target.stages) != 1 or trained(config, usual).keys() != {usual}:
        return False
    (own,) = target.stages
    return own == usual or (target.name == target.task and trained(config, own) == trained(config, usual))


def is_official(config: Config, target: Target) -> bool:
    """Whether a target is as in the benchmark that has its task.

    It is usual, under its own name, and trained in English without a robust objective.
    """
    languages = {lang for stage in target.stages for langs in trained(config, stage).values() for lang in langs}
    plain = all(recipe(config, stage).objective is None for stage in target.stages)
    return target.name == target.task and is_usual(config, target) and languages <= {ENGLISH} and plain


def _stages(config: Config, target: Reference, written: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The stages of a target, and the languages in its canonical name, those of its last stage."""
    try:
        stages = stages_of(canonical(config, written) if written else NO_INTERMEDIATE)
    except ValueError as error:
        raise ConfigError(f"targets.{target.name}.stage", written, str(error)) from None
    if not target.languages:
        return stages, ()
    if not stages:
        raise ValueError(f"target {target.name!r} is not trained, so it has no languages of training")
    *before, last = stages
    changed = _canonical(config, replace(named(config, last), languages=target.languages))
    # The block may name other languages than the stage has without a name.
    shown = changed.languages or tuple(sorted(target.languages))
    return (*before, str(changed)), shown if str(changed) != last else ()


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
    without them are left out, as is an objective that is plain training.

    Raises:
        ValueError: a name is malformed, or gives languages for a stage whose tasks all have their own.
    """
    return path_of(str(_canonical(config, named(config, stage))) for stage in stages_of(path)) or path


def _canonical(config: Config, stage: Reference) -> Reference:
    """The canonical name of a stage.

    Raises:
        ValueError: its modifiers are not an objective, or its tasks have no languages to choose.
    """
    objectives.require_names(config, stage)
    modifiers = objectives.without_plain(config, stage)
    return replace(stage, languages=_in(config, stage.name, stage.languages), modifiers=modifiers)


def _in(config: Config, stage: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """The languages of a stage as its canonical name has them; none if the stage has them without its name."""
    if not languages:
        return ()
    free = [task.name for task in _tasks(config, stage) if not task.languages]
    if not free:
        raise ValueError(f"all tasks of stage {stage!r} have languages of their own in 'tasks'")
    found = {task: spelled_out(config, languages, task) for task in free}
    usual = trained(config, stage)
    if all(sorted(usual[task]) == list(found[task]) for task in free):
        return ()
    if all(found[task] == trainable_languages(config, task) for task in free):
        return (ALL,)
    return found[free[0]]


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
