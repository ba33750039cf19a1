"""A new or renamed setting with its neutral value renames no result."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal, NamedTuple

import pandas as pd
import pytest
import yaml
from fabricated import ROWS, World
from grids import Words, assert_names_follow, changed, without_fingerprints
from recipes import with_name, with_setting
from snakemake.utils import update_config

from xstilts.config import ConfigError, Positive, parse
from xstilts.config.settings import InSpecs, Settings
from xstilts.grid import Grid
from xstilts.inspection import workload
from xstilts.inspection.state import State
from xstilts.jobs import train_stage
from xstilts.publication import card
from xstilts.steps.entry import Entry

RAW = {
    "languages": ["en", "de"],
    "grid": {
        "encoders": ["toy"],
        "intermediates": ["none", "mixed", "squad_v1/mnli"],
        "targets": ["xnli", "pawsx", "xquad", "tatoeba"],
    },
    "encoders": {"toy": {"path": "toy"}},
    "stages": {"mixed": {"tasks": ["hellaswag", "mnli"]}},
}


class Adapter(Settings):
    """A block that is added; that its layers were scaled by 1 came later."""

    size: int = 8
    scale: Annotated[float, InSpecs(neutral=1)] = 1.0


class Noise(Settings):
    """A block that is added, of which every setting has a neutral value."""

    deviation: Annotated[float, InSpecs(neutral=0)] = 0.0
    shape: Annotated[Literal["normal", "uniform"], InSpecs("distribution", neutral="normal")] = "normal"


def grid(**changes: object) -> Grid:
    """The grid of `RAW` with `changes` laid over it."""
    raw: dict = yaml.safe_load(yaml.safe_dump(RAW))
    update_config(raw, changes)
    made = Grid(parse(raw), Words())
    # Worked out now, with the recipes of now.
    _ = made.entries
    return made


@pytest.fixture
def before() -> Grid:
    """What there was before the setting."""
    return grid()


class New(NamedTuple):
    """A setting that is added.

    Args:
        type: with its neutral value.
        default: the same value.
        used: another one.
        neutral: further ways to write the neutral value.
    """

    type: Any
    default: object
    used: object
    neutral: tuple[object, ...] = ()


NEW: dict[str, New] = {
    "text": New(Annotated[Literal["norm", "value"], InSpecs(neutral="norm")], "norm", "value"),
    "null": New(Annotated[Positive | None, InSpecs(neutral=None)], None, 0.5),
    "false": New(Annotated[bool, InSpecs(neutral=False)], False, True),
    "a list": New(Annotated[tuple[str, ...], InSpecs(neutral=("all",))], ("all",), ["all", "head"], (["all"],)),
    "a block or null": New(Annotated[Adapter | None, InSpecs(neutral=None)], None, {}),
    "a block": New(Annotated[Adapter, InSpecs(neutral=Adapter())], Adapter(), {"scale": 2}, ({}, {"size": 8})),
    "a block of neutral settings": New(Noise, Noise(), {"shape": "uniform"}, ({}, {"deviation": 0})),
}


def add(patch: pytest.MonkeyPatch, new: New) -> None:
    with_setting(patch, "added", new.type, new.default)


@pytest.mark.parametrize("kind", NEW)
def test_a_new_setting_that_nobody_uses_changes_no_entry(before: Grid, monkeypatch: pytest.MonkeyPatch, kind: str):
    add(monkeypatch, NEW[kind])
    assert grid().entries.keys() == before.entries.keys()
    for value in NEW[kind].neutral or (NEW[kind].default,):
        assert grid(training={"added": value}).entries.keys() == before.entries.keys()
        assert grid(stages={"mnli": {"added": value}}).entries.keys() == before.entries.keys()


@pytest.mark.parametrize("kind", NEW)
def test_a_new_setting_of_one_stage_changes_that_stage_and_what_follows_from_it(
    before: Grid, monkeypatch: pytest.MonkeyPatch, kind: str
):
    add(monkeypatch, NEW[kind])
    after = grid(stages={"mnli": {"added": NEW[kind].used}})
    assert changed(before, after) == {"train_stage toy mnli"}
    assert_names_follow(before, after)
    follows = {path for path in before.entries if "/mnli~" in path or path.startswith("experiments/")}
    assert before.entries.keys() - after.entries.keys() == follows


def test_a_default_that_is_not_neutral_changes_every_stage(before: Grid, monkeypatch: pytest.MonkeyPatch):
    add(monkeypatch, NEW["text"]._replace(default="value"))
    assert changed(before, grid()) == {f"train_stage toy {name}" for name in ("mixed", "mnli", "pawsx", "squad_v1")}
    assert grid(training={"added": "norm"}).entries.keys() == before.entries.keys()


def test_another_name_of_a_setting_changes_no_entry(before: Grid, monkeypatch: pytest.MonkeyPatch):
    old = grid(stages={"mnli": {"max_grad_norm": 2}}, training={"max_grad_norm": 3})
    with_name(monkeypatch, "max_grad_norm", "clip_at")
    assert grid().entries.keys() == before.entries.keys()
    assert grid(stages={"mnli": {"clip_at": 2}}, training={"clip_at": 3}).entries.keys() == old.entries.keys()
    with pytest.raises(ConfigError, match=r"stages\.mnli\.max_grad_norm.*unknown key"):
        grid(stages={"mnli": {"max_grad_norm": 2}})


# What a job gets


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty store; the logs lie beside it, where Snakemake was started."""
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


def stage_of(spec: dict) -> Settings:
    return train_stage._stage(SimpleNamespace(entry=SimpleNamespace(spec=json.loads(json.dumps(spec)))))


def test_a_training_gets_its_settings_by_their_names_in_the_configuration(monkeypatch: pytest.MonkeyPatch):
    with_name(monkeypatch, "max_grad_norm", "clip_at")
    made = grid(stages={"mnli": {"clip_at": 2}})
    assert {stage_of(model(made, name).spec).clip_at for name in ("mnli", "squad_v1")} == {2.0, 1.0}


def test_a_training_gets_the_neutral_value_of_what_its_spec_leaves_out(monkeypatch: pytest.MonkeyPatch):
    add(monkeypatch, NEW["text"]._replace(default="value"))
    made = grid(training={"added": "norm"}, stages={"mnli": {"added": "value"}})
    assert [stage_of(model(made, name).spec).added for name in ("squad_v1", "mnli")] == ["norm", "value"]


def test_the_work_of_a_training_is_known_whatever_its_settings_are_called(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    with_name(monkeypatch, "max_grad_norm", "clip_at")
    made = world.grid()
    world.finish(made.entries.values())
    assert workload.of_training(world.store, model(made, "mnli")).rows == ROWS


def model(grid: Grid, stage: str) -> Entry:
    """The model that an encoder becomes by one stage."""
    path = ["models", "toy", stage, "seed-1"]
    return next(one for one in grid.entries.values() if without_fingerprints(one.path).split("/") == path)


# What people read


def reasons(world: World, **changes: object) -> list[str]:
    """Why something is to do, in words."""
    grid = world.grid(**changes)
    return [group.text for group in State(grid.config, grid).groups()]


def test_a_setting_that_is_left_out_of_a_spec_is_told_with_its_neutral_value(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    add(monkeypatch, NEW["text"])
    world.finish(world.grid(stages={"mnli": {"added": "value"}}).entries.values())
    assert reasons(world) == ["added of stage mnli: value → norm"]
    world.finish(world.grid().entries.values())
    assert reasons(world, stages={"pawsx": {"added": "value"}}) == ["added of stage pawsx: norm → value"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("null", ["added of stage mnli: none → 0.5"]),
        ("a list", ["added of stage mnli: ['all'] → ['all', 'head']"]),
        ("a block or null", ["added.scale of stage mnli: none → 1", "added.size of stage mnli: none → 8"]),
        ("a block", ["added.scale of stage mnli: 1 → 2"]),
        ("a block of neutral settings", ["added.shape of stage mnli: normal → uniform"]),
    ],
)
def test_a_block_that_is_left_out_of_a_spec_is_told_setting_by_setting(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str, expected: list[str]
):
    world.finish(world.grid().entries.values())
    add(monkeypatch, NEW[kind])
    assert sorted(reasons(world, stages={"mnli": {"added": NEW[kind].used}})) == expected


def test_a_setting_is_told_by_its_present_name(world: World, monkeypatch: pytest.MonkeyPatch):
    world.finish(world.grid().entries.values())
    with_name(monkeypatch, "max_grad_norm", "clip_at")
    assert reasons(world, stages={"mnli": {"clip_at": 2}}) == ["clip_at of stage mnli: 1 → 2"]


def test_a_card_shows_settings_by_their_present_names(monkeypatch: pytest.MonkeyPatch):
    with_name(monkeypatch, "max_grad_norm", "clip_at")
    assert recipes(grid(stages={"mnli": {"clip_at": 2}})).loc["clip_at"].to_dict() == {"squad_v1": "1.0", "mnli": "2.0"}


def test_a_card_shows_what_one_stage_says_with_the_neutral_value_of_the_others(monkeypatch: pytest.MonkeyPatch):
    add(monkeypatch, NEW["text"])
    assert recipes(grid(stages={"mnli": {"added": "value"}})).loc["added"].to_dict() == {
        "squad_v1": "norm",
        "mnli": "value",
    }
    assert "added" not in recipes(grid()).index


def recipes(grid: Grid) -> pd.DataFrame:
    """The table of recipes on the card of squad_v1/mnli."""
    last = next(one for one in grid.entries.values() if re.search("toy~[^/]+/squad_v1~[^/]+/mnli~[^/]+/seed", one.path))
    return card._settings(card.Exported("toy", "squad_v1/mnli", 1, (last.inputs["parent"], last)))
