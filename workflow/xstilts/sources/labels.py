"""Open label sets, which a task takes from its data, such as the CCG supertags of a treebank.

A tagging task without labels has an open label set. It is fixed when the training data is read, and stored beside the
data for all later steps. A tag that occurs only in other splits cannot be predicted.
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
    """Whether a task takes its labels from its data."""
    return task.kind == "tagging" and not task.labels


def listed(task: Task, found: "Found") -> Task:
    """The task with the labels that its source files list; unchanged if they list none.

    Raises:
        DataError: the list is malformed.
    """
    return replace(task, labels=found.layout.labels(list(found.paths))) if found.layout.labels else task


def keep(folder: Path, task: Task, train: pa.Table) -> None:
    """Add the labels of the training data to the file beside it: those of the task, else all tags, sorted.

    Labels of languages that were read before are kept.
    """
    own = task.labels or sorted(pc.unique(pc.list_flatten(train["tags"])).to_pylist())
    known = dict.fromkeys([*_read(folder), *own])
    (folder / FILE).write_text(json.dumps(list(known), indent=0) + "\n", encoding="utf-8")


def of_data(task: Task, folder: Path) -> Task:
    """The task with the labels that are stored beside its data; unchanged if none are."""
    return replace(task, labels=tuple(_read(folder)) or task.labels)


def of_model(task: Task, folder: Path) -> Task:
    """The task with the labels of its model's head, if its label set is open."""
    if not are_open(task):
        return task
    names = json.loads((folder / "config.json").read_text(encoding="utf-8"))["id2label"]
    return replace(task, labels=tuple(names[str(number)] for number in range(len(names))))


def _read(folder: Path) -> list[str]:
    file = folder / FILE
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
