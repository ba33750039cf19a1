"""Predictions for the 15 languages of XNLI and the 40 of PAN-X.

python -m benchmarks prediction
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import torch

from benchmarks import baselines, data, ours, report
from benchmarks.clock import by_turns
from benchmarks.data import Setup

PADDED, GROUPED = "batches of 32, file order, padded to 128", "batches of 32, dynamic padding, sorted by length"
IDEAL = "forward passes over ready tensors"
WORKERS = (0, 4)
TASKS = {"XNLI, 15 languages": ("classification", "xnli.test", 15), "PAN-X, 40 languages": ("tagging", "panx.test", 40)}
"""The kind, the split and the number of languages."""


def programs(
    encoder: Path, kind: str, features: pa.Table, precision: str, usual_rows: int | None = None
) -> dict[str, Callable[[], object]]:
    """The predictions that are compared.

    Args:
        usual_rows: the number of rows for the usual programs; None for all.
    """
    where, weights = ours.device(), {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    model = baselines.model_of(kind, encoder).to(where)
    usual = {
        f"{name}, {workers} workers": partial(
            baselines.predict,
            model,
            kind,
            features.slice(0, usual_rows),
            precision,
            padded=name == PADDED,
            workers=workers,
        )
        for name in (PADDED, GROUPED)
        for workers in WORKERS
    }
    ready, ideal = baselines.ready_rows(kind, features), baselines.model_of(kind, encoder, weights).to(where)
    return {
        report.OURS: partial(ours.forward, ours.model_of(kind, encoder, precision), kind, features, precision),
        **usual,
        IDEAL: partial(baselines.stream, ideal, ready),
    }


def made(setup: Setup, rows: int) -> Iterator[tuple[str, dict[str, Callable[[], object]]]]:
    """The programs of each task, with so many rows a language."""
    folder = setup.folder / "encoder"
    if not folder.is_dir():
        data.encoder(setup.shape, folder)
    for name, (kind, split, languages) in TASKS.items():
        features = setup.source.unlabelled(split, rows * languages, setup.shape.vocabulary)
        yield name, programs(folder, kind, features, "fp32")


def xnli(setup: Setup) -> dict[str, Callable[[], object]]:
    """The programs for XNLI."""
    return dict(made(setup, setup.size(200, 2)))["XNLI, 15 languages"]


def run(setup: Setup) -> report.Section:
    """Compare predictions."""
    torch.set_num_threads(1)
    rounds, rows, shape = setup.size(5, 2), setup.size(40, 2), setup.shape
    found = report.Section(
        f"Prediction, float32, one thread, {shape.layers} layers of width {shape.width}, {rows} rows a language. "
        f"Medians of {rounds} alternating runs."
    )
    for name, compared in made(setup, rows):
        spent = by_turns(compared, rounds)
        sizes = dict.fromkeys(spent, rows * TASKS[name][2])
        found.tables.append(f"{name}:\n\n{report.compared(spent, sizes, 'rows')}")
        usual = [one for one in spent if one not in (report.OURS, IDEAL)]
        found.claims.append(report.better(spent, sizes, usual, f"Prediction, {name}"))
    return found
