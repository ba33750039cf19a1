"""Trainings from the start of a process to a finished model.

python -m benchmarks whole
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from benchmarks import baselines, children, ours, report, training
from benchmarks.clock import Blocks
from benchmarks.data import Setup


def programs(setup: Setup) -> dict[str, Callable[[], object]]:
    """Trainings from the encoder to an evaluated and saved model; each returns its dev accuracy."""
    steps = setup.size(40, 3)
    work = replace(training.nli(setup), dev=setup.size(500, 20), learning_rate=1e-3)
    work = replace(work, seed=ours.even_seed(work, Blocks(1, steps - 1, 1)))
    orders = {
        training.PADDED: baselines.shuffled(work, steps),
        training.GROUPED: baselines.grouped(work, Blocks(steps // 2, steps - steps // 2, 1)),
    }
    trainers = {
        f"{name}, {workers} workers": partial(
            baselines.train,
            work,
            steps,
            training.folder(setup, "whole", name, str(workers)),
            order,
            padded=name == training.PADDED,
            workers=workers,
            save=True,
        )
        for name, order in orders.items()
        for workers in training.WORKERS
    }
    return {report.OURS: partial(ours.train, work, steps, training.folder(setup, "whole", "ours")), **trainers}


def run(setup: Setup) -> report.Section:
    """Run every program once."""
    ended = {name: children.run("whole", "programs", name, setup) for name in programs(setup)}
    base = ended[report.OURS].spent.processor
    rows = [
        [name, one.spent.seconds, one.spent.processor, f"{one.spent.processor / base:.2f}", f"{one.value:.1f}"]
        for name, one in ended.items()
    ]
    best = min(row[2] for row in rows[1:]) / base
    head = ["", "seconds", "processor seconds", "time / ours", "dev accuracy"]
    text = (
        f"One NLI training of {setup.size(40, 3)} steps from the start of a process to a model that is evaluated on "
        f"{setup.size(500, 20)} rows and saved. The label decides the first token of a row, so that it can be learned."
    )
    return report.Section(
        text, [report.table(head, rows)], [f"**A whole NLI training: {best:.2f} x the better baseline.**"]
    )
