"""Batches of predictions: those of one model, which one job makes, so that the model is loaded once."""

from dataclasses import dataclass

from xstilts import paths, tasks
from xstilts.fingerprints.spec import fingerprint
from xstilts.grid import Grid
from xstilts.steps.entry import Entry


@dataclass(frozen=True)
class Batch:
    """Several predictions of one model.

    Args:
        path: its folder, relative to the store, which contains nothing but its marker.
        predictions: their entries; those of a kind of task, which need the same head, follow each other.
    """

    path: str
    predictions: tuple[Entry, ...]

    @property
    def marker(self) -> str:
        """The file, relative to the store, by which Snakemake sees that a job has made its predictions."""
        return f"{self.path}/{paths.MANIFEST}"


def of_grid(grid: Grid) -> dict[str, Batch]:
    """The batches of a grid, by path. Predictions that share their model with no others are in none."""
    together: dict[str, list[Entry]] = {}
    for entry in grid.entries.values():
        if entry.step == "predict":
            together.setdefault(paths.batch(entry.path), []).append(entry)
    batches = [_batch(place, entries) for place, entries in together.items() if len(entries) > 1]
    return {batch.path: batch for batch in batches}


def _batch(place: str, entries: list[Entry]) -> Batch:
    names = sorted(entry.path for entry in entries)
    by_kind = sorted(entries, key=lambda entry: tasks.load(entry.about.task).kind)
    return Batch(place.format(fingerprint({"predictions": names})), tuple(by_kind))
