"""Training on NLI and question answering.

python -m benchmarks training
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from benchmarks import baselines, data, ours, report
from benchmarks.clock import Blocks, trainings_by_turns
from benchmarks.data import Setup
from benchmarks.ours import Work

PADDED, GROUPED = "Trainer, padded", "Trainer, dynamic padding, grouped by length"
BARE = "bare loop over ready tensors"
WORKERS = (0, 4)


def nli(setup: Setup) -> Work:
    """Classification of pairs in batches of 32."""
    rows = setup.source.nli(setup.table, setup.shape.vocabulary)
    return Work("classification", rows, encoder(setup, setup.shape), batch=32, micro_batch=32)


def questions(setup: Setup) -> Work:
    """Question answering in batches of 16 windows."""
    rows = setup.source.questions(setup.table, setup.shape.vocabulary)
    return Work("span", rows, encoder(setup, setup.shape), batch=16, micro_batch=16)


def encoder(setup: Setup, shape: data.Shape) -> Path:
    """The folder of an encoder, made once."""
    place = setup.folder / f"encoder-{shape.layers}x{shape.width}"
    return place if place.is_dir() else data.encoder(shape, place)


def programs(work: Work, blocks: Blocks) -> dict[str, Callable[[Path], object]]:
    """The trainings that are compared."""
    orders = {PADDED: baselines.shuffled(work, blocks.total), GROUPED: baselines.grouped(work, blocks)}
    trainers = {
        f"{name}, {workers} workers": partial(trainer, work, blocks.total, order, name == PADDED, workers)
        for name, order in orders.items()
        for workers in WORKERS
    }
    return {
        report.OURS: partial(ours.train, work, blocks.total),
        **trainers,
        BARE: lambda _: baselines.bare(work, blocks.total),
    }


def trainer(work: Work, steps: int, order: list[int], padded: bool, workers: int, place: Path) -> None:
    """Train with the Trainer, without evaluation."""
    baselines.train(work, steps, place, order, padded=padded, workers=workers)


def run(setup: Setup) -> report.Section:
    """Compare steps of training."""
    torch.set_num_threads(1)
    blocks = Blocks(steps=setup.size(10, 2), rounds=setup.size(5, 2))
    shape, found = setup.shape, report.Section("")
    found.text = (
        f"Training, float32, one thread, {shape.layers} layers of width {shape.width}, {shape.vocabulary:,} words, a "
        f"table of {setup.table:,} rows in {data.CHUNKS} chunks. Medians of {blocks.rounds} alternating blocks of "
        f"{blocks.steps} steps. Every program has the same batches, micro-batches and fused AdamW."
    )
    for name, make in (("NLI, 32 rows a step", nli), ("Question answering, 16 windows a step", questions)):
        work = _even(make(setup), blocks)
        found.tables.append(f"{name}:\n\n{_compared(setup, work, blocks, found, name.split(',')[0])}")
    return found


def _even(work: Work, blocks: Blocks) -> Work:
    return replace(work, seed=ours.even_seed(work, blocks))


def _compared(setup: Setup, work: Work, blocks: Blocks, found: report.Section, what: str) -> str:
    made = programs(work, blocks)
    spent = trainings_by_turns(
        {name: partial(program, folder(setup, what, name)) for name, program in made.items()}, blocks
    )
    sizes = dict.fromkeys(spent, blocks.steps * work.batch)
    usual = [name for name in made if name not in (report.OURS, BARE)]
    found.claims.append(report.better(spent, sizes, usual, f"{what} training"))
    return report.compared(spent, sizes, "examples")


def folder(setup: Setup, *names: str) -> Path:
    """A folder for a program, which does not exist yet."""
    return setup.folder / "-".join(names).replace(" ", "_").replace(",", "")
