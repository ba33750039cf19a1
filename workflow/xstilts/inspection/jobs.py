"""The jobs of a run: one for each pending entry, but one for all predictions of a model.

A prediction has a job of its own if its data may not become available, since Snakemake starts no job that lacks an
input: files of its task are missing, or the last attempt to read or to encode them failed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from xstilts import batches
from xstilts.batches import Batch
from xstilts.grid import Grid
from xstilts.inspection import progress
from xstilts.inspection.progress import Failure
from xstilts.runtime import termination
from xstilts.steps.entry import Entry

_OF_DATA = ("read_task", "encode_task")


class Jobs:
    """The jobs of the pending entries of a grid.

    Args:
        pending: the pending entries, by path.
        on_node: whether a scheduler has started one of the jobs, so that the inputs of that job are finished.

    Attributes:
        batches: all batches of the grid, by path.
    """

    def __init__(self, grid: Grid, pending: Mapping[str, Entry], on_node: bool = False):
        self._pending = pending
        data = [entry for entry in pending.values() if entry.step in _OF_DATA]
        unsure = data if on_node else [*_failed(data), *filter(missing_files, data)]
        self._unsure = {entry.path for entry in unsure}
        self.batches = batches.of_grid(grid)
        self._predicted = {path: [one for one in self.due(path) if one.path in pending] for path in self.batches}
        self._of_batches = {path: self._job(batch) for path, batch in self.batches.items()}
        self._batch = {one.path: path for path, found in self._predicted.items() for one in found}

    @property
    def all(self) -> list[Entry]:
        """The jobs, as entries."""
        return list({job.path: job for job in map(self.making, self._pending.values())}.values())

    @property
    def of_batches(self) -> Mapping[str, Entry]:
        """The jobs of all batches, as entries, by path, also of those with one pending prediction or none."""
        return self._of_batches

    @property
    def batch(self) -> Mapping[str, str]:
        """The path of the batch of each pending prediction, if its data are sure to be there."""
        return self._batch

    def making(self, entry: Entry) -> Entry:
        """The job that makes a pending entry, as an entry: the entry itself, or its batch if others are made in it."""
        path = self._batch.get(entry.path, "")
        return self._of_batches[path] if len(self._predicted.get(path, ())) > 1 else entry

    def due(self, path: str) -> list[Entry]:
        """The predictions of a batch whose data are sure to be there, finished or not."""
        predictions = self.batches[path].predictions
        return [
            one for one in predictions if not self._unsure & {one.inputs[role].path for role in ("features", "data")}
        ]

    def predictions(self, path: str) -> list[Entry]:
        """The predictions that the job of a batch makes; none if the path is not that of a batch."""
        return self._predicted.get(path, [])

    def is_first(self, entry: Entry) -> bool:
        """Whether the job that makes a pending entry begins with it."""
        job = self.making(entry)
        return job is entry or self._predicted[job.path][0] is entry

    def last(self, failures: Iterable[Failure]) -> list[Failure]:
        """The failures but those of batches whose pending predictions have all failed in jobs of their own since."""
        found = {one.entry.path: one for one in failures}
        return [one for one in found.values() if one.entry.path not in self.batches or self._is_last(one, found)]

    def _is_last(self, failure: Failure, others: Mapping[str, Failure]) -> bool:
        own = [others.get(one.path) for one in self._predicted[failure.entry.path]]
        ended = failure.log.stat().st_mtime
        return any(one is None or one.log.stat().st_mtime < ended for one in own)

    def _job(self, batch: Batch) -> Entry:
        made = self._predicted[batch.path]
        inputs = {f"{role}.{number}": one for number, entry in enumerate(made) for role, one in entry.inputs.items()}
        names = dict.fromkeys(entry.about.name for entry in made or batch.predictions)
        about = replace(batch.predictions[0].about, task=" and ".join(names))
        return Entry("predict", batch.path, {}, inputs, batch.marker, about)


def missing_files(data: Entry) -> list[str]:
    """The splits and languages of a task whose files are missing."""
    return [name for name, files in data.spec.get("files", {}).items() if _is_missing(files)]


def _is_missing(files: dict) -> bool:
    return "missing" in files or any(isinstance(part, dict) and _is_missing(part) for part in files.values())


def _failed(entries: Iterable[Entry]) -> list[Entry]:
    return [one.entry for one in progress.failures(entries) if not termination.is_by_signal(one.cause)]
