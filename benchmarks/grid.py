"""The work of the paper's grid, and of the same cells without shared models, counted from the graph.

python -m benchmarks grid
"""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import report
from benchmarks.data import Setup
from xstilts import experiments, grid
from xstilts.inspection import workload
from xstilts.inspection.workload import Work
from xstilts.steps.entry import Entry


def run(_: Setup) -> report.Section:
    """Count the optimiser steps and forward passes."""
    experiment = experiments.load()
    cells = experiment.grid.cells
    chains = [list(_needed(cell)) for cell in cells]
    distinct = {entry.path: entry for chain in chains for entry in chain}.values()
    store = Path(experiment.store, "absent")
    work = {entry.path: _work(store, entry) for entry in distinct}
    unknown = sorted({entry.about.name for entry in distinct if work[entry.path] is None})
    separate = [entry for chain in chains for entry in chain]
    rows = [
        [name, *_counted(entries, work), f"{_ratio(entries, distinct, work):.2f}"]
        for name, entries in (("shared, as here", distinct), ("each cell by itself", separate))
    ]
    head = ["", "trainings", "optimiser steps", "forward passes of training", "of prediction", "steps / shared"]
    found = report.Section(
        f"The {len(cells)} cells of `config.yaml`, by the published numbers of rows:", of_lengths=False
    )
    found.tables.append(report.table(head, rows))
    if unknown:
        found.claims.append(f"Without what is unknown before the data are read: {', '.join(unknown)}.")
    found.claims.append("A question with a long context has several rows; these are counted once, as lower bounds.")
    return found


def _needed(cell: grid.Cell) -> Iterable[Entry]:
    """The predictions of a cell, and all trainings before them."""
    yield cell.predictions
    model = cell.predictions.inputs.get("model")
    while model is not None and model.step == "train_stage":
        yield model
        model = model.inputs.get("parent")


def _work(store: Path, entry: Entry) -> Work | None:
    of: Callable = workload.of_training if entry.step == "train_stage" else workload.of_prediction
    return of(store, entry)


def _counted(entries: Iterable[Entry], work: dict[str, Work | None]) -> list[int]:
    total: Counter[str] = Counter()
    for entry in entries:
        one = work[entry.path]
        total["trainings"] += entry.step == "train_stage"
        if one:
            total["steps"] += one.steps
            total[entry.step] += one.examples
    return [total[name] for name in ("trainings", "steps", "train_stage", "predict")]


def _ratio(entries: Iterable[Entry], shared: Iterable[Entry], work: dict[str, Work | None]) -> float:
    return _counted(entries, work)[1] / _counted(shared, work)[1]
