"""Bundles: the predictions of one model, which one job makes, so that the model is loaded once."""

from dataclasses import dataclass

from xstilts import paths, tasks
from xstilts.fingerprints.spec import fingerprint
from xstilts.grid import Grid
from xstilts.steps.entry import Entry


@dataclass(frozen=True)
class Bundle:
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


def of_grid(grid: Grid) -> dict[str, Bundle]:
    """The bundles of a grid, by path. Predictions that share their model with no others are in none."""
    together: dict[str, list[Entry]] = {}
    for entry in grid.entries.values():
        if entry.step == "predict":
            together.setdefault(paths.bundle(_model(entry)), []).append(entry)
    bundles = [_bundle(place, entries) for place, entries in together.items() if len(entries) > 1]
    return {bundle.path: bundle for bundle in bundles}


def _model(predictions: Entry) -> str:
    """The model that predicts: its path, or the name of an encoder without training."""
    model, about = predictions.inputs.get("model"), predictions.about
    return model.path if model else paths.named(about.encoder, about.origin)


def _bundle(place: str, entries: list[Entry]) -> Bundle:
    names = sorted(entry.path for entry in entries)
    by_kind = sorted(entries, key=lambda entry: tasks.load(entry.about.task).kind)
    return Bundle(place.format(fingerprint({"predictions": names})), tuple(by_kind))
