"""The tasks, one small declarative file each. To add a task, add a file here."""

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache

from xstilts.errors import UserError, nearest
from xstilts.task import MASKED_LM, Task


@cache
def names() -> tuple[str, ...]:
    """The names of all tasks, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load(name: str) -> Task:
    """The task with this name.

    Raises:
        UserError: the name is unknown; the message suggests the nearest names.
    """
    if name not in names():
        raise UserError(f"unknown task {name!r}; the tasks are {', '.join(names())}.{nearest(name, names())}")
    return importlib.import_module(f"{__name__}.{name}").TASK


def masked(names: Iterable[str]) -> list[str]:
    """Those of the tasks with these names that are masked language modelling."""
    return [name for name in names if load(name).kind == MASKED_LM]
