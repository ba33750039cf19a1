"""The interface for the rules: patterns of the entries that are not finished."""

import re
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest

from xstilts.errors import UserError
from xstilts.experiments import SHIPPED
from xstilts.patterns import alternatives
from xstilts.run import Run
from xstilts.store.drafts import publishing

STAGES, SEEDS = ("mnli~0a", "squad_v1~0b", "panx+~0c"), ("seed-1", "seed-2", "seed-10")
ALL = ["/".join(("cells/toy~00", *parts)) for parts in product(STAGES, STAGES, SEEDS)]
LISTS = {
    "one": ALL[:1],
    "all": ALL,
    "every other": ALL[::2],
    "of several depths": ["data/a~1", "data/b~2/c~3", "models/a~1", "models/a~1.json"],
}


@pytest.mark.parametrize("paths", LISTS.values(), ids=LISTS.keys())
def test_a_pattern_is_of_its_paths_and_no_others(paths: list[str]):
    pattern = re.compile(f"(?P<entry>{alternatives(paths)})/manifest.json")
    others = {*ALL, *(path[:-1] for path in ALL), *(f"{path}0" for path in ALL), "cells/toy~00", "data", "data/a~2"}
    for path in {*paths, *others}:
        assert bool(pattern.fullmatch(f"{path}/manifest.json")) == (path in paths)


def test_a_full_grid_has_a_short_pattern():
    assert len(alternatives(ALL)) < len("|".join(ALL)) / 5


def test_the_order_of_paths_is_irrelevant():
    assert alternatives(reversed(ALL)) == alternatives(ALL)


# A run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run with nothing finished but one of two data sets of PAN-X, which have the same name."""
    monkeypatch.chdir(tmp_path)
    stages = {"german": {"tasks": ["panx"], "languages": ["de"]}}
    grid = {"encoders": ["toy"], "intermediates": ["none", "mnli", "german"], "targets": ["panx", "xnli"]}
    raw = {"grid": grid, "stages": stages, "encoders": {"toy": {"path": "toy"}}}
    named_alike = [e for path, e in Run(raw, [SHIPPED]).grid.entries.items() if path.startswith("data/panx.train~")]
    (english,) = (entry for entry in named_alike if "train.en" in entry.spec["files"])
    assert len(named_alike) == 2
    with publishing(tmp_path / "results", english):
        pass
    return Run(raw, [SHIPPED])


@pytest.mark.parametrize("step", ["read_task", "encode_task", "train_stage", "predict", "score", "collect", "tables"])
def test_the_rule_of_a_step_is_offered_what_is_pending_and_nothing_that_is_finished(run: Run, step: str):
    pattern = re.compile(run.waiting_for(step))
    mine = {path for path, entry in run.pending.items() if entry.step == step}
    assert mine
    assert {path for path in run.grid.entries if pattern.fullmatch(path)} == mine


def test_what_an_earlier_version_made_is_no_part_of_the_run(run: Run):
    (path, *_) = (path for path, entry in run.pending.items() if entry.step == "train_stage")
    with pytest.raises(UserError, match="is no longer part of this experiment"):
        run.inputs(SimpleNamespace(entry=re.sub("~[0-9a-f]+", "~0123456789ab", path)), "data")
