"""Labels that a task takes from its data, such as CCG supertags, of which every treebank has its own set.

Such a task is a tagging task that names no labels. Reading its training data fixes them, and they are kept beside the
data for all that is made from these. A tag that occurs in other data alone cannot be predicted.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from xstilts.task import Task

if TYPE_CHECKING:
    from xstilts.sources.release import Found

FILE = "labels.json"


def are_open(task: Task) -> bool:
    """Whether a task leaves its labels to its data."""
    return task.kind == "tagging" and not task.labels


def listed(task: Task, found: "Found") -> Task:
    """The task with the labels that are listed beside its files, where they are.

    Raises:
        DataError: the list is none.
    """
    return replace(task, labels=found.layout.labels(list(found.paths))) if found.layout.labels else task


def keep(folder: Path, task: Task, train: pa.Table) -> None:
    """Put the labels of training data beside them: those that the task has by now, or all tags, sorted.

    Languages that are read one after the other add up.
    """
    own = task.labels or sorted(pc.unique(pc.list_flatten(train["tags"])).to_pylist())
    known = dict.fromkeys([*_read(folder), *own])
    (folder / FILE).write_text(json.dumps(list(known), indent=0) + "\n", encoding="utf-8")


def of_data(task: Task, folder: Path) -> Task:
    """The task with the labels that lie beside its data, where they do."""
    return replace(task, labels=tuple(_read(folder)) or task.labels)


def of_model(task: Task, folder: Path) -> Task:
    """The task with the labels among which its model chooses, if it has none of its own."""
    if not are_open(task):
        return task
    names = json.loads((folder / "config.json").read_text(encoding="utf-8"))["id2label"]
    return replace(task, labels=tuple(names[str(number)] for number in range(len(names))))


def _read(folder: Path) -> list[str]:
    file = folder / FILE
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
