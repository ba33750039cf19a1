"""Exact nearest neighbours by cosine, and bitext mining by the ratio margin (Artetxe & Schwenk 2019).

Similarities are float32 and computed in blocks, so that the full matrix is never in memory. Margins are float64, so
that rounding causes no ties. Ties are resolved in favour of the lowest row, on every device.
"""

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from xstilts.errors import UserError

BLOCK = 8192
"""Rows of a block: a block of similarities takes 4 * BLOCK^2 bytes, 256 MiB."""

Candidate = tuple[float, str, str]
"""The margin score of a pair, its foreign id and its English id."""


@dataclass(frozen=True)
class Side:
    """The sentences of one language, row by row; `vectors` is float32, (sentences, width).

    Raises:
        UserError: the numbers of ids, texts and vectors differ.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    vectors: np.ndarray

    def __post_init__(self) -> None:
        counts = len(self.ids), len(self.texts), len(self.vectors)
        if len(set(counts)) > 1:
            raise UserError("Found {} ids, {} texts and {} vectors; expected equal numbers.".format(*counts))


def nearest(queries: np.ndarray, index: np.ndarray, device: str = "cpu", block: int = BLOCK) -> np.ndarray:
    """For each query, the row of `index` with the highest cosine.

    Args:
        queries: float32, (queries, width).
        index: float32, (rows, width).
        device: the torch device.
        block: the number of rows of either side that are compared at once.

    Returns:
        int64, (queries,).

    Raises:
        UserError: a side is empty, the widths differ, or a vector is zero or not finite.
    """
    _, rows = _neighbours(*_on_device(queries, index, device), k=1, block=block)
    return rows[:, 0].cpu().numpy()


def candidates(foreign: Side, english: Side, k: int = 4, device: str = "cpu", block: int = BLOCK) -> list[Candidate]:
    """One-to-one sentence pairs with a positive margin score, in descending order.

    The score of a pair is its cosine divided by the mean cosine of both sentences to their k nearest neighbours in the
    other language. The best neighbours of all sentences, in both directions, form a pool from which pairs are chosen
    greedily. As in XTREME, equal texts on one side are one sentence with the vector of the last. It competes for
    partners, but its pair is left out, since its id would be ambiguous.

    Raises:
        UserError: a side is empty, the widths differ, or a vector is zero or not finite.
    """
    foreign_rows, foreign_ids = _unified(foreign)
    english_rows, english_ids = _unified(english)
    x, y = _on_device(foreign.vectors, english.vectors, device)
    x, y = x[foreign_rows], y[english_rows]
    pairs = ((score, foreign_ids[i], english_ids[j]) for score, i, j in _one_to_one(*_pool(x, y, k, block)))
    return [
        (score, foreign_id, english_id)
        for score, foreign_id, english_id in pairs
        if score > 0 and foreign_id is not None and english_id is not None
    ]


def best_threshold(mined: Sequence[Candidate], gold: Set[tuple[str, str]]) -> float:
    """The threshold that maximises the F1 of candidates, sorted by descending score, against the gold pairs.

    It is midway between the last pair above it and the next one; the score of the last candidate if keeping all is
    best; and 0 if no candidate is correct. The smallest set wins in case of ties. F1 is computed with the rounding of
    XTREME, which can break ties that are exact in theory.
    """
    threshold = best = 0.0
    right = 0
    for taken, (score, *pair) in enumerate(mined, start=1):
        right += tuple(pair) in gold
        if right and (f1 := _f1(right / taken, right / len(gold))) > best:
            following = mined[min(taken, len(mined) - 1)][0]
            best, threshold = f1, (score + following) / 2
    return threshold


def above(mined: Sequence[Candidate], threshold: float) -> list[tuple[str, str]]:
    """The pairs (foreign id, English id) with at least this score."""
    return [(foreign, english) for score, foreign, english in mined if score >= threshold]


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall)


def _unified(side: Side) -> tuple[list[int], list[str | None]]:
    """The last row of each distinct text, and its id; None if the stripped text occurs more than once."""
    last = {text: row for row, text in enumerate(side.texts)}
    occurrences = Counter(text.strip() for text in side.texts)
    ids = [side.ids[row] if occurrences[text.strip()] == 1 else None for text, row in last.items()]
    return list(last.values()), ids


def _pool(x: Tensor, y: Tensor, k: int, block: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best neighbour of each x, then of each y: margin scores, rows of x, rows of y."""
    x_cosines, x_neighbours = _neighbours(x, y, k, block)
    y_cosines, y_neighbours = _neighbours(y, x, k, block)
    x_cosines, y_cosines = x_cosines.double(), y_cosines.double()
    x_mean, y_mean = x_cosines.mean(dim=1), y_cosines.mean(dim=1)
    x_scores, x_best = _best_margin(x_cosines, x_neighbours, x_mean, y_mean)
    y_scores, y_best = _best_margin(y_cosines, y_neighbours, y_mean, x_mean)
    x_rows, y_rows = torch.arange(len(x), device=x.device), torch.arange(len(y), device=y.device)
    pool = ((x_scores, y_scores), (x_rows, y_best), (x_best, y_rows))
    scores, rows_of_x, rows_of_y = (torch.cat(part).cpu().numpy() for part in pool)
    return scores, rows_of_x, rows_of_y


def _best_margin(cosines: Tensor, neighbours: Tensor, mean: Tensor, other_mean: Tensor) -> tuple[Tensor, Tensor]:
    """The highest ratio margin among the k neighbours of each row, and the neighbour with it, the nearest on ties."""
    margins = cosines / ((mean[:, None] + other_mean[neighbours]) / 2)
    scores, best = margins.max(dim=1, keepdim=True)
    return scores[:, 0], neighbours.gather(1, best)[:, 0]


def _one_to_one(scores: np.ndarray, x_rows: np.ndarray, y_rows: np.ndarray) -> Iterator[tuple[float, int, int]]:
    """Pairs in descending order of score, each row of either side at most once; ties in the order of the pool."""
    taken_x, taken_y = set(), set()
    order = np.argsort(-scores, kind="stable")
    for score, i, j in zip(scores[order].tolist(), x_rows[order].tolist(), y_rows[order].tolist(), strict=True):
        if i not in taken_x and j not in taken_y:
            taken_x.add(i)
            taken_y.add(j)
            yield score, i, j


def _neighbours(queries: Tensor, index: Tensor, k: int, block: int) -> tuple[Tensor, Tensor]:
    """The k highest inner products of each query, in descending order, and their rows in `index`; both (queries, k)."""
    with _float32_matmul():
        parts = [_neighbours_of_block(part, index, k, block) for part in queries.split(block)]
    products, rows = zip(*parts, strict=True)
    return torch.cat(products), torch.cat(rows)


def _neighbours_of_block(queries: Tensor, index: Tensor, k: int, block: int) -> tuple[Tensor, Tensor]:
    products = queries.new_empty(len(queries), 0)
    rows = torch.empty(len(queries), 0, dtype=torch.int64, device=queries.device)
    for start in range(0, len(index), block):
        new_products, new_rows = _largest(queries @ index[start : start + block].T, k)
        merged, order = torch.cat([products, new_products], 1).sort(dim=1, descending=True, stable=True)
        products = merged[:, :k]
        rows = torch.cat([rows, new_rows + start], 1).gather(1, order[:, :k])
    return products, rows


def _largest(products: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest of each row and their columns; overwrites `products`."""
    values, columns = [], []
    for _ in range(min(k, products.shape[1])):
        # torch.max guarantees the first of equal values; torch.topk does not.
        value, column = products.max(dim=1, keepdim=True)
        values.append(value)
        columns.append(column)
        products.scatter_(1, column, -torch.inf)
    return torch.cat(values, 1), torch.cat(columns, 1)


@contextmanager
def _float32_matmul() -> Iterator[None]:
    """Disable TF32 matrix products on GPUs, whatever training has set."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _on_device(x: np.ndarray, y: np.ndarray, device: str) -> tuple[Tensor, Tensor]:
    """Both sides as unit vectors on the device."""
    if not (len(x) and len(y)):
        raise UserError(f"Found {len(x)} and {len(y)} sentences; expected at least one on either side.")
    if x.shape[1] != y.shape[1]:
        raise UserError(f"Found vectors of width {x.shape[1]} and {y.shape[1]}; expected equal widths.")
    return _unit_vectors(x).to(device), _unit_vectors(y).to(device)


def _unit_vectors(vectors: np.ndarray) -> Tensor:
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    bad = np.flatnonzero(~(np.isfinite(norms) & (norms > 0)))
    if len(bad):
        raise UserError(f"{len(bad)} of {len(vectors)} vectors are zero or not finite; the first is in row {bad[0]}.")
    return torch.from_numpy((vectors / norms).astype(np.float32, copy=False))
