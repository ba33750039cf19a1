"""What a task's data are called and how they may be used."""

import importlib
from dataclasses import dataclass

from xstilts import tasks
from xstilts.config import Config
from xstilts.sources import files
from xstilts.task import Task

LICENCES = {
    "anli": "CC BY-NC 4.0",
    "snli": "CC BY-SA 4.0",
    "mnli": "see its release",
    "qqp": "Quora's terms, non-commercial use only",
    "squad_v1": "CC BY-SA 4.0",
    "squad_v2": "CC BY-SA 4.0",
    "hellaswag": "MIT",
    "ccg": "LDC2005T13",
    "cosmosqa": "CC BY 4.0",
    "commonsenseqa": "MIT",
    "siqa": "not stated",
    "copa": "see its release",
    "xnli": "CC BY-NC 4.0",
    "pawsx": "free, with attribution",
    "udpos": "by treebank",
    "panx": "not stated",
    "xquad": "CC BY-SA 4.0",
    "mlqa": "CC BY-SA 3.0",
    "tydiqa": "Apache 2.0",
    "bucc2018": "not stated",
    "tatoeba": "CC BY 2.0",
}
UNKNOWN = "see its release"


@dataclass(frozen=True)
class DataSet:
    """One data set that a model was trained on.

    Args:
        title: its name and authors.
        source: where it was read from.
        licence: in words.
        repository: its name on the hub, if it was read from there.
    """

    title: str
    source: str
    licence: str
    repository: str | None = None


def data_sets(task: Task, config: Config) -> list[DataSet]:
    """The data sets of a task's training data: one, or those that it pools."""
    return [_data_set(part, config) for part in task.parts]


def _data_set(task: Task, config: Config) -> DataSet:
    if files.source(task, config) == "miniature":
        return DataSet(task.name, "made up by xstilts in the format of its release", "none needed")
    title = (importlib.import_module(f"{tasks.__name__}.{task.name}").__doc__ or task.name).split("\n")[0]
    title, licence = title.partition(":")[0].rstrip("."), LICENCES.get(task.name, UNKNOWN)
    hub = files.on_hub(task, "train", "en") if files.source(task, config) == "hub" else None
    if hub is None:
        return DataSet(title, "the files of its release", licence)
    name, revision = hub.repository.name, hub.repository.revision
    link = f"[{name}](https://huggingface.co/datasets/{name}) at {revision[:7]}"
    return DataSet(title, link, licence, name)
