"""The ordered sequences of stages that `grid.sequences` stands for."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, permutations
from math import perm
from typing import TypeVar

from xstilts import recipes
from xstilts.config import Config, ConfigError, Sequences
from xstilts.names import SOURCE, of_source, path_of

_Item = TypeVar("_Item")

_MOST = 1000
"""The largest number of sequences without a sample."""


def written_out(config: Config) -> Config:
    """The configuration with the sequences after the intermediates of its grid, instead of `grid.sequences`.

    Sequences that are among the intermediates are not repeated, whatever the form of their names.

    Raises:
        ConfigError: a stage is unknown or occurs twice, or there are not as many sequences.
    """
    settings = config.grid.sequences
    if settings is None:
        return config
    _check(config, settings)
    written = {_meaning(config, name) for name in config.grid.intermediates}
    paths = [path_of(stages) for length in _lengths(settings) for stages in _paths(settings, length)]
    more = tuple(path for path in paths if _meaning(config, path) not in written)
    grid = config.grid.model_copy(update={"intermediates": config.grid.intermediates + more, "sequences": None})
    return config.model_copy(update={"grid": grid})


def sample(stages: Sequence[str], length: int, number: int, seed: int) -> list[tuple[str, ...]]:
    """A random sample of the sequences of some stages, without repetition.

    The numbers of sequences that begin with each stage differ by at most 1, and so do those that end with it. A larger
    sample contains a smaller one.

    Args:
        stages: their names, all different. Their order only determines that of the sample.
        length: the number of stages in a sequence, at least 2.
        number: the number of sequences, at most all that there are.
    """
    drawn = iter(_drawn(stages, length, seed))
    found = [next(drawn) for _ in range(number)]
    return sorted(found, key=lambda path: [stages.index(stage) for stage in path])


def _drawn(stages: Sequence[str], length: int, seed: int) -> Iterator[tuple[str, ...]]:
    """All sequences of some stages in a random order.

    In each round, every stage is first once and last once: the last stage follows the first one in a circle, at a
    distance that changes from round to round.
    """
    circle = _shuffled(stages, seed, length)
    distances = _shuffled(range(1, len(circle)), seed, length, "distance")
    used: set[tuple[str, ...]] = set()
    for number in count():
        distance = distances[number % len(distances)]
        for place in _shuffled(range(len(circle)), seed, length, number):
            first, last = circle[place], circle[(place + distance) % len(circle)]
            others = [stage for stage in circle if stage not in (first, last)]
            paths = ((first, *_shuffled(others, seed, first, last, attempt)[: length - 2], last) for attempt in count())
            path = next(path for path in paths if path not in used)
            used.add(path)
            yield path


def _shuffled(items: Iterable[_Item], *seed: object) -> list[_Item]:
    """Items in a random order, which is the same in all versions of Python and does not depend on their order."""
    return sorted(items, key=lambda item: hashlib.sha256(" ".join(map(str, (*seed, item))).encode()).digest())


def _paths(settings: Sequences, length: int) -> Iterable[tuple[str, ...]]:
    if settings.sample is None:
        return permutations(settings.of, length)
    return sample(settings.of, length, settings.sample, settings.seed)


def _lengths(settings: Sequences) -> range:
    """The numbers of stages in a sequence."""
    if settings.length is None:
        return range(len(settings.of), len(settings.of) + 1)
    first, _, last = str(settings.length).partition("..")
    return range(int(first), int(last or first) + 1)


def _check(config: Config, settings: Sequences) -> None:
    known = sorted({*config.stages, *recipes.trainable()})
    meanings: dict[str, str] = {}
    for name in settings.of:
        try:
            stage = recipes.named(config, of_source(name, recipes.ENGLISH)).name
        except ValueError as error:
            raise ConfigError("grid.sequences.of", name, f"{error}; sequences are made of stages") from None
        if stage not in known:
            raise ConfigError("grid.sequences.of", stage, "unknown stage or trainable task", known)
        if (same := meanings.setdefault(_meaning(config, name), name)) != name or settings.of.count(name) > 1:
            problem = "is listed twice" if same == name else f"stands for the same as {same!r}"
            raise ConfigError("grid.sequences.of", name, f"{problem}; remove one")
    _check_numbers(settings)


def _check_numbers(settings: Sequences) -> None:
    lengths, stages = _lengths(settings), len(settings.of)
    if stages < 2:
        raise ConfigError(
            "grid.sequences.of", list(settings.of), "has fewer than two stages, which have no order; add one"
        )
    if not lengths or lengths[0] < 2 or lengths[-1] > stages:
        problem = f"a sequence of these {stages} stages has from 2 to {stages} of them, each at most once"
        raise ConfigError("grid.sequences.length", settings.length, problem)
    for length in lengths:
        number = perm(stages, length)
        if settings.sample is not None and settings.sample > number:
            problem = f"there are only {number:,} sequences of {length} of these {stages} stages"
            raise ConfigError("grid.sequences.sample", settings.sample, problem)
    if settings.sample is None and (number := sum(perm(stages, length) for length in lengths)) > _MOST:
        problem = f"there are {number:,} sequences, more than {_MOST:,}; set the number of those to train"
        raise ConfigError("grid.sequences.sample", None, problem)


def _meaning(config: Config, name: str) -> str:
    """The canonical form of a name; the name itself with `{source}`, or if it has no such form."""
    try:
        return name if SOURCE in name else recipes.canonical(config, name)
    except ValueError:
        return name
