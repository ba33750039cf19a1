"""Whether a configuration can be meant: names that exist, and combinations that can be, found out before any job."""

from collections import Counter
from collections.abc import Callable, Iterator

from xstilts import tasks
from xstilts.config import Config, ConfigError, Encoder
from xstilts.languages import LANGUAGES
from xstilts.names import NO_INTERMEDIATE, stages_of
from xstilts.sources.archives import ARCHIVES
from xstilts.sources.miniature import LANGUAGES as MINIATURE

LONGEST_PATH = 20
"""Stages of an intermediate: each is a folder in the one before it."""


def check(config: Config) -> None:
    """Refuse names that do not exist and combinations that cannot be, before any job.

    Raises:
        ConfigError: the first one found.
    """
    for problem in _problems(config):
        raise problem


def check_lengths(config: Config, longest: Callable[[Encoder], int | None]) -> None:
    """Refuse sequences that an encoder cannot take, before any job.

    Args:
        longest: the sub-words of the longest sequence that an encoder can take; None where that is not known.

    Raises:
        ConfigError: the first one found.
    """
    for problem in _bad_lengths(config, longest):
        raise problem


def _problems(config: Config) -> Iterator[ConfigError]:
    grid = config.grid
    for key in ("encoders", "intermediates", "targets", "seeds"):
        yield from _not_a_list_of_its_own(f"grid.{key}", getattr(grid, key))
    for name in grid.encoders:
        if name not in config.encoders:
            yield ConfigError("grid.encoders", name, "no encoder of this name is described", config.encoders)
    for name in config.tasks:
        if name not in tasks.names():
            yield ConfigError("tasks", name, "unknown task", tasks.names())
        elif config.tasks[name].folders and (parts := tasks.load(name).pools):
            problem = f"its files are those of {', '.join(part.name for part in parts)}, so name the folders of these"
            yield ConfigError(f"tasks.{name}.folders", [str(folder) for folder in config.tasks[name].folders], problem)
    yield from _bad_sources(config)
    for intermediate in grid.intermediates:
        yield from _bad_stages(config, intermediate)
    if NO_INTERMEDIATE in config.stages:
        yield ConfigError("stages", NO_INTERMEDIATE, "stands for no stage at all, so no stage can have this name")
    for name in config.stages:
        yield from _bad_stage(config, f"stages.{name}.tasks", name)
    for target in grid.targets:
        yield from _bad_target(config, target)
    yield from _bad_languages(config)


def _not_a_list_of_its_own(key: str, values: tuple) -> Iterator[ConfigError]:
    if not values:
        yield ConfigError(key, [], "at least one is needed")
    for value, count in Counter(values).items():
        if count > 1:
            yield ConfigError(key, value, "stands there more than once")


def _bad_sources(config: Config) -> Iterator[ConfigError]:
    for name in config.sources:
        if name not in ARCHIVES:
            yield ConfigError("sources", name, "no such archive", ARCHIVES)
    for name, settings in config.tasks.items():
        task = tasks.load(name)
        if settings.source and task.pools:
            problem = f"its files are those of {', '.join(part.name for part in task.pools)}, so say it of these"
            yield ConfigError(f"tasks.{name}.source", settings.source, problem)
        if settings.source == "hub" and task.manual_download:
            yield ConfigError(f"tasks.{name}.source", "hub", "only the user can have its files", ["release"])


def _bad_stages(config: Config, intermediate: str) -> Iterator[ConfigError]:
    known = sorted({*config.stages, *_trainable()})
    if len(stages_of(intermediate)) > LONGEST_PATH:
        yield ConfigError("grid.intermediates", intermediate, f"more than {LONGEST_PATH} stages")
    for name in stages_of(intermediate):
        if name not in known:
            yield ConfigError(
                "grid.intermediates", name, f"no stage or trainable task of this name in {intermediate!r}", known
            )
        else:
            yield from _bad_stage(config, "grid.intermediates", name)


def _bad_stage(config: Config, key: str, name: str) -> Iterator[ConfigError]:
    stage = config.stage(name)
    if stage.batch_size % stage.gpus:
        problem = f"its GPUs cannot share a batch of {stage.batch_size} rows evenly"
        shares = [str(count) for count in range(1, stage.batch_size + 1) if stage.batch_size % count == 0]
        yield ConfigError(f"stages.{name}.gpus", stage.gpus, problem, shares)
    for task in stage.tasks:
        if task not in _trainable():
            yield ConfigError(key, task, f"the stage {name!r} needs tasks with training data", _trainable())
            continue
        for lang in stage.languages:
            if not all(_has(task, split, lang) for split in ("train", "dev")):
                yield ConfigError(f"stages.{name}.languages", lang, f"{task} has no training or no dev data in it")
    yield from _not_a_list_of_its_own(key, stage.tasks)
    yield from _not_a_list_of_its_own(f"stages.{name}.languages", stage.languages)


def _has(name: str, split: str, lang: str) -> bool:
    """Whether a split, in some layout, has a language."""
    task = tasks.load(name)
    if task.pools:
        return all(_has(part.name, split, lang) for part in task.pools)
    layouts = task.splits[split]
    return (
        lang in LANGUAGES
        and lang not in task.missing_languages.get(split, ())
        and any(one.has(lang) for one in layouts)
    )


def _trainable() -> list[str]:
    return [name for name in tasks.names() if "train" in tasks.load(name).splits]


def _bad_target(config: Config, target: str) -> Iterator[ConfigError]:
    evaluated = [n for n in tasks.names() if tasks.load(n).stage or tasks.load(n).kind == "retrieval"]
    if target not in evaluated:
        yield ConfigError("grid.targets", target, "no such target", evaluated)
        return
    if own := tasks.load(target).stage:
        yield from _bad_stage(config, "grid.targets", own)
        if config.stage(own).tasks != (own,):
            problem = f"the stage that trains for the target {target} trains on {own} alone; give yours another name"
            yield ConfigError(f"stages.{own}.tasks", list(config.stage(own).tasks), problem, [own])
    split, splits = config.task(target).split, tasks.load(target).splits
    if split not in splits:
        yield ConfigError(f"tasks.{target}.split", split, "the task has no such split", splits)


def _bad_lengths(config: Config, longest: Callable[[Encoder], int | None]) -> Iterator[ConfigError]:
    """Sequences that an encoder cannot take."""
    stages = {stage for intermediate in config.grid.intermediates for stage in stages_of(intermediate)}
    stages |= {task.stage for task in map(tasks.load, config.grid.targets) if task.stage}
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
    """The sub-words that an encoder takes, and what to say of more."""
    yield encoder.max_length, f"more than the max_length {encoder.max_length} of encoder {name!r}"
    if encoder.pretraining:
        limit = encoder.pretraining.max_length
        yield limit, f"more than the pretraining.max_length {limit} of encoder {name!r}"
    if positions is not None:
        yield (
            positions,
            f"more than the {positions} sub-words that encoder {name!r} has positions for (its config.json)",
        )


def _no_window(config: Config, name: str) -> Iterator[ConfigError]:
    """Lengths of question answering that leave no context beside a question, or gaps between two windows."""
    settings = config.task(name)
    for key in ("max_query_length", "doc_stride") if tasks.load(name).kind == "span" else ():
        if getattr(settings, key) >= settings.max_length:
            problem = f"has to be less than its max_length {settings.max_length}"
            yield ConfigError(f"tasks.{name}.{key}", getattr(settings, key), problem)


def _bad_languages(config: Config) -> Iterator[ConfigError]:
    known = {lang for name in tasks.names() for lang in tasks.load(name).languages}
    for lang in config.languages or ():
        if lang not in known:
            yield ConfigError("languages", lang, "no task has this language", sorted(known))
    for target in config.grid.targets:
        task, own = tasks.load(target), config.task(target).languages
        for lang in own or ():
            if lang not in task.languages:
                yield ConfigError(f"tasks.{target}.languages", lang, "the task has no such language", task.languages)
        without = task.missing_languages.get(config.task(target).split, ())
        left = [lang for lang in task.languages if lang not in without]
        wanted = next(languages for languages in (own, config.languages, left) if languages is not None)
        key = "languages" if own is None else f"tasks.{target}.languages"
        if not set(wanted) & set(left):
            yield ConfigError(key, list(wanted), f"none is left for {target}", left)
        unknown = [lang for lang in left if lang in wanted and lang not in LANGUAGES]
        if unknown:
            problem = f"workflow/xstilts/languages.py has no row for its languages {', '.join(unknown)}; add them there"
            yield ConfigError("grid.targets", target, problem)
        unwritten = [lang for lang in left if lang in wanted and lang not in MINIATURE]
        if unwritten and config.task(target).source == "miniature":
            problem = f"the miniature, from which {target} is read, does not have all of them"
            yield ConfigError(key, unwritten, problem, MINIATURE)
