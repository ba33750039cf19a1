"""What jobs have noted about perturbed text."""

from pathlib import Path

import pandas as pd
import pytest
from fabricated import World, of_step

from xstilts.grid import Grid
from xstilts.reporting import changed_text


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def grid(world: World, *targets: str, **blocks: dict) -> Grid:
    own = {"encoders": ["toy"], "intermediates": ["none", "mnli"], "targets": list(targets), "seeds": [1, 2]}
    return world.grid(grid=own, **blocks)


def noted(world: World, found: Grid, *perturbations: str) -> pd.DataFrame:
    """The counts after the jobs of some perturbations, of which the languages have different numbers of words."""
    for entry in of_step(found, "perturb_task"):
        if entry.spec["perturbation"] in perturbations:
            note = {"rows": 8, "changed_rows": 6, "read_from": ["file"]}
            notes = {f"test.{lang}": {**note, "words": 10 * place} for place, lang in enumerate(("de", "en"), 1)}
            world.finish([entry], **notes)
    return changed_text.counts(world.store, found).set_index(["target", "perturbation", "language"])


def test_counts_are_those_of_each_language(world: World):
    found = noted(world, grid(world, "xnli", "xnli+typos10"), "typos10")
    assert set(found.index) == {("xnli+typos10", "typos10", lang) for lang in ("de", "en")}
    assert found["words"].to_dict() == {key: 10 if "de" in key else 20 for key in found.index}
    assert found.loc[("xnli+typos10", "typos10", "en"), ["rows", "changed_rows"]].to_list() == [8, 6]
    assert found["moved_words"].isna().all()


def test_each_perturbation_of_a_target_has_rows(world: World):
    found = noted(world, grid(world, "xnli+mixed_language+typos10"), "typos10", "mixed_language")
    names = list(dict.fromkeys(perturbation for _, perturbation, _ in found.index))
    assert names == ["mixed_language", "typos10"]


def test_text_that_targets_share_is_listed_once(world: World):
    blocks = {"robust": {"task": "xnli", "stage": "mnli@de"}}
    found = noted(world, grid(world, "xnli+typos10", "robust+typos10", targets=blocks), "typos10")
    assert {target for target, _, _ in found.index} == {"xnli+typos10"}


def test_counts_that_are_not_stored_are_missing(world: World):
    found = noted(world, grid(world, "xnli+typos10", "xnli+word_order"), "word_order")
    assert found.loc["xnli+typos10", "rows"].isna().all()
    assert found.loc["xnli+word_order", "rows"].to_list() == [8, 8]


def test_a_grid_without_perturbed_text_has_none(world: World):
    assert noted(world, grid(world, "xnli", "tatoeba")).empty
