"""Replaces a number of steps that is given relative to another stage by one that needs no other stage."""

from collections.abc import Mapping
from math import ceil

from xstilts import tasks
from xstilts.config import Stage
from xstilts.config.stages import CountedSteps, Sampling

_MOST = 2**31 - 1
"""The largest number of steps that a setting accepts."""


def resolved(
    stage: Stage,
    trained: Mapping[str, tuple[str, ...]],
    other: Stage,
    its_trained: Mapping[str, tuple[str, ...]],
    times: float,
) -> Stage:
    """A stage with `times` as many steps as another one.

    If the other stage has a number of steps, so has the result. Otherwise it has the epochs of the other stage, and as
    far as they differ its batch size and sampling in `steps`: the rows of both are only known once they are read.

    Args:
        trained: the languages in which the stage trains on its tasks, by task.
        other: the other stage, whose own steps are resolved.
        its_trained: the languages of the other stage.

    Raises:
        ValueError: the number cannot be derived.
    """
    if isinstance(other.steps, int):
        # Without rounding, a factor such as 1.1 would add a step.
        steps = ceil(round(other.steps * times, 6))
        if steps > _MOST:
            raise ValueError(f"{other.steps:,} steps times {times:g} are more than {_MOST:,}; reduce 'times'")
        return stage.model_copy(update={"steps": steps})
    if other.steps is not None:
        raise ValueError("they are relative to those of a third stage; name that one")
    _require_same_rows(stage, trained, other, its_trained)
    sampling = _counting(other)
    counted = CountedSteps(
        times=times,
        batch_size=None if other.batch_size == stage.batch_size else other.batch_size,
        sampling=None if sampling == _counting(stage) else sampling,
    )
    return stage.model_copy(update={"epochs": other.epochs, "steps": None if counted == CountedSteps() else counted})


def _require_same_rows(
    stage: Stage, trained: Mapping[str, tuple[str, ...]], other: Stage, its_trained: Mapping[str, tuple[str, ...]]
) -> None:
    pairs = {
        "tasks": (sorted(trained), sorted(its_trained)),
        "languages": (_languages(trained), _languages(its_trained)),
        "rows": (stage.rows, other.rows),
        "languages_share": (stage.languages_share, other.languages_share),
    }
    for what, (own, its) in pairs.items():
        if own != its:
            raise ValueError(
                f"they follow from epochs over other {what} ({_text(its)}, not {_text(own)}); use the same"
            )


def _languages(trained: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The tasks with their languages, in the form of names."""
    return sorted(f"{task}@{'+'.join(sorted(languages))}" for task, languages in trained.items())


def _text(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else "all" if value is None else str(value)


def _counting(stage: Stage) -> Sampling:
    """What counts of the sampling of a stage for the number of its steps."""
    sampling = stage.sampling
    if tasks.masked(task for task in stage.tasks if task in tasks.names()):
        return sampling.model_copy(update={"schedule": None, "order": (), "overlap": 0.0})
    if sampling.strategy == "capped" and len(stage.tasks) > 1:
        return Sampling(strategy="capped", cap=sampling.cap)
    return Sampling()
