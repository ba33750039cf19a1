"""The training examples of a task that a stage uses."""

from pathlib import Path

from xstilts import tasks
from xstilts.config import Stage
from xstilts.names import languages_of, names_of
from xstilts.steps.entry import Entry
from xstilts.store.entries import noted
from xstilts.task import MASKED_LM


def are_shared(stage: Stage, data: Entry) -> bool:
    """Whether the languages of a task share its examples, so that each is used in one of them."""
    return stage.languages_share == "split" and tasks.load(data.about.task).kind != MASKED_LM


def used(store: Path, data: Entry, stage: Stage) -> int:
    """The number of examples, in all languages together, of data that are read."""
    names, shared = names_of(data.spec["files"], "train"), are_shared(stage, data)
    if stage.rows:
        return stage.rows if shared else stage.rows * len(names)
    if shared and tasks.load(data.about.task).aligned:
        return _distinct(store, data)
    return sum(noted(store, data.path, name, "rows")["rows"] for name in names)


def _distinct(store: Path, data: Entry) -> int:
    """The number of training examples that differ in more than their language."""
    import pyarrow.parquet as pq

    from xstilts.sources.columns import file_name

    files = [store / data.path / file_name("train", lang) for lang in languages_of(data.spec["files"], "train")]
    return len({one for file in files for one in pq.read_table(file, columns=["id"])["id"].to_pylist()})
