"""Semantic checks of a configuration, before any job: unknown names and invalid combinations."""

from collections import Counter
from collections.abc import Callable, Iterator
from math import inf

from xstilts import coverage, objectives, recipes, stage_checks, target_checks, tasks
from xstilts.config import Config, ConfigError, Encoder, Stage, TaskSettings
from xstilts.languages import LANGUAGES
from xstilts.names import ALL, NO_INTERMEDIATE, path_of, reference, stages_of
from xstilts.sources.archives import ARCHIVES

LONGEST_PATH = 20
"""Maximum number of stages in a sequence; each is a folder within the folder of the one before."""


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


def check_stages(config: Config, path: str) -> None:
    """Reject a path of stages that could not be in the grid.

    Raises:
        ConfigError: the first problem found.
    """
    for problem in _bad_stages(config, "grid.intermediates", path):
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
    yield from _bad_groups(config)
    for intermediate in grid.intermediates:
        yield from _bad_stages(config, "grid.intermediates", intermediate)
    for name in config.targets:
        yield from _bad_target(config, name, "targets")
    if NO_INTERMEDIATE in config.stages:
        yield ConfigError(
            "stages", NO_INTERMEDIATE, "this name is reserved for no intermediate training; give the stage another name"
        )
    for name in config.stages:
        yield from _bad_stage(config, f"stages.{name}.tasks", name, is_used=False)
    for target in grid.targets:
        yield from _bad_target(config, target, "grid.targets")
    yield from stage_checks.ambiguous_heads(config)
    yield from _evaluated_on_training_data(config)
    yield from _bad_languages(config)
    if config.forgetting and all(len(stages_of(name)) < 2 for name in grid.intermediates):
        problem = "there is no sequence of two or more stages to measure; add one such as 'mnli/squad_v1'"
        yield ConfigError("grid.intermediates", list(grid.intermediates), f"{problem}, or remove 'forgetting'")


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
        yield from _bad_local(name, settings)
        if settings.source and task.pools:
            problem = f"the task pools {', '.join(part.name for part in task.pools)}; set 'source' for those tasks"
            yield ConfigError(f"tasks.{name}.source", settings.source, problem)
        if settings.source == "hub" and task.manual_download:
            yield ConfigError(
                f"tasks.{name}.source", "hub", "the files are not on the hub; see docs/tasks.md", ["release"]
            )


def _bad_local(name: str, settings: TaskSettings) -> Iterator[ConfigError]:
    """Unknown names in the description of a task's files."""
    if settings.local is None:
        return
    own = f"tasks.{name}.local"
    for lang in settings.local.languages:
        if lang not in LANGUAGES:
            yield ConfigError(f"{own}.languages", lang, "unknown language", LANGUAGES)
    if (stage := settings.local.stage) is None:
        return
    if stage not in recipes.trainable():
        yield ConfigError(f"{own}.stage", stage, "unknown task, or one without training data", recipes.trainable())
        return
    mine, trained = tasks.load(name), tasks.load(stage)
    if mine.kind != trained.kind:
        yield ConfigError(f"{own}.stage", stage, f"this task is {trained.kind}, and {name!r} is {mine.kind}")
    elif stage != name and mine.kind in ("classification", "tagging") and (mine.labels != trained.labels):
        listed = ", ".join(trained.labels) or "those of its own training data"
        problem = (
            f"the labels of {stage!r}, which is trained for this task, are {listed}; expected the same ones in order"
        )
        yield ConfigError(f"{own}.labels", list(mine.labels), problem)


def _bad_groups(config: Config) -> Iterator[ConfigError]:
    """Groups of languages that are empty, have an unknown language, or have the name of a language."""
    for name, languages in config.language_groups.items():
        key = f"language_groups.{name}"
        if name in (*LANGUAGES, ALL):
            problem = "is the code of a language" if name in LANGUAGES else "stands for all languages of a task"
            yield ConfigError("language_groups", name, f"{problem}; give the group another name")
        yield from _empty_or_repeated(key, languages)
        for lang in languages:
            if lang not in LANGUAGES:
                yield ConfigError(key, lang, "unknown language", LANGUAGES)


def _bad_stages(config: Config, key: str, path: str) -> Iterator[ConfigError]:
    known = sorted({*config.stages, *recipes.trainable()})
    if len(stages_of(path)) > LONGEST_PATH:
        yield ConfigError(key, path, f"has more than {LONGEST_PATH} stages")
    for name in stages_of(path):
        if reference(name).name not in known:
            yield ConfigError(key, reference(name).name, f"unknown stage or trainable task in {path!r}", known)
        else:
            yield from _bad_stage(config, key, name)


def _bad_stage(config: Config, key: str, name: str, is_used: bool = True) -> Iterator[ConfigError]:
    """Problems of a stage as it is named in a path, such as `mnli@de`.

    Args:
        is_used: whether it is part of the grid; otherwise only languages of its own are checked, and not its rows.
    """
    block = reference(name).name
    if (like := config.stage(block).like) and like not in {*config.stages, *recipes.trainable()}:
        problem = "unknown stage or trainable task"
        yield ConfigError(f"stages.{block}.like", like, problem, sorted({*config.stages, *recipes.trainable()}))
        return
    try:
        stage, trained = recipes.recipe(config, name), recipes.trained(config, name)
    except ValueError as error:
        yield ConfigError(f"stages.{block}.tasks", list(config.stage(block).tasks), str(error))
        return
    if stage.batch_size % stage.gpus:
        problem = f"must divide the batch_size {stage.batch_size} of the stage"
        shares = [str(count) for count in range(1, stage.batch_size + 1) if stage.batch_size % count == 0]
        yield ConfigError(f"stages.{block}.gpus", stage.gpus, problem, shares)
    for task, languages in trained.items():
        if task not in recipes.trainable():
            yield ConfigError(
                key, task, f"stage {name!r} can only train on tasks with training data", recipes.trainable()
            )
            continue
        if is_used or recipes.has_own_languages(config, block, task):
            place = key if "@" in name else f"stages.{block}.languages"
            yield from _bad_training_languages(config, place, task, languages)
        if is_used:
            yield from _too_many_rows(config, block, stage, task, languages)
    written = tuple(recipes.named(config, task).name for task in config.stage(block).tasks)
    yield from _empty_or_repeated(f"stages.{block}.tasks", written)
    yield from _empty_or_repeated(f"stages.{block}.languages", config.stage(block).languages)
    yield from _bad_mixture(block, stage)
    yield from stage_checks.bad_schedule(block, stage)
    yield from objectives.problems(block, stage)


def _bad_training_languages(config: Config, key: str, task: str, languages: tuple[str, ...]) -> Iterator[ConfigError]:
    if not languages:
        yield ConfigError(key, [], f"task {task!r} has no training data in any of these languages")
    for lang in languages:
        if not recipes.has_training(config, task, lang):
            problem = f"task {task!r} has no training data in this language"
            if tasks.load(task).parallel:
                problem = f"task {task!r} is trained on pairs of languages, such as {task}@de-en"
            yield ConfigError(key, lang, problem, [*recipes.trainable_languages(config, task), *config.language_groups])
        elif not recipes.has(task, "dev", lang) and not recipes.has(task, "dev", recipes.ENGLISH):
            yield ConfigError(key, lang, f"task {task!r} has no dev data in this language, and none in English")


def _too_many_rows(
    config: Config, block: str, stage: Stage, task: str, languages: tuple[str, ...]
) -> Iterator[ConfigError]:
    known = {lang: _examples(config, task, lang) for lang in languages}
    if stage.languages_share == "split":
        all_together = max if tasks.load(task).aligned else sum
        known = {", ".join(languages): all_together(known.values())}
    for lang, available in known.items():
        if stage.rows is not None and stage.rows > available:
            problem = f"task {task!r} has only {available:,} training examples in {lang}"
            yield ConfigError(f"stages.{block}.rows", stage.rows, problem, [f"a number up to {available}"])


def _bad_mixture(name: str, stage: Stage) -> Iterator[ConfigError]:
    """Tasks without a share in the steps, or a choice of checkpoints that is undefined."""
    masked = tasks.masked(task for task in stage.tasks if task in recipes.trainable())
    weights, key = stage.sampling.weights, f"stages.{name}.sampling.weights"
    for task in weights:
        if task not in stage.tasks:
            yield ConfigError(key, task, f"stage {name!r} does not train on this task", stage.tasks)
    if weights and (without := [task for task in stage.tasks if task not in weights]):
        yield ConfigError(key, dict(weights), f"the tasks {', '.join(without)} of stage {name!r} have no weight")
    if not isinstance(stage.steps, int) and len(masked) == len(stage.tasks):
        problem = f"stage {name!r} only trains on plain text, so its epochs do not end it; set the number of its steps"
        yield ConfigError(f"stages.{name}.steps", None, problem, ["a number such as 10000"])
    if stage.keep_head and len(masked) == len(stage.tasks):
        problem = f"stage {name!r} only trains on plain text, for which 'head' chooses the head; remove keep_head"
        yield ConfigError(f"stages.{name}.keep_head", True, problem)
    key = f"stages.{name}.select_by"
    for task in stage.select_by:
        if task not in stage.tasks:
            yield ConfigError(key, task, f"stage {name!r} does not train on this task", stage.tasks)
    if 0 < sum(task in masked for task in stage.select_by) < len(stage.select_by):
        problem = "masked language modelling has a loss, which cannot be averaged with scores in percent"
        yield ConfigError(key, list(stage.select_by), problem)
    if stage.select_by:
        yield from _empty_or_repeated(key, stage.select_by)


def _examples(config: Config, name: str, lang: str) -> float:
    """The largest number of training examples that a task can have, before its data are read; infinite if unknown."""
    task, settings = tasks.load(name), config.task(name)
    if task.pools:
        return inf
    published = task.counts.get("train", {}).get(lang) if settings.source == "hub" else None
    made = config.miniature.train if settings.source == "miniature" else None
    return min((number for number in (published, made, settings.limit.train) if number is not None), default=inf)


def _bad_target(config: Config, name: str, key: str) -> Iterator[ConfigError]:
    """Problems of a target; `key` is the place of its name."""
    yield from target_checks.unknown_target(config, name, key)
    target = recipes.target(config, name)
    block = config.targets.get(reference(name).name)
    if target.stages:
        own = f"targets.{reference(name).name}.stage" if block and block.stage is not None else "grid.targets"
        yield from _bad_stages(config, own, path_of(target.stages))
    yield from target_checks.bad_target(config, name, key)


def _evaluated_on_training_data(config: Config) -> Iterator[ConfigError]:
    """Intermediates and targets whose training data contain the text on which a target is evaluated."""
    intermediates = [("grid.intermediates", one, stages_of(one)) for one in config.grid.intermediates]
    for target in (recipes.target(config, name) for name in config.grid.targets):
        split = config.task(target.task).split
        for key, name, stages in (*intermediates, ("grid.targets", target.name, target.stages)):
            for task in (task for stage in stages for task in recipes.trained(config, stage)):
                if shared := coverage.overlap(task, "train", target.task, split):
                    problem = f"trains on {task!r}, which contains {shared}, on which {target.name!r} is evaluated"
                    yield ConfigError(key, name, f"{problem}; remove one of them")


def _bad_lengths(config: Config, longest: Callable[[Encoder], int | None]) -> Iterator[ConfigError]:
    """Sequences that are too long for an encoder."""
    targets = [recipes.target(config, name) for name in config.grid.targets]
    stages = {stage for intermediate in config.grid.intermediates for stage in stages_of(intermediate)}
    stages |= {stage for target in targets for stage in target.stages}
    trained = {name for stage in stages for name in recipes.trained(config, stage)}
    retrieved = {target.task for target in targets if tasks.load(target.task).kind == "retrieval"}
    used = sorted(trained | {target.task for target in targets} - retrieved)
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
    for target in (recipes.target(config, name) for name in config.grid.targets):
        yield from target_checks.bad_languages(config, target)
