"""Objectives in a configuration: their names, what is refused before any job, specs, and the cost in a plan."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from fabricated import World, of_step
from grids import Words, changed
from pydantic_core import to_jsonable_python

from xstilts import experiments, recipes
from xstilts.arms import expanded
from xstilts.checks import check
from xstilts.config import Config, ConfigError, parse
from xstilts.config.objectives import Fgm, FreeLB, Noise, Pgd, RDrop, Smart
from xstilts.grid import Grid
from xstilts.inspection import workload
from xstilts.inspection.cards import CARDS
from xstilts.inspection.times import Device
from xstilts.sources import encoder_config

SHIPPED = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8"))["objectives"]
METHODS = {"fgm": Fgm, "pgd": Pgd, "freelb": FreeLB, "smart": Smart, "rdrop": RDrop, "noise": Noise}


def config(objective: object = None, **stage: object) -> Config:
    return parse(
        {
            "grid": {"encoders": ["toy"], "intermediates": ["mnli"], "targets": ["xquad"]},
            "encoders": {"toy": {"path": "toy"}},
            "objectives": SHIPPED,
            "stages": {"mnli": {"objective": objective, **stage}},
        }
    )


def grid(*given: object, **stage: object) -> Grid:
    return Grid(config(*given, **stage), Words())


def training(found: Grid) -> dict:
    """The spec of the training on MultiNLI."""
    return next(one.spec for one in found.entries.values() if one.about.stages == ("mnli",))


def mistake(objective: object, **stage: object) -> str:
    with pytest.raises(ConfigError) as error:
        check(config(objective, **stage))
    return str(error.value)


# The blocks


def test_the_shipped_objectives_are_written_out_with_their_defaults():
    assert SHIPPED.keys() == METHODS.keys()
    for name, block in SHIPPED.items():
        assert block == to_jsonable_python(METHODS[name](method=name)), name


@pytest.mark.parametrize(
    "block, parts",
    [
        ({"method": "fgmm"}, [".method': expected one of the allowed values; found 'fgmm'", "Did you mean 'fgm'?"]),
        ({"epsilon": 1}, ["': the key 'method' is missing; found", "allowed: fgm, pgd, freelb, smart, rdrop, noise"]),
        (
            {"method": "fgm", "epsilom": 1},
            [".epsilom': unknown key for the method 'fgm'; found 'epsilom'", "Did you mean 'epsilon'?"],
        ),
        (
            {"method": "rdrop", "epsilon": 1},
            [".epsilon': unknown key for the method 'rdrop'; found", "; allowed: method, weight."],
        ),
        ({"method": "fgm", "epsilon": 0}, [".epsilon': expected a number greater than 0; found 0"]),
        ({"method": "fgm", "weight": 1.5}, [".weight': expected a number less than or equal to 1; found 1.5"]),
        ({"method": "smart", "start": 0}, [".start': expected a number greater than 0; found 0"]),
        ({"method": "pgd", "start": 1}, ["': 'start' must be at most 'epsilon', which is 0.03; found"]),
        ([1], ["expected", "a block of settings; found [1]"]),
    ],
)
def test_a_mistake_in_a_block_names_its_key_and_what_is_allowed(block, parts):
    for key, raw in (
        ("stages.mine.objective", {"stages": {"mine": {"objective": block}}}),
        ("objectives.mine", {"objectives": {"mine": block}}),
    ):
        with pytest.raises(ConfigError) as error:
            parse(raw)
        assert str(error.value).startswith(f"config key '{key}")
        for part in parts:
            assert part in str(error.value)


def test_a_shipped_objective_with_another_method_has_the_keys_of_that_method():
    with pytest.raises(ConfigError, match=r"objectives\.fgm\.epsilon': unknown key for .*'rdrop'; .* method, weight"):
        parse({"objectives": {"fgm": {**SHIPPED["fgm"], "method": "rdrop"}}})


@pytest.mark.parametrize(
    "name, problem",
    [
        ("adv", "looks like the code of a language"),
        ("all", "looks like the code of a language"),
        ("close", "is also one of language_groups"),
        ("typos10", "is the name of a perturbation"),
    ],
)
def test_an_objective_has_a_name_of_its_own(name: str, problem: str):
    given = parse({"objectives": {name: {"method": "fgm"}}, "language_groups": {"close": ["de", "es"]}})
    with pytest.raises(ConfigError, match=f"'objectives': {problem}; give the objective another name; found '{name}'"):
        expanded(given)


def test_a_key_of_objectives_elsewhere_is_told_where_it_belongs():
    with pytest.raises(
        ConfigError, match=r"belongs to stages\.<name>\.objective or objectives\.<name>; found 'epsilon'"
    ):
        parse({"stages": {"mnli": {"epsilon": 1}}})


# Stages


def test_a_name_stands_for_its_block():
    assert training(grid("pgd")) == training(grid(SHIPPED["pgd"]))
    assert recipes.recipe(config("pgd"), "mnli").robust == Pgd(method="pgd")
    assert training(grid("pgd"))["stage"]["objective"] == SHIPPED["pgd"]
    assert training(grid("pgd"))["code"].keys() - training(grid())["code"].keys() == {"objective.pgd"}


def test_an_unknown_name_is_refused():
    message = mistake("freelbb")
    assert "'stages.mnli.objective': unknown objective; define it under 'objectives'; found 'freelbb'" in message
    assert "Did you mean 'freelb'?" in message


@pytest.mark.parametrize(
    "name, problem",
    [
        ("adv", "looks like the code of a language"),
        ("all", "looks like the code of a language"),
        ("large", "is also one of language_groups"),
        ("typos10", "is the name of a perturbation"),
    ],
)
def test_a_name_that_means_something_else_in_the_name_of_a_stage_is_refused(name, problem):
    raw = {"language_groups": {"large": ["de", "fr"]}, "objectives": {**SHIPPED, name: SHIPPED["fgm"]}}
    with pytest.raises(ConfigError, match=rf"'objectives': {problem}; give the objective another .* found '{name}'"):
        expanded(parse(raw))


@pytest.mark.parametrize("method", [name for name, block in SHIPPED.items() if "weight" in block])
def test_an_objective_whose_own_term_has_no_weight_is_plain_training(method):
    assert training(grid(SHIPPED[method] | {"weight": 0})) == training(grid())
    assert grid(SHIPPED[method] | {"weight": 0}).entries.keys() == grid().entries.keys()


def test_a_name_with_an_objective_that_is_plain_training_is_that_of_the_plain_stage():
    named = {"objectives": {**SHIPPED, "unperturbed": {"method": "fgm", "weight": 0}}}
    assert recipes.canonical(parse(named), "squad_v1/mnli@de+unperturbed") == "squad_v1/mnli@de"
    robust = parse({**named, "stages": {"mnli": {"objective": "fgm"}}})
    assert recipes.canonical(robust, "mnli+unperturbed") == "mnli+unperturbed"
    assert recipes.recipe(robust, "mnli+unperturbed").robust is None


def test_an_objective_changes_the_stage_that_has_it_and_the_reports_that_compare_it_with_plain_training():
    assert changed(grid(), grid("freelb")) == {"train_stage toy mnli", "tables", "figures", "page"}
    assert changed(grid("freelb"), grid(SHIPPED["freelb"] | {"epsilon": 0.04})) == {"train_stage toy mnli"}


def test_bfloat16_is_refused_where_it_would_drown_the_objective():
    message = mistake("smart", precision="bf16")
    assert "'stages.mnli.precision': the objective of the stage (smart) compares predictions that differ by" in message
    assert "found 'bf16'; allowed: mixed, fp32" in message
    for method in METHODS:
        check(config(method))
        if method != "smart":
            check(config(method, precision="bf16"))


# Dropout


@pytest.mark.parametrize(
    "content, expected",
    [
        ({"model_type": "bert", "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0}, 0.1),
        ({"model_type": "rembert", "hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0.0}, 0.0),
        ({"model_type": "rembert", "hidden_dropout_prob": 0}, None),
        ({"model_type": "modernbert", "embedding_dropout": 0.0, "mlp_dropout": 0.0, "attention_dropout": 0.2}, 0.2),
        ({"model_type": "unknown", "hidden_dropout_prob": 0}, None),
        ({}, None),
    ],
)
def test_the_dropout_of_an_encoder_is_in_its_config(tmp_path, content, expected):
    encoder = parse({"encoders": {"toy": {"path": str(tmp_path)}}}).encoders["toy"]
    (tmp_path / "config.json").write_text(json.dumps(content))
    assert encoder_config.dropout(encoder) == expected


def test_the_dropout_of_an_encoder_that_is_not_there_is_unknown():
    encoders = parse(
        {"encoders": {"hub": {"repository": "lab/small", "revision": "0" * 40}, "made": {"pretraining": {}}}}
    )
    assert encoder_config.dropout(encoders.encoders["hub"]) is None
    assert encoder_config.dropout(encoders.encoders["made"]) == 0


@pytest.mark.parametrize("name", ["rembert", "mmbert-small", "mmbert-base"])
def test_shipped_encoders_without_dropout_are_known_before_they_are_downloaded(name, tmp_path, monkeypatch):
    monkeypatch.setattr(encoder_config, "HF_HUB_CACHE", str(tmp_path))
    encoder = experiments.read(Path(__file__).parents[2] / "config.yaml").encoders[name]
    assert encoder_config.dropout(encoder) == 0
    # Another revision may have some.
    file = encoder_config.config_file(encoder)
    file.parent.mkdir(parents=True)
    file.write_text(
        json.dumps({"model_type": "rembert", "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0})
    )
    assert encoder_config.dropout(encoder) == 0.1


class Known(Words):
    """An identity that knows the dropout of every encoder."""

    def __init__(self, dropout: float | None):
        super().__init__()
        object.__setattr__(self, "known", dropout)

    def dropout(self, encoder: object) -> float | None:
        return self.known


def test_rdrop_needs_dropout():
    with pytest.raises(ConfigError, match=r"'stages.mnli.dropout': the encoder 'toy' has no dropout .*; found None"):
        Grid(config("rdrop"), Known(0.0))
    assert "'stages.mnli.dropout': the objective of the stage (rdrop)" in mistake("rdrop", dropout=0)
    for known, stage in ((0.0, {"dropout": 0.1}), (0.1, {}), (None, {})):
        assert Grid(config("rdrop", **stage), Known(known)).entries
    assert Grid(config("freelb"), Known(0.0)).entries


def test_dropout_is_a_setting_of_the_stage_that_has_it():
    assert changed(grid(), grid(dropout=0.2)) == {"train_stage toy mnli"}
    assert grid(dropout=None).entries.keys() == grid().entries.keys()


# Plans


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


PASSES = {"fgm": 2, "pgd": 4, "freelb": 3, "smart": 3, "rdrop": 2, "noise": 1}


def of_mnli(world: World, **stage: object):
    found = world.grid(stages={"mnli": stage})
    return found, next(one for one in of_step(found, "train_stage") if one.about.stages == ("mnli",))


@pytest.mark.parametrize("method", PASSES)
def test_a_plan_counts_the_passes_of_an_objective(world: World, method):
    world.finish(world.grid().entries.values())
    (_, plain), (_, robust) = of_mnli(world), of_mnli(world, objective=method)
    one, other = (workload.of_training(world.store, entry) for entry in (plain, robust))
    assert other.passes == PASSES[method]
    assert replace(other, passes=1, examples=one.examples) == one
    assert other.examples == PASSES[method] * one.examples


@pytest.mark.parametrize("method", ["freelb", "smart"])
def test_a_training_takes_as_much_longer_as_it_has_passes_and_longer_in_float32(world: World, method):
    raw = {
        "encoders": {"base": {"repository": "FacebookAI/xlm-roberta-base", "revision": "0" * 40}},
        "grid": {"encoders": ["base"], "intermediates": ["mnli"], "targets": ["tatoeba"], "seeds": [1]},
        "objectives": SHIPPED,
        "source": "hub",
    }
    seconds, device = {}, Device("h200", card=CARDS["h200"], jobs=1)
    for name, stage in (
        ("plain", {}),
        ("fp32", {"precision": "fp32"}),
        ("robust", {"objective": method}),
    ):
        found = Grid(
            parse(raw | {"stages": {"mnli": {"epochs": 100, "dev_examples": 1, "batch_size": 2048, **stage}}}), Words()
        )
        (entry,) = of_step(found, "train_stage")
        seconds[name] = device.time(found.config, [(entry, workload.of_training(world.store, entry))]).seconds
    base = seconds["fp32" if method == "smart" else "plain"]
    assert seconds["fp32"] > 2 * seconds["plain"]
    assert seconds["robust"] / base == pytest.approx(3, rel=0.05)


def test_the_command_says_which_stages_compute_in_float32(world: World):
    stages = {"mnli": {"objective": "smart"}}
    shown = world.run("plan", world.file(stages=stages)).stdout
    assert "precision: trainings of mnli compute in float32, which their objective requires" in shown
    assert "precision: trainings" not in world.run("plan", world.file(stages={"mnli": {"objective": "fgm"}})).stdout
