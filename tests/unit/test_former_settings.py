"""Experiments of earlier releases, whose configurations in the store have `micro_batch` and no precision."""

import json
from pathlib import Path

import pytest
from fabricated import World

from xstilts.config.former import updated
from xstilts.store import weights

PRECISION = {"precision": "fp32"}
NOW = {"training": PRECISION, "encoders": {"toy": {"path": "toy", "retrieval": PRECISION}}}
"""How the release computed, in present settings."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A finished experiment of an earlier release."""
    monkeypatch.chdir(tmp_path)
    made = World(tmp_path)
    made.finish(made.real(**NOW).entries.values())
    written = made.config(**NOW).model_dump(mode="json", exclude_unset=True)
    del written["training"]["precision"], written["encoders"]["toy"]["retrieval"]
    written["encoders"]["rembert"]["micro_batch"] = 8
    (made.store / "experiments" / "mine" / "config.json").write_text(json.dumps(written))
    return made


def test_a_configuration_of_an_earlier_release_computes_in_float32_where_it_sets_no_precision():
    bf16 = {"precision": "bf16", "max_gradient_norm": 2.0}
    earlier = {"training": bf16, "encoders": {"a": {"micro_batch": 8, "retrieval": {"layer": 8}}, "b": {}}}
    encoders = {"a": {"retrieval": {"layer": 8, "precision": "fp32"}}, "b": {"retrieval": {"precision": "fp32"}}}
    assert updated(earlier) == {"training": {"precision": "bf16", "max_grad_norm": 2.0}, "encoders": encoders}
    assert updated({"encoders": {"a": {"micro_batch": 8}}})["training"] == {"precision": "fp32"}


@pytest.mark.parametrize("raw", [{}, {"encoders": {"a": {"retrieval": {"layer": 8}}}}, {"encoders": 1}])
def test_any_other_configuration_keeps_the_present_default(raw: dict):
    assert updated(raw) == raw


@pytest.mark.parametrize("more", [[], ["report.yaml"]])
def test_an_experiment_of_an_earlier_release_is_done(world: World, more: list[str]):
    (world.folder / "report.yaml").write_text("strict: true\n")
    status = world.run("status", world.store / "experiments" / "mine", *more)
    assert status.stderr == ""
    assert "mine: 9 of 9 cells are done" in status.stdout


def test_results_of_an_earlier_release_are_kept_for_it(world: World):
    pruned = world.run("prune", world.store / "experiments" / "mine")
    assert pruned.stdout == f"Everything in {world.store} is used by these configurations.\n"


def test_another_experiment_sees_what_an_earlier_one_needs(world: World):
    ((config, grid),) = weights.others(world.config(experiment="another"))
    assert config.experiment == "mine"
    assert set(grid.entries) == set(world.real(**NOW).entries)
