"""One pass over the products finds the neighbours of both directions that two searches find, ties included."""

import numpy as np
import pytest
import torch
from torch import Tensor

from xstilts.prediction import mine
from xstilts.prediction.mine import Selection, Side, candidates, nearest


def two_searches(queries: Tensor, index: Tensor, k: int, block: int) -> tuple[Tensor, Tensor]:
    """The k highest products of each query, the lowest rows first on ties: k times the highest of each block."""
    products = queries.new_empty(len(queries), 0)
    rows = torch.empty(len(queries), 0, dtype=torch.int64)
    for start in range(0, len(index), block):
        found, columns, part = [], [], queries @ index[start : start + block].T
        for _ in range(min(k, part.shape[1])):
            value, column = part.max(dim=1, keepdim=True)
            found.append(value)
            columns.append(column + start)
            part.scatter_(1, column, -torch.inf)
        merged, order = torch.cat([products, *found], 1).sort(dim=1, descending=True, stable=True)
        products, rows = merged[:, :k], torch.cat([rows, *columns], 1).gather(1, order[:, :k])
    return products, rows


def whole_numbers(rows: int, kind: str, seed: int) -> Tensor:
    """Vectors of small whole numbers, whose products are exact, whatever the order in which they are summed."""
    chance = np.random.default_rng(seed)
    highest = {"random": 1000, "tied": 2, "equal": 1, "duplicates": 1000}[kind]
    numbers = chance.integers(-highest, highest + 1, (rows, 5))
    if kind == "equal":
        numbers[:] = 1
    if kind == "duplicates":
        numbers = numbers[chance.integers(0, max(1, rows // 3), rows)]
    return torch.from_numpy(numbers.astype(np.float32))


def units(vectors: Tensor) -> mine._UnitVectors:
    """The vectors as they are."""
    return mine._UnitVectors(vectors, torch.arange(len(vectors)), torch.ones(len(vectors)))


@pytest.mark.parametrize("kind", ["random", "tied", "equal", "duplicates"])
@pytest.mark.parametrize(
    ("rows", "others", "block"), [(1, 1, 1), (2, 3, 1), (3, 40, 7), (33, 17, 16), (40, 50, 7), (40, 50, 1000)]
)
@pytest.mark.parametrize("k", [1, 4, 20])
def test_both_directions_are_those_of_two_searches(monkeypatch, kind, rows, others, block, k):
    monkeypatch.setattr(mine, "_TIED_ROWS", 5)
    x, y = whole_numbers(rows, kind, 1), whole_numbers(others, kind, 2)
    of_x, of_y = mine._neighbours(units(x), units(y), k, block)
    for best, expected in ((of_x, two_searches(x, y, k, block)), (of_y, two_searches(y, x, k, block))):
        assert torch.equal(best.products, expected[0])
        assert torch.equal(best.rows, expected[1])


@pytest.mark.parametrize("block", [5, 64, 1000])
def test_the_neighbours_of_unit_vectors_are_those_of_two_searches(block):
    x, y = (np.random.default_rng(seed).normal(0.3, 1, (200, 48)).astype(np.float32) for seed in (1, 2))
    unit_x, unit_y = (torch.from_numpy(side / np.sqrt(np.einsum("ij,ij->i", side, side))[:, None]) for side in (x, y))
    of_x, of_y = mine._neighbours(*mine._on_device(x, y, "cpu"), 4, block)
    for best, (products, rows) in (
        (of_x, two_searches(unit_x, unit_y, 4, block)),
        (of_y, two_searches(unit_y, unit_x, 4, block)),
    ):
        torch.testing.assert_close(best.products, products, rtol=0, atol=2e-7)
        assert torch.equal(best.rows, rows)


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
@pytest.mark.parametrize("block", [4, 1000])
def test_sentences_may_be_rows_of_one_array_in_any_order_and_more_than_once(device, block, monkeypatch):
    monkeypatch.setattr(mine, "BLOCK", 8)
    vectors = np.random.default_rng(0).normal(0.7, 1, (60, 6)).astype(np.float32)
    before = vectors.copy()
    chance = np.random.default_rng(1)
    rows, others = chance.integers(0, 60, 30), chance.permutation(60)[:25]
    selected = [Selection(vectors, rows), Selection(vectors, others)]
    copied = [vectors[rows], vectors[others]]
    assert nearest(*selected, device, block).tolist() == nearest(*copied, "cpu", block).tolist()
    names = [[f"{side} {number}" for number in range(count)] for side, count in (("de", 30), ("en", 25))]
    sides, expected = (
        [Side(texts, texts, part) for texts, part in zip(names, parts, strict=True)] for parts in (selected, copied)
    )
    assert candidates(*sides, device=device, block=block) == candidates(*expected, block=block)
    assert np.array_equal(vectors, before), "the vectors of other sides are in the same array"


def test_products_of_all_blocks_are_in_the_same_memory(monkeypatch):
    memory, multiply = set(), torch.mm

    def spied(*factors: Tensor, out: Tensor) -> Tensor:
        memory.add(out.data_ptr())
        return multiply(*factors, out=out)

    monkeypatch.setattr(torch, "mm", spied)
    x, y = units(whole_numbers(40, "random", 1)), units(whole_numbers(50, "random", 2))
    mine._neighbours(x, y, 4, block=16)
    assert len(memory) == 1
