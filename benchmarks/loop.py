"""The overhead of the training loop.

python -m benchmarks loop
"""

from functools import partial

import pyarrow as pa
import torch

from benchmarks import baselines, data, ours, report, training
from benchmarks.clock import Blocks, Spent, middle, trainings_by_turns
from benchmarks.data import Setup
from benchmarks.ours import Work

TRAINER = "Trainer, dynamic padding"
ROWS = {"real lengths": "mnli.train", "rows of 8 tokens": "short"}


def run(setup: Setup) -> report.Section:
    """Compare loops whose model computes next to nothing."""
    torch.set_num_threads(1)
    blocks = Blocks(steps=setup.size(40, 2), rounds=setup.size(5, 2))
    shape, rows, claims = data.TINY, [], []
    for name, lengths in ROWS.items():
        table = setup.source.nli(setup.table, shape.vocabulary, lengths)
        spent = _spent(setup, name, _work(table, setup), blocks)
        steps = {one: middle(each).processor / blocks.steps for one, each in spent.items()}
        ratios = {one: took / steps[training.BARE] for one, took in steps.items()}
        rows += [[f"{name}: {one}", 1e3 * took, f"{ratios[one]:.2f}"] for one, took in steps.items()]
        claims.append(f"**The loop, {name}: {ratios[report.OURS]:.2f} x a bare loop over ready tensors.**")
    text = (
        f"{shape.layers} layers of width {shape.width}, {shape.vocabulary:,} words, 4 micro-batches of about 8 rows a "
        f"step, a table of {setup.table:,} rows in {data.CHUNKS} chunks, float32, one thread. Medians of "
        f"{blocks.rounds} alternating blocks of {blocks.steps} steps."
    )
    return report.Section(text, [report.table(["", "processor ms / step", "time / bare loop"], rows)], claims)


def _work(table: pa.Table, setup: Setup) -> Work:
    return Work("classification", table, training.encoder(setup, data.TINY), batch=32, micro_batch=8)


def _spent(setup: Setup, name: str, work: Work, blocks: Blocks) -> dict[str, list[Spent]]:
    # The Trainer gets the rows of the same steps.
    order = [row for step in ours.steps(work, blocks.total) for rows in step for row in rows]
    programs = {
        report.OURS: partial(ours.train, work, blocks.total),
        TRAINER: partial(training.trainer, work, blocks.total, order, False, 0),
        training.BARE: lambda _: baselines.bare(work, blocks.total),
    }
    runs = {one: partial(program, training.folder(setup, name, one)) for one, program in programs.items()}
    return trainings_by_turns(runs, blocks)
