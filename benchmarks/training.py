"""Training on NLI and question answering, and the overhead of the loop.

python -m benchmarks training
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from benchmarks import baselines, children, data, ours, report
from benchmarks.clock import Blocks, trainings_by_turns
from benchmarks.data import Setup
from benchmarks.ours import Work

PADDED, GROUPED = "Trainer, padded", "Trainer, dynamic padding, grouped by length"
BARE = "bare loop over ready tensors"
TRAINER = "Trainer, dynamic padding"
WORKERS = (0, 4)

Training = Callable[[int, Path], float | None]
"""Takes a number of steps in an empty folder; returns a dev score or None."""


def nli(setup: Setup) -> Work:
    """Classification of pairs in batches of 32."""
    rows = setup.source.nli(setup.table, setup.shape.vocabulary)
    return Work("classification", rows, _encoder(setup, setup.shape), batch=32, micro_batch=32)


def questions(setup: Setup) -> Work:
    """Question answering in batches of 16 windows."""
    rows = setup.source.questions(setup.table, setup.shape.vocabulary)
    return Work("span", rows, _encoder(setup, setup.shape), batch=16, micro_batch=16)


def _encoder(setup: Setup, shape: data.Shape) -> Path:
    folder = setup.folder / f"encoder-{shape.layers}x{shape.width}"
    return folder if folder.is_dir() else data.encoder(shape, folder)


def programs(work: Work, blocks: Blocks) -> dict[str, Callable[[Path], object]]:
    """The trainings that are compared."""
    orders = {PADDED: baselines.shuffled(work, blocks.total), GROUPED: baselines.grouped(work, blocks)}
    trainers = {
        f"{name}, {workers} workers": partial(_trainer, work, blocks.total, order, name == PADDED, workers)
        for name, order in orders.items()
        for workers in WORKERS
    }
    return {
        report.OURS: partial(ours.train, work, blocks.total),
        **trainers,
        BARE: lambda _: baselines.bare(work, blocks.total),
    }


def _trainer(work: Work, steps: int, order: list[int], padded: bool, workers: int, folder: Path) -> None:
    baselines.train(work, steps, folder, order, padded=padded, workers=workers)


def run(setup: Setup) -> report.Section:
    """Compare steps of training, whole trainings, and the loops alone."""
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
    found.tables.append(_whole(setup, found))
    found.tables.append(_overhead(setup, blocks, found))
    return found


def _even(work: Work, blocks: Blocks) -> Work:
    return replace(work, seed=ours.even_seed(work, blocks))


def _compared(setup: Setup, work: Work, blocks: Blocks, found: report.Section, what: str) -> str:
    made = programs(work, blocks)
    spent = trainings_by_turns(
        {name: partial(program, _folder(setup, what, name)) for name, program in made.items()}, blocks
    )
    sizes = dict.fromkeys(spent, blocks.steps * work.batch)
    usual = [name for name in made if name not in (report.OURS, BARE)]
    found.claims.append(report.better(spent, sizes, usual, f"{what} training"))
    return report.compared(spent, sizes, "examples")


def _folder(setup: Setup, *names: str) -> Path:
    return setup.folder / "-".join(names).replace(" ", "_").replace(",", "")


def whole(setup: Setup) -> dict[str, Callable[[], object]]:
    """Trainings from the encoder to an evaluated and saved model; each returns its dev accuracy."""
    steps = setup.size(40, 3)
    work = replace(nli(setup), dev=setup.size(500, 20), learning_rate=1e-3)
    work = replace(work, seed=ours.even_seed(work, Blocks(1, steps - 1, 1)))
    orders = {
        PADDED: baselines.shuffled(work, steps),
        GROUPED: baselines.grouped(work, Blocks(steps // 2, steps - steps // 2, 1)),
    }
    trainers = {
        f"{name}, {workers} workers": partial(
            baselines.train,
            work,
            steps,
            _folder(setup, "whole", name, str(workers)),
            order,
            padded=name == PADDED,
            workers=workers,
            save=True,
        )
        for name, order in orders.items()
        for workers in WORKERS
    }
    return {report.OURS: partial(ours.train, work, steps, _folder(setup, "whole", "ours")), **trainers}


def _whole(setup: Setup, found: report.Section) -> str:
    ended = {name: children.run("training", "whole", name, setup) for name in whole(setup)}
    base = ended[report.OURS].spent.processor
    rows = [
        [name, one.spent.seconds, one.spent.processor, f"{one.spent.processor / base:.2f}", f"{one.value:.1f}"]
        for name, one in ended.items()
    ]
    best = min(row[2] for row in rows[1:]) / base
    found.claims.append(f"**A whole NLI training: {best:.2f} x the better baseline.**")
    head = ["", "seconds", "processor seconds", "time / ours", "dev accuracy"]
    return f"One NLI training of {setup.size(40, 3)} steps in a new process, evaluated and saved:\n\n" + report.table(
        head, rows
    )


def _overhead(setup: Setup, blocks: Blocks, found: report.Section) -> str:
    blocks = Blocks(steps=4 * blocks.steps, rounds=blocks.rounds)
    rows = []
    for name, lengths in (("real lengths", "mnli.train"), ("rows of 8 tokens", "short")):
        table = setup.source.nli(setup.table, data.TINY.vocabulary, lengths)
        work = Work("classification", table, _encoder(setup, data.TINY), batch=32, micro_batch=8)
        made = {
            report.OURS: partial(ours.train, work, blocks.total),
            TRAINER: partial(_trainer, work, blocks.total, _flat(work, blocks.total), False, 0),
            BARE: lambda _, work=work: baselines.bare(work, blocks.total),
        }
        spent = trainings_by_turns(
            {one: partial(program, _folder(setup, name, one)) for one, program in made.items()}, blocks
        )
        medians = {one: report.middle(each).processor / blocks.steps for one, each in spent.items()}
        rows += [[f"{name}: {one}", 1e3 * took, f"{took / medians[BARE]:.2f}"] for one, took in medians.items()]
    shape = data.TINY
    text = (
        f"The loop alone: {shape.layers} layers of width {shape.width}, {shape.vocabulary:,} words, 4 micro-batches of "
        "8 rows a step:"
    )
    found.claims.append(f"**The loop: {rows[0][2]} x a bare loop over ready tensors.**")
    return f"{text}\n\n" + report.table(["", "processor ms / step", "time / bare loop"], rows)


def _flat(work: Work, steps: int) -> list[int]:
    return [row for step in ours.steps(work, steps) for rows in step for row in rows]
