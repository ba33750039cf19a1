"""Which of the heads of its parent each task of a stage starts with (`keep_head`)."""

from collections.abc import Iterable

from xstilts.task import MASKED_LM, Task

_LABELLED = ("classification", "tagging")
"""The kinds whose heads have one output for each label."""


def sources(own: Iterable[Task], parents: Iterable[Task]) -> dict[str, str | None]:
    """The task of the parent with whose head each task starts; None for a new head.

    That is the head of the same task, or else the only head that fits. Masked language modelling is left out.

    Args:
        own: the tasks of the stage. A task with an open label set has those of its data.
        parents: the tasks of its parent. A task whose labels are unknown has none, and its head fits no task.

    Raises:
        ValueError: several heads fit a task.
    """
    parents = list(parents)
    return {task.name: _source(task, parents) for task in own if task.kind != MASKED_LM}


def _source(task: Task, parents: list[Task]) -> str | None:
    fitting = [one.name for one in parents if _fits(task, one)]
    if task.name in fitting:
        return task.name
    if len(fitting) > 1:
        raise ValueError(f"task {task.name!r} could start with the head of {' or '.join(fitting)}")
    return fitting[0] if fitting else None


def _fits(task: Task, parent: Task) -> bool:
    if task.kind in _LABELLED and (not task.labels or task.labels != parent.labels):
        return False
    return task.kind == parent.kind
