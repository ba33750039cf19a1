"""Replaces the names in a grid by their canonical forms, and `{source}` by the languages of `grid.sources`."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain, product
from typing import Any

from pydantic import Field

from xstilts import objectives, recipes, sequences, tasks
from xstilts.config import Config, ConfigError, GridSettings
from xstilts.languages import LANGUAGES
from xstilts.names import SOURCE, of_source, stages_of


class Arms(GridSettings):
    """A grid whose names are canonical and contain no `{source}`.

    Args:
        pairs: the intermediates and targets that are combined, if not all are.
        left_out: the names for which a task has no training data in a source, each with the reason.
        written: the names by key of the grid, text in the configuration, and source. A text without `{source}` is
            canonical, and its source is "".
        usual: the targets that are `averaged`.
        of_benchmark: the targets that are `official`.
    """

    pairs: frozenset[tuple[str, str]] | None = None
    left_out: tuple[str, ...] = ()
    written: dict[str, dict[str, dict[str, str]]] = Field({})
    usual: tuple[str, ...] = ()
    of_benchmark: tuple[str, ...] = ()

    @property
    def averaged(self) -> tuple[str, ...]:
        """The targets in means over targets."""
        return self.usual

    @property
    def official(self) -> tuple[str, ...]:
        """The targets in means of a benchmark."""
        return self.of_benchmark

    def has(self, intermediate: str, target: str) -> bool:
        """Whether the target is evaluated after the intermediate."""
        return self.pairs is None or (intermediate, target) in self.pairs


def expanded(config: Config) -> Config:
    """The configuration with the arms of its grid; unchanged if it has them already.

    Raises:
        ConfigError: a name or source is listed twice, a source is not a language, `{source}` occurs without sources
            or sources without `{source}`, or an objective has the name of something else.
    """
    if isinstance(config.grid, Arms):
        return config
    objectives.require_distinct(config)
    config = sequences.written_out(_without_groups(config))
    grid = config.grid
    _require_languages(grid.sources)
    found = {key: _Names(config, key) for key in ("intermediates", "targets")}
    if grid.sources and not any(SOURCE in name for name in (*grid.intermediates, *grid.targets)):
        raise ConfigError("grid.sources", list(grid.sources), f"no intermediate or target contains {SOURCE}")
    pairs = _pairs(found["intermediates"], found["targets"]) if grid.sources else None
    if pairs is not None and not pairs:
        reasons = "; ".join(reason for one in found.values() for reason in one.left_out)
        raise ConfigError("grid.sources", list(grid.sources), f"no combination is left ({reasons})")
    paired = {key: _paired(one, pairs, place) for place, (key, one) in enumerate(found.items())}
    targets = {name: recipes.target(config, name) for name in paired["targets"][0] if _is_known(config, name)}
    arms = Arms(
        **{**dict(grid), **{key: tuple(names) for key, (names, _) in paired.items()}},
        usual=tuple(name for name, one in targets.items() if recipes.is_usual(config, one)),
        of_benchmark=tuple(name for name, one in targets.items() if recipes.is_official(config, one)),
        pairs=pairs,
        written={key: one.written for key, one in found.items()},
        left_out=tuple(reason for key, one in found.items() for reason in (*one.left_out, *paired[key][1])),
    )
    return config.model_copy(update={"grid": arms})


def _without_groups(config: Config) -> Config:
    """The configuration with the languages of groups in place of their names, in its lists of languages."""

    def spelled_out(block: Any, key: str) -> Any:
        groups, languages = config.language_groups, getattr(block, key)
        if not {*groups} & {*(languages or ())}:
            return block
        listed = dict.fromkeys(chain.from_iterable(groups.get(lang, (lang,)) for lang in languages))
        return block.model_copy(update={key: tuple(listed)})

    blocks = {
        "grid": spelled_out(config.grid, "sources"),
        **{
            key: {name: spelled_out(block, "languages") for name, block in getattr(config, key).items()}
            for key in ("targets", "tasks")
        },
    }
    return spelled_out(config.model_copy(update=blocks), "languages") if config.language_groups else config


def _require_languages(sources: tuple[str, ...]) -> None:
    for lang, count in Counter(sources).items():
        if lang not in LANGUAGES:
            raise ConfigError("grid.sources", lang, "unknown language", LANGUAGES)
        if count > 1:
            raise ConfigError("grid.sources", lang, "is listed twice; remove one")


class _Names:
    """The names under a key of the grid, `intermediates` or `targets`.

    Args:
        fixed: canonical names without a source.
        by_source: canonical names with a source, by source.
        texts: what is in the configuration, by canonical name.
    """

    def __init__(self, config: Config, key: str):
        self.fixed: list[str] = []
        self.by_source: dict[str, list[str]] = {source: [] for source in config.grid.sources}
        self.left_out: list[str] = []
        self.all: dict[str, None] = {}
        self.texts: dict[str, list[str]] = {}
        self.written: dict[str, dict[str, str]] = {}
        for text in getattr(config.grid, key):
            if SOURCE in text and not config.grid.sources:
                raise ConfigError(f"grid.{key}", text, f"{SOURCE} stands for the languages of 'grid.sources'; set it")
            for source in config.grid.sources if SOURCE in text else ("",):
                try:
                    name, stages = _FORMS[key](config, of_source(text, source))
                except ValueError as error:
                    raise ConfigError(f"grid.{key}", text, str(error)) from None
                self._add(config, text, source, name, stages)
        self._require_different(key)

    def _require_different(self, key: str) -> None:
        for name, count in Counter(self.fixed).items():
            if count > 1:
                first, *_, last = self.texts[name]
                canonical = "" if name in (first, last) else f", {name!r}"
                problem = "is listed twice" if first == last else f"stands for the same as {first!r}{canonical}"
                raise ConfigError(f"grid.{key}", last, f"{problem}; remove one")

    def _add(self, config: Config, text: str, source: str, name: str, stages: tuple[str, ...]) -> None:
        lacking = next(_lacking(config, stages, source), None) if source else None
        if lacking:
            self.left_out.append(f"{name}: {lacking} has no training data in {source!r}")
            return
        (self.by_source[source] if source else self.fixed).append(name)
        self.all[name] = None
        self.texts.setdefault(name, []).append(text)
        self.written.setdefault(text if source else name, {})[source] = name


def _pairs(intermediates: _Names, targets: _Names) -> frozenset[tuple[str, str]]:
    """The combinations in which a source is the same in both."""
    return frozenset(
        pair
        for source in intermediates.by_source
        for pair in product(
            intermediates.fixed + intermediates.by_source[source], targets.fixed + targets.by_source[source]
        )
    )


def _paired(names: _Names, pairs: frozenset[tuple[str, str]] | None, place: int) -> tuple[list[str], list[str]]:
    """The names that are part of a combination, and the reasons why the others are left out."""
    if not pairs:
        return list(names.all), []
    used, other = {pair[place] for pair in pairs}, ("target", "intermediate")[place]
    alone = [f"{name}: there is no {other} for this source" for name in names.all if name not in used]
    return [name for name in names.all if name in used], alone


def _intermediate(config: Config, text: str) -> tuple[str, tuple[str, ...]]:
    """The canonical name of an intermediate, and its stages."""
    name = recipes.canonical(config, text)
    return name, stages_of(name)


def _target(config: Config, text: str) -> tuple[str, tuple[str, ...]]:
    """The canonical name of a target, and its stages; the text itself for an unknown target, which `checks` rejects."""
    if not _is_known(config, text):
        return text, ()
    found = recipes.target(config, text)
    return found.name, found.stages


def _is_known(config: Config, target: str) -> bool:
    """Whether the task of a target exists."""
    name = recipes.named(config, target).name
    block = config.targets.get(name)
    return ((block and block.task) or name) in tasks.names()


_FORMS = {"intermediates": _intermediate, "targets": _target}


def _lacking(config: Config, stages: tuple[str, ...], source: str) -> Iterator[str]:
    """The tasks of stages that are trained in a source and have no training data in it."""
    for stage in stages:
        for task, languages in recipes.trained(config, stage).items():
            if source in languages and task in tasks.names() and not recipes.has_training(config, task, source):
                yield task
