"""Exact nearest neighbours by cosine, and bitext mining by the ratio margin (Artetxe & Schwenk 2019).

Similarities are float32 and computed in blocks, so that the full matrix is never in memory. Each block is computed once
and searched in both directions. Margins are float64, so that rounding causes no ties. Ties are resolved in favour of
the lowest row, on every device.
"""

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from xstilts.errors import UserError
from xstilts.models.precision import exact_float32_matmul

BLOCK = 8192
"""Rows of a block: a block of similarities takes 4 * BLOCK^2 bytes, 256 MiB."""

_TIED_ROWS = 1024
"""Rows with ties that are copied at once."""

Candidate = tuple[float, str, str]
"""The margin score of a pair, its foreign id and its English id."""


class Selection(NamedTuple):
    """The vectors of sentences: those in some rows of an array, float32, (any number, width)."""

    vectors: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, vectors: "np.ndarray | Selection") -> "Selection":
        """The selection itself, or that of all rows of an array, in order."""
        return vectors if isinstance(vectors, Selection) else cls(vectors, np.arange(len(vectors)))


@dataclass(frozen=True)
class Side:
    """The sentences of one language.

    Args:
        vectors: float32, (sentences, width), in the order of the ids; or a selection in this order.

    Raises:
        UserError: the numbers of ids, texts and vectors differ.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    vectors: np.ndarray | Selection

    def __post_init__(self) -> None:
        counts = len(self.ids), len(self.texts), len(Selection.of(self.vectors).rows)
        if len(set(counts)) > 1:
            raise UserError("Found {} ids, {} texts and {} vectors; expected equal numbers.".format(*counts))


def nearest(
    queries: np.ndarray | Selection, index: np.ndarray | Selection, device: str = "cpu", block: int = BLOCK
) -> np.ndarray:
    """For each query, the row of `index` with the highest cosine.

    Args:
        queries: float32, (queries, width), or a selection.
        index: float32, (rows, width), or a selection.
        device: the torch device.
        block: the number of rows of either side that are compared at once.

    Returns:
        int64, (queries,).

    Raises:
        UserError: a side is empty, the widths differ, or a vector is zero or not finite.
    """
    x, y = _on_device(queries, index, device)
    best = _Best(len(x), 1, x.vectors)
    for products, query, row in _blocks(x, y, block):
        best.update(products, query, row)
    return best.rows[:, 0].cpu().numpy()


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
    pool = _pool(x.select(foreign_rows), y.select(english_rows), k, block)
    pairs = ((score, foreign_ids[i], english_ids[j]) for score, i, j in _one_to_one(*pool))
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


def _pool(x: "_UnitVectors", y: "_UnitVectors", k: int, block: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best neighbour of each x, then of each y: margin scores, rows of x, rows of y."""
    of_x, of_y = _neighbours(x, y, k, block)
    x_cosines, y_cosines = of_x.products.double(), of_y.products.double()
    x_mean, y_mean = x_cosines.mean(dim=1), y_cosines.mean(dim=1)
    x_scores, x_best = _best_margin(x_cosines, of_x.rows, x_mean, y_mean)
    y_scores, y_best = _best_margin(y_cosines, of_y.rows, y_mean, x_mean)
    x_rows, y_rows = (torch.arange(len(scores), device=scores.device) for scores in (x_scores, y_scores))
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


class _UnitVectors:
    """Unit vectors on a device, made block by block, so that the vectors are not copied as a whole.

    Args:
        vectors: float32, (any number, width).
        rows: the rows of the sentences in `vectors`, (sentences,).
        norms: the norms of these rows, (sentences,).
    """

    def __init__(self, vectors: Tensor, rows: Tensor, norms: Tensor):
        self.vectors, self.rows, self.norms = vectors, rows, norms

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, sentences: Sequence[int]) -> "_UnitVectors":
        """Some of the sentences."""
        chosen = torch.as_tensor(sentences, device=self.rows.device)
        return _UnitVectors(self.vectors, self.rows[chosen], self.norms[chosen])

    def memory(self, block: int) -> Tensor:
        """The memory of a block."""
        return self.vectors.new_empty(min(block, len(self)), self.vectors.shape[1])

    def block(self, start: int, memory: Tensor) -> Tensor:
        """The unit vectors from `start` on, as many as there is memory for."""
        rows, norms = (part[start : start + len(memory)] for part in (self.rows, self.norms))
        return torch.index_select(self.vectors, 0, rows, out=memory[: len(rows)]).div_(norms[:, None])


class _Best:
    """The k highest inner products of each query seen so far, in descending order, and their rows in the index."""

    def __init__(self, queries: int, k: int, like: Tensor):
        self.products = like.new_full((queries, k), -torch.inf)
        self.rows = torch.zeros(queries, k, dtype=torch.int64, device=like.device)

    def update(self, products: Tensor, query: int, row: int) -> None:
        """Take a block of products into account, whose first product is that of this query and this row of the index.

        Blocks of the same queries must come in ascending order of the rows.
        """
        seen = self.products[query : query + len(products)]
        better = (products.amax(dim=1) > seen[:, -1]).nonzero()[:, 0]
        if 2 * len(better) > len(products):
            # Searching all rows is faster than copying most of them.
            better = torch.arange(len(products), device=products.device)
        else:
            products = products[better]
        new_products, new_rows = _largest(products, self.products.shape[1])
        better += query
        merged, order = torch.cat([self.products[better], new_products], 1).sort(dim=1, descending=True, stable=True)
        rows = torch.cat([self.rows[better], new_rows + row], 1).gather(1, order)
        self.products[better], self.rows[better] = (part[:, : self.products.shape[1]] for part in (merged, rows))


def _blocks(x: _UnitVectors, y: _UnitVectors, block: int) -> Iterator[tuple[Tensor, int, int]]:
    """The products of each x with each y, block by block in the same memory, and the first x and y of each block."""
    x_memory, y_memory = x.memory(block), y.memory(block)
    memory = x.vectors.new_empty(len(x_memory) * len(y_memory))
    for first in range(0, len(x), block):
        x_block = x.block(first, x_memory)
        for second in range(0, len(y), block):
            y_block = y.block(second, y_memory)
            with exact_float32_matmul():
                products = torch.mm(x_block, y_block.T, out=_matrix(memory, len(x_block), len(y_block)))
            yield products, first, second


def _neighbours(x: _UnitVectors, y: _UnitVectors, k: int, block: int) -> tuple[_Best, _Best]:
    """The k nearest y of each x, and the k nearest x of each y."""
    of_x, of_y = _Best(len(x), min(k, len(y)), x.vectors), _Best(len(y), min(k, len(x)), x.vectors)
    memory = x.vectors.new_empty(min(block, len(x)) * min(block, len(y)))
    for products, first, second in _blocks(x, y, block):
        of_x.update(products, first, second)
        # Searching the columns of a matrix takes longer than transposing it.
        transposed = _matrix(memory, *products.T.shape).copy_(products.T)
        of_y.update(transposed, second, first)
    return of_x, of_y


def _largest(products: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest of each row and their columns, in descending order, the lowest columns first on ties."""
    columns = products.shape[1]
    values, found = products.topk(min(k + 1, columns), dim=1)
    tied = (values[:, 1:] == values[:, :-1]).any(dim=1).nonzero()[:, 0]
    values, found = values[:, :k], found[:, :k]
    # The order of equal values in torch.topk is undefined.
    for rows in tied.split(_TIED_ROWS):
        values[rows], found[rows] = _first_largest(products[rows], values.shape[1])
    return values, found


def _first_largest(products: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The same, by one search for each of the k; overwrites `products`."""
    values, columns = [], []
    for _ in range(k):
        # torch.max guarantees the first of equal values.
        value, column = products.max(dim=1, keepdim=True)
        values.append(value)
        columns.append(column)
        products.scatter_(1, column, -torch.inf)
    return torch.cat(values, 1), torch.cat(columns, 1)


def _matrix(memory: Tensor, rows: int, columns: int) -> Tensor:
    """The beginning of some memory as a matrix."""
    return memory[: rows * columns].view(rows, columns)


def _on_device(x: np.ndarray | Selection, y: np.ndarray | Selection, device: str) -> tuple[_UnitVectors, _UnitVectors]:
    """Both sides as unit vectors on the device."""
    x, y = Selection.of(x), Selection.of(y)
    if not (len(x.rows) and len(y.rows)):
        raise UserError(f"Found {len(x.rows)} and {len(y.rows)} sentences; expected at least one on either side.")
    if x.vectors.shape[1] != y.vectors.shape[1]:
        widths = f"{x.vectors.shape[1]} and {y.vectors.shape[1]}"
        raise UserError(f"Found vectors of width {widths}; expected equal widths.")
    return _unit_vectors(x, torch.device(device)), _unit_vectors(y, torch.device(device))


def _unit_vectors(side: Selection, device: torch.device) -> _UnitVectors:
    vectors, rows = torch.from_numpy(side.vectors), torch.from_numpy(side.rows)
    norms = torch.cat([_norms(vectors[part]) for part in rows.split(BLOCK)])
    if len(bad := (~(norms.isfinite() & (norms > 0))).nonzero()):
        raise UserError(f"{len(bad)} of {len(rows)} vectors are zero or not finite; the first is in row {int(bad[0])}.")
    if device != vectors.device:
        moved = vectors.new_empty(len(rows), vectors.shape[1], device=device)
        for there, part in zip(moved.split(BLOCK), rows.split(BLOCK), strict=True):
            there.copy_(vectors[part])
        vectors, rows = moved, torch.arange(len(rows), device=device)
    return _UnitVectors(vectors, rows, norms.to(device))


def _norms(vectors: Tensor) -> Tensor:
    """The norm of each vector."""
    return torch.from_numpy(np.sqrt(np.einsum("ij,ij->i", vectors.numpy(), vectors.numpy())))
