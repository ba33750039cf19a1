"""Checks of targets: their tasks, the training that predicts for them, their perturbations and languages."""

from collections.abc import Iterator
from dataclasses import replace

from xstilts import perturbations, recipes, tasks
from xstilts.config import Config, ConfigError
from xstilts.config import Target as TargetBlock
from xstilts.languages import LANGUAGES
from xstilts.names import path_of, reference
from xstilts.perturbations import names, scope
from xstilts.recipes import Target
from xstilts.sources.miniature import LANGUAGES as MINIATURE


def unknown_target(config: Config, name: str, key: str) -> Iterator[ConfigError]:
    """A target whose task does not exist; `key` is the place of its name."""
    named = reference(name).name
    block = config.targets.get(named, TargetBlock())
    evaluated = [one for one in tasks.names() if tasks.load(one).stage or tasks.load(one).kind == "retrieval"]
    if (block.task or named) not in evaluated:
        key = f"targets.{named}.task" if block.task else key
        allowed = [*evaluated, *sorted({*config.targets} - {named})]
        yield ConfigError(key, block.task or named, "unknown target", allowed)


def bad_target(config: Config, name: str, key: str) -> Iterator[ConfigError]:
    """Problems of a target whose task exists and whose stages are valid; `key` is the place of its name."""
    named = reference(name).name
    block = config.targets.get(named, TargetBlock())
    if block.task and block.task != named and named in tasks.names():
        problem = (
            f"{named!r} is the name of a task, which a target with this name evaluates; give the target another name"
        )
        yield ConfigError(f"targets.{named}.task", block.task, problem)
    target, split = recipes.target(config, name), config.task(block.task or named).split
    task = tasks.load(target.task)
    if task.stage:
        yield from _bad_training(
            config, target, task.stage, f"targets.{named}.stage" if block.stage is not None else ""
        )
    elif block.stage is not None:
        yield ConfigError(
            f"targets.{named}.stage", block.stage, f"task {task.name!r} has no training; remove the stage"
        )
    if split not in task.splits:
        yield ConfigError(f"tasks.{task.name}.split", split, "the task does not have this split", task.splits)
    yield from _bad_perturbations(config, target, f"targets.{named}.perturbation" if block.perturbation else key)


def _bad_perturbations(config: Config, target: Target, key: str) -> Iterator[ConfigError]:
    """Modifiers of a target that are no perturbations, or do not apply to its task."""
    for name in target.perturbations:
        if name in config.objectives:
            yield ConfigError(key, target.name, f"{name!r} is an objective, which modifies a stage: write it there")
        elif not perturbations.is_name(name):
            yield ConfigError(key, name, f"unknown perturbation of {target.name!r}", [names.ALLOWED])
    clean = replace(target, perturbations=())
    languages = recipes.evaluated_languages(config, clean)
    if languages and (reason := scope.refusal(target.perturbations, tasks.load(target.task), languages)):
        yield ConfigError(key, target.name, reason)


def _bad_training(config: Config, target: Target, task: str, key: str) -> Iterator[ConfigError]:
    """Stages of a target whose last training cannot predict for it; `key` is that of its stages, if it sets any."""
    trains_on = tuple(recipes.trained(config, target.stages[-1])) if target.stages else ()
    if trains_on == (task,):
        return
    suitable = [name for name in recipes.trainable() if _predicts_for(name, target.task)]
    if key and (len(trains_on) != 1 or trains_on[0] not in suitable):
        found = path_of(target.stages) or config.targets[reference(target.name).name].stage
        problem = f"the last stage of this target must train on one task whose head predicts for {target.task!r}"
        trained = f", but {target.stages[-1]!r} trains on {', '.join(trains_on)}" if target.stages else ""
        yield ConfigError(key, found, f"{problem}{trained}", suitable)
    elif not key:
        problem = f"the stage of target {target.name!r} can only train on {task!r}; give your stage another name"
        yield ConfigError(f"stages.{task}.tasks", list(trains_on), problem, [task])


def _predicts_for(trained: str, evaluated: str) -> bool:
    """Whether the head of a trained task predicts for another: of the same kind, with the same labels if it has any."""
    one, other = tasks.load(trained), tasks.load(evaluated)
    if one.kind != other.kind:
        return False
    return one.kind not in ("classification", "tagging") or one.labels == other.labels != ()


def bad_languages(config: Config, target: Target) -> Iterator[ConfigError]:
    """Languages that a target is to be evaluated in, and does not have."""
    task, settings = tasks.load(target.task), config.task(target.task)
    chosen = {
        f"targets.{reference(target.name).name}.languages": target.languages,
        f"tasks.{target.task}.languages": settings.languages,
        "languages": config.languages,
    }
    key, wanted = next(((key, one) for key, one in chosen.items() if one is not None), ("languages", None))
    for lang in (wanted or ()) if key != "languages" else ():
        if lang not in task.languages:
            yield ConfigError(key, lang, "the task does not have this language", task.languages)
    left = [lang for lang in task.languages if lang not in task.missing_languages.get(settings.split, ())]
    evaluated = [lang for lang in left if wanted is None or lang in wanted]
    if not evaluated:
        problem = f"none of these languages is available for target {target.name!r}"
        yield ConfigError(key, list(wanted or ()), problem, left)
    unknown = [lang for lang in evaluated if lang not in LANGUAGES]
    if unknown:
        problem = f"its languages {', '.join(unknown)} are missing from workflow/xstilts/languages.py; add them"
        yield ConfigError("grid.targets", target.name, problem)
    unwritten = [lang for lang in evaluated if lang not in MINIATURE]
    if unwritten and settings.source == "miniature":
        problem = f"target {target.name!r} is read from the miniature, which does not have these languages"
        yield ConfigError(key, unwritten, problem, MINIATURE)
