"""Semantic checks of a configuration, before any job: unknown names and invalid combinations."""

from collections import Counter
from collections.abc import Callable, Iterator
from math import inf

from xstilts import tasks
from xstilts.config import Config, ConfigError, Encoder
from xstilts.languages import LANGUAGES
from xstilts.names import NO_INTERMEDIATE, stages_of
from xstilts.sources.archives import ARCHIVES
from xstilts.sources.miniature import LANGUAGES as MINIATURE

LONGEST_PATH = 20
"""Maximum number of stages in a sequence; each is a folder within the folder of the one before."""


def own_stages(config: Config, target: str) -> tuple[str, ...]:
    """The stages of a target, which follow the intermediate; empty for a target without training."""
    block = config.targets.get(target)
    own = tasks.load(target).stage if block is None or block.stage is None else block.stage
    return stages_of(own) if own else ()


def check(config: Config) -> None:
    """Reject unknown names and invalid combinations, before any job.

    Raises:
        ConfigError: the first problem found.
    """
    for problem in _problems(config):
        raise problem


def check_lengths(config: Config, longest: Callable[[Encoder], int | None]) -> None:
    """Reject sequences that are too long for an encoder, before any job.

    Args:
        longest: returns the maximum length of a sequence of an encoder, in sub-words; None if it is unknown.

    Raises:
        ConfigError: the first problem found.
    """
    for problem in _bad_lengths(config, longest):
        raise problem


def _problems(config: Config) -> Iterator[ConfigError]:
    grid = config.grid
    for key in ("encoders", "intermediates", "targets", "seeds"):
        yield from _empty_or_repeated(f"grid.{key}", getattr(grid, key))
    for name in grid.encoders:
        if name not in config.encoders:
            yield ConfigError("grid.encoders", name, "unknown encoder; define it under 'encoders'", config.encoders)
    for name in config.tasks:
        if name not in tasks.names():
            yield ConfigError("tasks", name, "unknown task", tasks.names())
        elif config.tasks[name].folders and (parts := tasks.load(name).pools):
            problem = f"the task pools {', '.join(part.name for part in parts)}; set 'folders' for those tasks"
            yield ConfigError(f"tasks.{name}.folders", [str(folder) for folder in config.tasks[name].folders], problem)
    yield from _bad_sources(config)
    for intermediate in grid.intermediates:
        yield from _bad_stages(config, "grid.intermediates", intermediate)
    for name in config.targets:
        if name not in _trained_targets():
            problem = "no target with training data has this name"
            yield ConfigError("targets", name, problem, _trained_targets())
    if NO_INTERMEDIATE in config.stages:
        yield ConfigError(
            "stages", NO_INTERMEDIATE, "this name is reserved for no intermediate training; give the stage another name"
        )
    for name in config.stages:
        yield from _bad_stage(config, f"stages.{name}.tasks", name)
    for target in grid.targets:
        yield from _bad_target(config, target)
    yield from _bad_languages(config)


def _empty_or_repeated(key: str, values: tuple) -> Iterator[ConfigError]:
    if not values:
        yield ConfigError(key, [], "expected at least one entry")
    for value, count in Counter(values).items():
        if count > 1:
            yield ConfigError(key, value, "is listed twice; remove one")


def _bad_sources(config: Config) -> Iterator[ConfigError]:
    for name in config.sources:
        if name not in ARCHIVES:
            yield ConfigError("sources", name, "unknown archive", ARCHIVES)
    for name, settings in config.tasks.items():
        task = tasks.load(name)
        if settings.source and task.pools:
            problem = f"the task pools {', '.join(part.name for part in task.pools)}; set 'source' for those tasks"
            yield ConfigError(f"tasks.{name}.source", settings.source, problem)
        if settings.source == "hub" and task.manual_download:
            yield ConfigError(
                f"tasks.{name}.source", "hub", "the files are not publicly available; see docs/tasks.md", ["release"]
            )


def _bad_stages(config: Config, key: str, path: str) -> Iterator[ConfigError]:
    known = sorted({*config.stages, *_trainable()})
    if len(stages_of(path)) > LONGEST_PATH:
        yield ConfigError(key, path, f"has more than {LONGEST_PATH} stages")
    for name in stages_of(path):
        if name not in known:
            yield ConfigError(key, name, f"unknown stage or trainable task in {path!r}", known)
        else:
            yield from _bad_stage(config, key, name)


def _bad_stage(config: Config, key: str, name: str) -> Iterator[ConfigError]:
    stage = config.stage(name)
    if stage.batch_size % stage.gpus:
        problem = f"must divide the batch_size {stage.batch_size} of the stage"
        shares = [str(count) for count in range(1, stage.batch_size + 1) if stage.batch_size % count == 0]
        yield ConfigError(f"stages.{name}.gpus", stage.gpus, problem, shares)
    for task in stage.tasks:
        if task not in _trainable():
            yield ConfigError(key, task, f"stage {name!r} can only train on tasks with training data", _trainable())
            continue
        for lang in stage.languages:
            if not all(_has(task, split, lang) for split in ("train", "dev")):
                yield ConfigError(
                    f"stages.{name}.languages", lang, f"task {task!r} has no training or dev data in this language"
                )
            elif stage.rows is not None and stage.rows > (known := _examples(config, task, lang)):
                problem = f"task {task!r} has only {known:,} training examples in {lang!r}"
                yield ConfigError(f"stages.{name}.rows", stage.rows, problem, [f"a number up to {known}"])
    yield from _empty_or_repeated(key, stage.tasks)
    yield from _empty_or_repeated(f"stages.{name}.languages", stage.languages)


def _examples(config: Config, name: str, lang: str) -> float:
    """The largest number of training examples that a task can have, before its data are read; infinite if unknown."""
    task, settings = tasks.load(name), config.task(name)
    if task.pools:
        return inf
    published = task.counts.get("train", {}).get(lang) if settings.source == "hub" else None
    made = config.miniature.train if settings.source == "miniature" else None
    return min((number for number in (published, made, settings.limit.train) if number is not None), default=inf)


def _has(name: str, split: str, lang: str) -> bool:
    """Whether a split has a language, in any of its layouts."""
    task = tasks.load(name)
    if task.pools:
        return all(_has(part.name, split, lang) for part in task.pools)
    layouts = task.splits[split]
    return (
        lang in LANGUAGES
        and lang not in task.missing_languages.get(split, ())
        and any(one.has(lang) for one in layouts)
    )


def _trained_targets() -> list[str]:
    return [name for name in tasks.names() if tasks.load(name).stage]


def _trainable() -> list[str]:
    return [name for name in tasks.names() if "train" in tasks.load(name).splits]


def _bad_target(config: Config, target: str) -> Iterator[ConfigError]:
    evaluated = [n for n in tasks.names() if tasks.load(n).stage or tasks.load(n).kind == "retrieval"]
    if target not in evaluated:
        yield ConfigError("grid.targets", target, "unknown target", evaluated)
        return
    if task := tasks.load(target).stage:
        yield from _bad_training(config, target, task)
    split, splits = config.task(target).split, tasks.load(target).splits
    if split not in splits:
        yield ConfigError(f"tasks.{target}.split", split, "the task does not have this split", splits)


def _bad_training(config: Config, target: str, task: str) -> Iterator[ConfigError]:
    """Stages of a target that do not end with a training on its task."""
    block, stages = config.targets.get(target), own_stages(config, target)
    if block is None or block.stage is None:
        yield from _bad_stage(config, "grid.targets", task)
        if config.stage(task).tasks != (task,):
            problem = f"the stage of target {target!r} can only train on {task!r}; give your stage another name"
            yield ConfigError(f"stages.{task}.tasks", list(config.stage(task).tasks), problem, [task])
        return
    key = f"targets.{target}.stage"
    if stages:
        yield from _bad_stages(config, key, block.stage)
    if not stages or config.stage(stages[-1]).tasks != (task,):
        found = f", but {stages[-1]!r} trains on {', '.join(config.stage(stages[-1]).tasks)}" if stages else ""
        yield ConfigError(key, block.stage, f"the last stage of this target must train on {task!r} alone{found}")


def _bad_lengths(config: Config, longest: Callable[[Encoder], int | None]) -> Iterator[ConfigError]:
    """Sequences that are too long for an encoder."""
    stages = {stage for intermediate in config.grid.intermediates for stage in stages_of(intermediate)}
    stages |= {stage for target in config.grid.targets for stage in own_stages(config, target)}
    trained = {name for stage in stages for name in config.stage(stage).tasks}
    retrieved = {name for name in config.grid.targets if tasks.load(name).kind == "retrieval"}
    used = sorted(trained | set(config.grid.targets) - retrieved)
    lengths = {f"tasks.{name}.max_length": config.task(name).max_length for name in used}
    for name in used:
        yield from _no_window(config, name)
    for name in config.grid.encoders:
        encoder = config.encoders[name]
        sentences = {f"encoders.{name}.retrieval.max_length": encoder.sentence_length} if retrieved else {}
        for key, length in (lengths | sentences).items():
            for limit, problem in _limits(name, encoder, longest(encoder)):
                if length > limit:
                    yield ConfigError(key, length, problem)


def _limits(name: str, encoder: Encoder, positions: int | None) -> Iterator[tuple[int, str]]:
    """The maximum lengths of an encoder in sub-words, each with the message for longer sequences."""
    yield encoder.max_length, f"exceeds the max_length {encoder.max_length} of encoder {name!r}"
    if encoder.pretraining:
        limit = encoder.pretraining.max_length
        yield limit, f"exceeds the pretraining.max_length {limit} of encoder {name!r}"
    if positions is not None:
        yield positions, f"exceeds the {positions} positions of encoder {name!r} (from its config.json)"


def _no_window(config: Config, name: str) -> Iterator[ConfigError]:
    """Lengths of question answering that leave no room for the context, or gaps between windows."""
    settings = config.task(name)
    for key in ("max_query_length", "doc_stride") if tasks.load(name).kind == "span" else ():
        if getattr(settings, key) >= settings.max_length:
            problem = f"must be less than the max_length {settings.max_length} of the task"
            yield ConfigError(f"tasks.{name}.{key}", getattr(settings, key), problem)


def _bad_languages(config: Config) -> Iterator[ConfigError]:
    known = {lang for name in tasks.names() for lang in tasks.load(name).languages}
    for lang in config.languages or ():
        if lang not in known:
            yield ConfigError("languages", lang, "unknown language: no task has it", sorted(known))
    for target in config.grid.targets:
        task, own = tasks.load(target), config.task(target).languages
        for lang in own or ():
            if lang not in task.languages:
                yield ConfigError(
                    f"tasks.{target}.languages", lang, "the task does not have this language", task.languages
                )
        without = task.missing_languages.get(config.task(target).split, ())
        left = [lang for lang in task.languages if lang not in without]
        wanted = next(languages for languages in (own, config.languages, left) if languages is not None)
        key = "languages" if own is None else f"tasks.{target}.languages"
        if not set(wanted) & set(left):
            yield ConfigError(key, list(wanted), f"none of these languages is available for target {target!r}", left)
        unknown = [lang for lang in left if lang in wanted and lang not in LANGUAGES]
        if unknown:
            problem = f"its languages {', '.join(unknown)} are missing from workflow/xstilts/languages.py; add them"
            yield ConfigError("grid.targets", target, problem)
        unwritten = [lang for lang in left if lang in wanted and lang not in MINIATURE]
        if unwritten and config.task(target).source == "miniature":
            problem = f"target {target!r} is read from the miniature, which does not have these languages"
            yield ConfigError(key, unwritten, problem, MINIATURE)
