"""Sentence vectors, and exact mining of translation pairs.

python -m benchmarks mining
"""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from transformers import AutoModel, PreTrainedModel

from benchmarks import baselines, data, ours, report
from benchmarks.clock import by_turns
from benchmarks.data import Setup

FAISS, PRODUCT = "faiss IndexFlatIP, two searches", "the matrix product alone"
ALL_LAYERS, IDEAL = "batches of 32, states of all layers", "forward passes over ready tensors, to the same layer"
WIDTH = 1024
NEIGHBOURS = 4
BLOCK = 8192
THREADS = 2
WORKERS = (0, 4)


def sides(rows: int, width: int = WIDTH) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors of two sides; those with the same number are near each other."""
    rng = np.random.default_rng(0)
    first = rng.standard_normal((rows, width), dtype=np.float32)
    second = first + rng.standard_normal((rows, width), dtype=np.float32)
    return tuple(side / np.linalg.norm(side, axis=1, keepdims=True) for side in (first, second))


def product(x: np.ndarray, y: np.ndarray) -> None:
    """All cosines, block by block in the same memory, and nothing else."""
    left, right = (torch.from_numpy(side).to(ours.device()) for side in (x, y))
    memory = left.new_empty(min(BLOCK, len(left)) * min(BLOCK, len(right)))
    for rows in left.split(BLOCK):
        for columns in right.split(BLOCK):
            size = len(rows), len(columns)
            torch.mm(rows, columns.T, out=memory[: size[0] * size[1]].view(size))


def reference(x: np.ndarray, y: np.ndarray) -> list[tuple[float, int, int]]:
    """The pairs by the ratio margin, with faiss for both searches, as XTREME mines them."""
    import faiss

    faiss.omp_set_num_threads(THREADS)
    found = []
    for queries, index in ((x, y), (y, x)):
        search = faiss.IndexFlatIP(index.shape[1])
        search.add(index)
        cosines, neighbours = search.search(queries, NEIGHBOURS)
        found.append((cosines.astype(np.float64), neighbours))
    (x_cosines, x_rows), (y_cosines, y_rows) = found
    means = x_cosines.mean(1), y_cosines.mean(1)
    margins = (
        x_cosines / ((means[0][:, None] + means[1][x_rows]) / 2),
        y_cosines / ((means[1][:, None] + means[0][y_rows]) / 2),
    )
    rows = np.arange(len(x)), np.arange(len(y))
    best = [one.argmax(1) for one in margins]
    scores = np.concatenate([margins[0][rows[0], best[0]], margins[1][rows[1], best[1]]])
    left = np.concatenate([rows[0], y_rows[rows[1], best[1]]])
    right = np.concatenate([x_rows[rows[0], best[0]], rows[1]])
    pairs, taken = [], (set(), set())
    for number in np.argsort(-scores, kind="stable"):
        one = int(left[number]), int(right[number])
        if one[0] not in taken[0] and one[1] not in taken[1]:
            taken[0].add(one[0])
            taken[1].add(one[1])
            pairs.append((float(scores[number]), *one))
    return pairs


def searches(setup: Setup) -> dict[str, Callable[[], object]]:
    """The ways of mining that are compared; without faiss where it is not installed."""
    x, y = sides(setup.size(50_000, 300))
    other = {FAISS: partial(reference, x, y)} if find_spec("faiss") else {}
    return {report.OURS: partial(ours.mined, x, y), **other, PRODUCT: partial(product, x, y)}


def embeddings(setup: Setup, rows: int) -> dict[str, Callable[[], object]]:
    """The ways of making vectors that are compared."""
    shape = data.TINY if setup.smoke else data.Shape(12, 256, 32_000, 4)
    features = setup.source.unlabelled("tatoeba.test", rows, shape.vocabulary)
    return vectors(data.encoder(shape, setup.folder / "encoder"), features, "fp32")


def vectors(
    encoder: Path, features: pa.Table, precision: str, usual_rows: int | None = None
) -> dict[str, Callable[[], object]]:
    """The ways of making vectors with an encoder.

    Args:
        usual_rows: the number of rows for the usual programs; None for all.
    """
    where, weights = ours.device(), {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    usual = AutoModel.from_pretrained(encoder, dtype=torch.float32).to(where)
    ideal = _cut(AutoModel.from_pretrained(encoder, dtype=weights).to(where))
    ready, few = baselines.ready_rows("classification", features), features.slice(0, usual_rows)
    return {
        report.OURS: partial(ours.embed, ours.encoder_of(encoder, precision), features, precision),
        **{
            f"{ALL_LAYERS}, {workers} workers": partial(baselines.vectors, usual, few, precision, workers=workers)
            for workers in WORKERS
        },
        IDEAL: partial(baselines.stream, ideal, ready),
    }


def _cut(encoder: PreTrainedModel) -> PreTrainedModel:
    """The encoder without the layers above the one that is read."""
    layers = encoder.encoder.layer
    encoder.encoder.layer = layers[: ours.layer_of(len(layers))]
    return encoder


def run(setup: Setup) -> report.Section:
    """Compare vectors and mining."""
    rounds, rows = setup.size(5, 2), setup.size(1500, 40)
    found = report.Section(f"Medians of {rounds} alternating runs, float32.")
    torch.set_num_threads(1)
    spent = by_turns(embeddings(setup, rows), rounds)
    sizes = dict.fromkeys(spent, rows)
    usual = [name for name in spent if name.startswith(ALL_LAYERS)]
    found.tables.append(
        f"Vectors of {rows:,} sentences at the default depth, one thread:\n\n"
        + report.compared(spent, sizes, "sentences")
    )
    found.claims.append(report.better(spent, sizes, usual, "Vectors"))
    torch.set_num_threads(THREADS)
    mining = searches(setup)
    count = setup.size(50_000, 300)
    spent = by_turns(mining, rounds)
    sizes = dict.fromkeys(spent, count)
    text = f"Mining {count:,} x {count:,} vectors of width {WIDTH}, {NEIGHBOURS} neighbours, {THREADS} threads"
    found.tables.append(f"{text}:\n\n{report.compared(spent, sizes, 'sentences')}")
    if FAISS in mining:
        found.claims.append(report.better(spent, sizes, [FAISS], "Mining"))
        found.claims.append(_agreement(mining))
    else:
        found.claims.append("faiss-cpu is not installed: `pip install -r envs/requirements-bench.txt`.")
    return found


def _agreement(mining: dict[str, Callable[[], object]]) -> str:
    """How many pairs are those of the reference."""
    expected = {(left, right) for _, left, right in mining[FAISS]()}
    found = {(int(left), int(right)) for _, left, right in mining[report.OURS]()}
    return f"{len(found & expected):,} of {len(expected):,} pairs are those of faiss; {len(found - expected)} others."
