"""The jobs of a run: one for each pending entry, but one for all predictions of a model.

A prediction has a job of its own if its data may not become available, since Snakemake starts no job that lacks an
input: files of its task are missing, or the last attempt to read, to perturb or to encode them failed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from xstilts import bundles
from xstilts.bundles import Bundle
from xstilts.grid import Grid
from xstilts.inspection import progress
from xstilts.inspection.progress import Failure
from xstilts.runtime import termination
from xstilts.steps.entry import Entry

_OF_DATA = ("read_task", "perturb_task", "encode_task")


class Jobs:
    """The jobs of the pending entries of a grid.

    Args:
        pending: the pending entries, by path.
        on_node: whether a scheduler has started one of the jobs, so that the inputs of that job are finished.

    Attributes:
        bundles: all bundles of the grid, by path.
        of_bundles: their jobs, as entries, by path, also of those with one pending prediction or none.
        bundle_of: the path of the bundle of each pending prediction whose data are sure to be there.
    """

    def __init__(self, grid: Grid, pending: Mapping[str, Entry], on_node: bool = False):
        self._pending = pending
        data = [entry for entry in pending.values() if entry.step in _OF_DATA]
        unsure = data if on_node else [*_failed(data), *filter(missing_files, data)]
        self._unsure = {entry.path for entry in unsure}
        self.bundles = bundles.of_grid(grid)
        self._made = {path: [one for one in self.due(path) if one.path in pending] for path in self.bundles}
        self.of_bundles = {path: self._job(bundle) for path, bundle in self.bundles.items()}
        self.bundle_of = {one.path: path for path, made in self._made.items() for one in made}

    @property
    def all(self) -> list[Entry]:
        """The jobs, as entries."""
        return list({job.path: job for job in map(self.making, self._pending.values())}.values())

    def making(self, entry: Entry) -> Entry:
        """The job that makes a pending entry, as an entry: the entry itself, or its bundle if others are made in it."""
        path = self.bundle_of.get(entry.path)
        return self.of_bundles[path] if path and len(self._made[path]) > 1 else entry

    def due(self, path: str) -> list[Entry]:
        """The predictions of a bundle whose data are sure to be there, finished or not."""
        return [one for one in self.bundles[path].predictions if self._unsure.isdisjoint(self._data_of(one))]

    def predictions(self, path: str) -> list[Entry]:
        """The predictions that the job of a bundle makes; none if the path is not that of a bundle."""
        return self._made.get(path, [])

    def is_first(self, entry: Entry) -> bool:
        """Whether the job that makes a pending entry begins with it."""
        job = self.making(entry)
        return job is entry or self._made[job.path][0] is entry

    def last(self, failures: Iterable[Failure]) -> list[Failure]:
        """The failures but those of bundles whose pending predictions have all failed in jobs of their own since."""
        found = {one.entry.path: one for one in failures}
        return [one for one in found.values() if one.entry.path not in self.bundles or self._is_last(one, found)]

    def _is_last(self, failure: Failure, others: Mapping[str, Failure]) -> bool:
        own = [others.get(one.path) for one in self._made[failure.entry.path]]
        ended = failure.log.stat().st_mtime
        return any(one is None or one.log.stat().st_mtime < ended for one in own)

    def _data_of(self, entry: Entry) -> Iterator[str]:
        """The pending data that an entry depends on."""
        for one in entry.inputs.values():
            if one.step in _OF_DATA and one.path in self._pending:
                yield one.path
                yield from self._data_of(one)

    def _job(self, bundle: Bundle) -> Entry:
        made = self._made[bundle.path]
        inputs = {f"{role}.{number}": one for number, entry in enumerate(made) for role, one in entry.inputs.items()}
        names = dict.fromkeys(entry.about.name for entry in made or bundle.predictions)
        about = replace(bundle.predictions[0].about, task=" and ".join(names), perturbations=())
        return Entry("predict", bundle.path, {}, inputs, bundle.marker, about)


def missing_files(data: Entry) -> list[str]:
    """The splits and languages of a task whose files are missing."""
    return [name for name, files in data.spec.get("files", {}).items() if _is_missing(files)]


def _is_missing(files: dict) -> bool:
    return "missing" in files or any(isinstance(part, dict) and _is_missing(part) for part in files.values())


def _failed(entries: Iterable[Entry]) -> list[Entry]:
    return [one.entry for one in progress.failures(entries) if not termination.is_by_signal(one.cause)]
