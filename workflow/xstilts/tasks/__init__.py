"""The tasks, one small declarative file each. To add a task, add a file here, or describe it in the configuration."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache

from xstilts.errors import UserError, nearest
from xstilts.task import MASKED_LM, Task

_declared: dict[str, Task] = {}
"""The tasks that the configuration describes, by name."""


@cache
def shipped() -> tuple[str, ...]:
    """The names of the tasks with a file here, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def names() -> tuple[str, ...]:
    """The names of all tasks, sorted."""
    return tuple(sorted({*shipped(), *_declared}))


def declare(tasks: Iterable[Task]) -> None:
    """Add tasks that a configuration describes.

    Raises:
        UserError: a task differs from one with the same name that another configuration has described.
    """
    for task in tasks:
        if _declared.setdefault(task.name, task) != task:
            raise UserError(
                f"tasks.{task.name}.local: another configuration that is open describes a task {task.name!r} "
                "differently; open one of them at a time (in Python, in a new process), or rename one of the tasks."
            )


@contextmanager
def declared(tasks: Iterable[Task]) -> Iterator[None]:
    """Have exactly these tasks in addition to those with a file, for a time."""
    others = dict(_declared)
    _declared.clear()
    _declared.update({task.name: task for task in tasks})
    try:
        yield
    finally:
        _declared.clear()
        _declared.update(others)


def is_declared(name: str) -> bool:
    """Whether the configuration describes the task with this name."""
    return name in _declared


def load(name: str) -> Task:
    """The task with this name.

    Raises:
        UserError: the name is unknown; the message suggests the nearest names.
    """
    if name in _declared:
        return _declared[name]
    if name not in shipped():
        raise UserError(f"unknown task {name!r}; the tasks are {', '.join(names())}.{nearest(name, names())}")
    return importlib.import_module(f"{__name__}.{name}").TASK


def masked(names: Iterable[str]) -> list[str]:
    """Those of the tasks with these names that are masked language modelling."""
    return [name for name in names if load(name).kind == MASKED_LM]
