"""A mistake in the configuration is one message that names key, value and what is allowed."""

import json
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from xstilts.checks import check
from xstilts.config import Config, ConfigError, parse

ROOT = Path(__file__).parents[2]
EXPERIMENTS = ROOT / "workflow/experiments"

MISTAKES = {
    "unknown key": ({"trainin": {}}, ["'trainin'", "unknown key", "Did you mean 'training'?"]),
    "unknown key of a stage": (
        {"stages": {"mnli": {"learning_rte": 1}}},
        ["'stages.mnli.learning_rte'", "learning_rate", "Did you mean 'learning_rate'?"],
    ),
    "text for a number": ({"training": {"learning_rate": "fast"}}, ["'training.learning_rate'", "number", "'fast'"]),
    "a word that is not allowed": (
        {"training": {"precision": "fp32x"}},
        ["'training.precision'", "allowed: fp32, bf16", "Did you mean 'fp32'?"],
    ),
    "Norwegian": ({"languages": ["de", False]}, ["'languages.1'", 'quote it, as in "no"']),
    "an encoder without a place": ({"encoders": {"a": {}}}, ["'encoders.a'", "'path'", "'repository'"]),
    "a branch for a revision": (
        {"encoders": {"a": {"repository": "x/y", "revision": "main"}}},
        ["'encoders.a.revision'", "'main'"],
    ),
    "a negative seed": ({"grid": {"seeds": [1, -2]}}, ["'grid.seeds.1'", "-2"]),
    "capped without a cap": (
        {"stages": {"both": {"sampling": {"strategy": "capped"}}}},
        ["'stages.both.sampling'", "'cap'"],
    ),
    "no GPU at all": ({"stages": {"mnli": {"gpus": 0}}}, ["'stages.mnli.gpus'", "greater than 0", "0"]),
    "a name that cannot be a path": ({"experiment": "My Run"}, ["'experiment'", "'My Run'"]),
    "a list for a block": ({"grid": [1]}, ["'grid'", "[1]"]),
}


@pytest.mark.parametrize("raw, parts", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_names_key_value_and_remedy(raw: dict, parts: list[str]):
    with pytest.raises(ConfigError) as error:
        parse(raw)
    for part in parts:
        assert part in str(error.value)


def test_a_mistake_names_file_and_line(tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text("experiment: a\ntraining:\n  epochs: 2\n  learning_rate: fast\n")
    with pytest.raises(ConfigError, match=r"mine\.yaml, line 4"):
        parse({"training": {"epochs": 2, "learning_rate": "fast"}}, [file])


def test_the_exponent_form_that_yaml_reads_as_text_is_a_number():
    assert parse({"training": {"learning_rate": "1e-5"}}).training.learning_rate == 1e-5


def test_a_stage_states_only_what_differs():
    config = parse({"training": {"epochs": 2, "batch_size": 8}, "stages": {"mnli": {"batch_size": 16}}})
    assert (config.stage("mnli").epochs, config.stage("mnli").batch_size) == (2, 16)
    assert (config.stage("squad_v1").epochs, config.stage("squad_v1").batch_size) == (2, 8)
    assert config.stage("squad_v1").tasks == ("squad_v1",)


def test_a_task_limit_overrides_the_general_one_key_by_key():
    config = parse({"limit": {"train": 10, "test": 5}, "tasks": {"mnli": {"limit": {"train": 20}}}})
    assert (config.task("mnli").limit.train, config.task("mnli").limit.test) == (20, 5)


def test_the_schema_for_editors_is_that_of_the_typed_configuration():
    schema = Path(__file__).parents[2] / "workflow/schemas/config.schema.json"
    assert json.loads(schema.read_text(encoding="utf-8")) == Config.model_json_schema()


@pytest.mark.parametrize("name", sorted(file.stem for file in EXPERIMENTS.glob("*.yaml")))
def test_an_experiment_that_is_shipped_fits_over_the_shipped_configuration(name: str):
    files = [ROOT / "config.yaml", EXPERIMENTS / f"{name}.yaml"]
    raw: dict = {}
    for file in files:
        update_config(raw, yaml.safe_load(file.read_text(encoding="utf-8")))
    config = parse(raw, files)
    check(config)
    assert config.experiment == name
