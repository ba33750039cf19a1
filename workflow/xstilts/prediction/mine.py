"""Exact nearest neighbours by cosine, and bitext mining by the ratio margin (Artetxe & Schwenk 2019).

Similarities are float32 and computed in blocks, so that the matrix of all of them is never held; margins of them are
float64, so that rounding makes no ties. Ties go to the lowest row, on every device.
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
        UserError: not as many ids, texts and vectors.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    vectors: np.ndarray

    def __post_init__(self):
        counts = len(self.ids), len(self.texts), len(self.vectors)
        if len(set(counts)) > 1:
            raise UserError("Found {} ids, {} texts and {} vectors; expected as many of each.".format(*counts))


def nearest(queries: np.ndarray, index: np.ndarray, device: str = "cpu", block: int = BLOCK) -> np.ndarray:
    """For each query, the row of `index` with the highest cosine.

    Args:
        queries: float32, (queries, width).
        index: float32, (rows, width).
        device: the torch device that computes.
        block: rows of either side that are compared at once.

    Returns:
        int64, (queries,).

    Raises:
        UserError: an empty side, unequal widths, or a vector that is zero or not finite.
    """
    _, rows = _neighbours(*_on_device(queries, index, device), k=1, block=block)
    return rows[:, 0].cpu().numpy()


def candidates(foreign: Side, english: Side, k: int = 4, device: str = "cpu", block: int = BLOCK) -> list[Candidate]:
    """One-to-one sentence pairs by falling margin score, all above 0.

    The score of a pair is its cosine over the mean cosine of both sentences to their k nearest neighbours in the
    other language. The best neighbour of each sentence, in both directions, makes a pool from which pairs are
    taken greedily. As in XTREME, equal texts of a side are one sentence with the vector of the last; it competes
    for partners, but its pair is left out, since its id would be ambiguous.

    Raises:
        UserError: an empty side, unequal widths, or a vector that is zero or not finite.
    """
    foreign_rows, foreign_ids = _unified(foreign)
    english_rows, english_ids = _unified(english)
    x, y = _on_device(foreign.vectors, english.vectors, device)
    x, y = x[foreign_rows], y[english_rows]
    return [
        (score, foreign_ids[i], english_ids[j])
        for score, i, j in _one_to_one(*_pool(x, y, k, block))
        if score > 0 and foreign_ids[i] is not None and english_ids[j] is not None
    ]


def best_threshold(mined: Sequence[Candidate], gold: Set[tuple[str, str]]) -> float:
    """The score at which cutting candidates, sorted by falling score, gives the best F1 against the gold pairs.

    It lies midway between the last pair taken and the next one, is the score of the last candidate if all are
    best taken, and 0 if no candidate is right. The smallest of equally good sets wins; F1 is rounded as in XTREME,
    which can tell two sets apart that are equally good before rounding.
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
    """The (foreign id, English id) pairs whose score reaches the threshold."""
    return [(foreign, english) for score, foreign, english in mined if score >= threshold]


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall)


def _unified(side: Side) -> tuple[list[int], list[str | None]]:
    """The last row of each distinct text, and its id; None where the text, stripped, occurs more than once."""
    last = {text: row for row, text in enumerate(side.texts)}
    occurrences = Counter(text.strip() for text in side.texts)
    ids = [side.ids[row] if occurrences[text.strip()] == 1 else None for text, row in last.items()]
    return list(last.values()), ids


def _pool(x: Tensor, y: Tensor, k: int, block: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best neighbour of every x, then of every y: margin scores, rows of x, rows of y."""
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
    """Of each row's k neighbours, the highest ratio margin and the neighbour that has it, the nearer on ties."""
    margins = cosines / ((mean[:, None] + other_mean[neighbours]) / 2)
    scores, best = margins.max(dim=1, keepdim=True)
    return scores[:, 0], neighbours.gather(1, best)[:, 0]


def _one_to_one(scores: np.ndarray, x_rows: np.ndarray, y_rows: np.ndarray) -> Iterator[tuple[float, int, int]]:
    """Pairs by falling score, each row of either side at most once; equal scores in the order of the pool."""
    taken_x, taken_y = set(), set()
    order = np.argsort(-scores, kind="stable")
    for score, i, j in zip(scores[order].tolist(), x_rows[order].tolist(), y_rows[order].tolist(), strict=True):
        if i not in taken_x and j not in taken_y:
            taken_x.add(i)
            taken_y.add(j)
            yield score, i, j


def _neighbours(queries: Tensor, index: Tensor, k: int, block: int) -> tuple[Tensor, Tensor]:
    """The k highest inner products of each query, falling, and their rows in `index`; both (queries, k)."""
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
        # torch.max promises the first of equal values; torch.topk promises nothing.
        value, column = products.max(dim=1, keepdim=True)
        values.append(value)
        columns.append(column)
        products.scatter_(1, column, -torch.inf)
    return torch.cat(values, 1), torch.cat(columns, 1)


@contextmanager
def _float32_matmul() -> Iterator[None]:
    """Keeps a GPU from rounding factors to TF32, whatever training has set."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _on_device(x: np.ndarray, y: np.ndarray, device: str) -> tuple[Tensor, Tensor]:
    """Both sides as unit vectors on the device."""
    if not (len(x) and len(y)):
        raise UserError(f"Cannot search {len(y)} sentences for {len(x)} others; expected at least one on either side.")
    if x.shape[1] != y.shape[1]:
        raise UserError(f"Found vectors of width {x.shape[1]} and {y.shape[1]}; expected the same encoder's.")
    return _unit_vectors(x).to(device), _unit_vectors(y).to(device)


def _unit_vectors(vectors: np.ndarray) -> Tensor:
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    bad = np.flatnonzero(~(np.isfinite(norms) & (norms > 0)))
    if len(bad):
        raise UserError(f"{len(bad)} of {len(vectors)} vectors are zero or not finite, the first in row {bad[0]}.")
    return torch.from_numpy((vectors / norms).astype(np.float32, copy=False))
