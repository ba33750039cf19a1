"""How many token ids perturbed text does not share with its original."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from fabricated import World, of_step

from xstilts.features import arrow
from xstilts.grid import Grid
from xstilts.reporting import changed_tokens


def features(*rows: tuple[int, list[int]]) -> pa.Table:
    """Rows of examples with their token ids."""
    examples, ids = zip(*rows, strict=True)
    return pa.table({"example": pa.array(examples, pa.int32()), "input_ids": pa.array(ids, pa.large_list(pa.int32()))})


@pytest.mark.parametrize(
    "perturbed, original, count",
    [
        ([(0, [0, 5, 6, 2])], [(0, [0, 5, 6, 2])], 0),
        ([(0, [0, 5, 7, 2])], [(0, [0, 5, 6, 2])], 1),
        # Another order is no change, a token more is one.
        ([(0, [0, 6, 5, 2])], [(0, [0, 5, 6, 2])], 0),
        ([(0, [0, 5, 5, 2])], [(0, [0, 5, 2])], 1),
        ([(0, [0, 2])], [(0, [0, 5, 6, 2])], 0),
        # Tokens of another example do not count, those of all rows of an example do.
        ([(0, [5]), (1, [6])], [(0, [6]), (1, [5])], 2),
        ([(0, [5]), (0, [6])], [(0, [6]), (0, [5])], 0),
    ],
)
def test_token_ids_count_that_the_original_does_not_have_as_often(perturbed: list, original: list, count: int):
    assert changed_tokens.changed(features(*perturbed), features(*original)) == count


def test_the_count_is_that_of_multisets():
    rng = np.random.default_rng(1)
    one, other = ([(place, rng.integers(0, 9, 12).tolist()) for place in range(20)] for _ in range(2))
    by_hand = sum(
        max(0, row.count(token) - before.count(token))
        for (_, row), (_, before) in zip(one, other, strict=True)
        for token in set(row)
    )
    assert changed_tokens.changed(features(*one), features(*other)) == by_hand


def with_features(world: World, grid: Grid, *steps: str) -> pd.DataFrame:
    """The counts after the token ids of original (`clean`) and perturbed text are stored."""
    for entry in of_step(grid, "encode_task"):
        is_perturbed = bool(entry.about.perturbations)
        if entry.about.role == "evaluate" and ("perturbed" if is_perturbed else "clean") in steps:
            folder = world.store / entry.path
            folder.mkdir(parents=True, exist_ok=True)
            for place, name in enumerate(entry.inputs["data"].splits):
                ids = [0, 5, *[9] * place, 2] if is_perturbed else [0, 5, 2]
                arrow.write(folder / f"{name}.arrow", features((0, ids)))
            world.finish([entry])
    return changed_tokens.counts(world.store, grid).set_index(["encoder", "target", "perturbation", "language"])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def grid(world: World, *targets: str) -> Grid:
    return world.grid(grid={"encoders": ["toy"], "intermediates": ["none"], "targets": list(targets), "seeds": [1]})


def test_each_language_is_compared_with_its_original(world: World):
    found = with_features(world, grid(world, "xnli", "xnli+typos10"), "clean", "perturbed")
    assert found.reset_index().to_numpy().tolist() == [
        ["toy", "xnli+typos10", "typos10", "de", 3, 0],
        ["toy", "xnli+typos10", "typos10", "en", 4, 1],
    ]


def test_counts_are_missing_without_the_token_ids_of_both_texts(world: World):
    assert with_features(world, grid(world, "xnli+typos10"), "perturbed").isna().all(axis=None)
    assert with_features(world, grid(world, "xnli", "xnli+typos20"), "clean").isna().all(axis=None)


def test_the_last_perturbation_of_a_target_is_named(world: World):
    found = with_features(world, grid(world, "xnli", "xnli+mixed_language+typos10"), "clean", "perturbed")
    assert set(found.index.get_level_values("perturbation")) == {"typos10"}


def test_a_grid_without_perturbed_text_has_none(world: World):
    assert with_features(world, grid(world, "xnli"), "clean").empty
