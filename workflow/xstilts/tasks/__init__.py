"""The tasks, one small declarative file each. Adding a task is adding a file here."""

import difflib
import importlib
import pkgutil
from functools import cache

from xstilts.errors import UserError
from xstilts.tasks.base import Task


@cache
def names() -> tuple[str, ...]:
    """The names of all tasks, sorted."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "base"))


def load(name: str) -> Task:
    """The task of that name.

    Raises:
        UserError: there is none; the message has the nearest names.
    """
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UserError(f"unknown task {name!r}; the tasks are {', '.join(names())}.{hint}")
    return importlib.import_module(f"{__name__}.{name}").TASK
