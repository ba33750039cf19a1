"""A mistake in the configuration is one message with the key, the value and the allowed values."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from xstilts.arms import expanded
from xstilts.checks import check, check_lengths
from xstilts.config import Config, ConfigError, parse
from xstilts.config.mistakes import PATTERNS

ROOT = Path(__file__).parents[2]
EXPERIMENTS = ROOT / "workflow/experiments"
SCHEMA = ROOT / "workflow/schemas/config.schema.json"

MISTAKES = {
    "Norwegian without quotes": ({"languages": ["de", False]}, ["'languages.1'", "unquoted yes, no", '"no"']),
    "unknown key": ({"trainin": {}}, ["'trainin'", "unknown key", "Did you mean 'training'?"]),
    "a key of encoders at the top level": (
        {"tokens_per_device": 4096},
        ["'tokens_per_device': unknown key here; it belongs to encoders.<name>; found", "allowed: checkpoint_minutes,"],
    ),
    "a key of encoders in a stage": (
        {"stages": {"mnli": {"tokens_per_device": 4096}}},
        ["'stages.mnli.tokens_per_device': unknown key here; it belongs to encoders.<name>; found"],
    ),
    "a key of trainings in an encoder": (
        {"encoders": {"a": {"path": "x", "precision": "fp32"}}},
        [
            "'encoders.a.precision': unknown key here; it belongs to training, encoders.<name>.retrieval or "
            "stages.<name>; found 'precision'; allowed: "
        ],
    ),
    "a key of pretraining in trainings": (
        {"training": {"masked": 0.2}},
        ["'training.masked': unknown key here; it belongs to encoders.<name>.pretraining; found"],
    ),
    "a key of the top level in a block": (
        {"training": {"checkpoint_minutes": 5}},
        ["'training.checkpoint_minutes': unknown key here; it belongs to the top level; found"],
    ),
    "unknown key of a stage": (
        {"stages": {"mnli": {"learning_rte": 1}}},
        ["'stages.mnli.learning_rte'", "learning_rate", "Did you mean 'learning_rate'?"],
    ),
    "text for a number": ({"training": {"learning_rate": "fast"}}, ["'training.learning_rate'", "number", "'fast'"]),
    "a word that is not allowed": (
        {"training": {"precision": "fp32x"}},
        ["'training.precision'", "allowed: mixed, fp32, bf16", "Did you mean 'fp32'?"],
    ),
    "a store like an option": ({"store": "-x"}, ["'store'", "cannot begin with '-'"]),
    "a store without a name": ({"store": ""}, ["'store'", "expected a path"]),
    "a store that YAML reads as nothing": ({"store": None}, ["'store'", 'quote the path, as in "~/results"']),
    "one language for a list": ({"languages": "de"}, ["'languages'", "expected a list"]),
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
    "a number for a name": ({"experiment": 2024}, ["'experiment'", "not as a string. Put it in quotes", "found 2024"]),
    "a date for a name": ({"experiment": date(2024, 1, 2)}, ["'experiment'", "2024-01-02 as a number or a date"]),
    "a key of an optional block": (
        {"encoders": {"a": {"pretraining": {"laiers": 1}}}},
        ["'encoders.a.pretraining.laiers'", "unknown key", "Did you mean 'layers'?"],
    ),
    "a path that no disk can hold": ({"data": "a\0b"}, ["'data'", "part of a file name"]),
    "a name that no path can hold": ({"experiment": "x" * 81}, ["'experiment'", "at most 80 characters"]),
    "hidden units that heads cannot share": (
        {"encoders": {"a": {"pretraining": {"hidden_size": 33, "heads": 3}}}},
        ["'encoders.a.pretraining'", "even"],
    ),
    "more hidden units than sentences": (
        {"encoders": {"a": {"pretraining": {"sentences": 10}}}},
        ["'encoders.a.pretraining'", "'sentences'"],
    ),
    "a list for a block": ({"grid": [1]}, ["'grid'", "expected a block of settings", "[1]"]),
    "a list for named blocks": ({"stages": ["mnli"]}, ["'stages'", "expected a block of named entries"]),
    "a block for a list": ({"grid": {"seeds": {}}}, ["'grid.seeds'", "expected a list; found {}"]),
    "a number that is no number of steps": (
        {"training": {"warmup": 500.5}},
        ["'training.warmup'", "expected a number less than 1, or a whole number; found 500.5"],
    ),
    "two mistakes in one block": (
        {"training": {"epochs": 0, "patience": 0}},
        ["'training.epochs'", "expected a number greater than 0; found 0"],
    ),
    "capital letters": ({"encoders": {"XLM": {"path": "x"}}}, ["'encoders.XLM'", "expected lowercase letters, digits"]),
}


@pytest.mark.parametrize("raw, parts", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_names_key_value_and_remedy(raw: dict, parts: list[str]):
    with pytest.raises(ConfigError) as error:
        parse(raw)
    for part in parts:
        assert part in str(error.value)


NUMBERS = {
    "grid.seeds.0": ([202406151230, -1, 1.5, True, 2**32], "4294967296"),
    "miniature.seed": ([2**32], "4294967296"),
    "miniature.train": ([2**31, 0, -1, 2.0, True], "2147483648"),
    "encoders.a.pretraining.seed": ([2**32], "4294967296"),
    "encoders.a.tokens_per_device": ([0, True, 1.0], "greater than 0"),
    "checkpoint_minutes": ([-1, True, float("inf"), "1e999"], ""),
    "encoders.a.max_length": ([0, 7], "greater than or equal to 8"),
    "encoders.a.retrieval.max_length": ([3], "greater than or equal to 8"),
    "encoders.a.retrieval.layer": ([0, -1], "greater than 0"),
    "tasks.xnli.max_length": ([2, 2**31], ""),
    "tasks.xnli.limit.test": ([0, -5], "greater than 0"),
    "limit.train": ([0, 10**30], ""),
    "training.learning_rate": ([0, -1e-5, float("nan"), float("inf"), "1e999", True], ""),
    "training.epochs": ([0, -1, float("inf"), float("nan"), 1e300], ""),
    "training.batch_size": ([0, -1, 2**20 + 1, 0.5, True], ""),
    "training.warmup": ([-1, -0.1, 1.0, 1.5, True, float("nan")], ""),
    "training.weight_decay": ([-0.1, float("nan"), float("inf")], ""),
    "training.adam_epsilon": ([0, -1], "greater than 0"),
    "training.max_grad_norm": ([0, float("inf")], ""),
    "training.evaluate_every": ([0, 2.5], ""),
    "training.patience": ([0, True], ""),
    "training.dev_examples": ([0, -1], "greater than 0"),
    "training.gpus": ([0, 1.5], ""),
    "jobs_per_gpu": ([0, -1, 1.5, True, "many", None], "a number greater than 0; found 0; allowed: auto"),
    "stages.mnli.sampling.temperature": ([0, 0.01, float("inf")], ""),
    "stages.mnli.sampling.cap": ([0], "greater than 0"),
    "report.samples": ([0, 99, 10**9], ""),
}
"""Numbers that no job can do anything with, and what the message says of those that are allowed."""


@pytest.mark.parametrize("key, value", [(key, value) for key, (values, _) in NUMBERS.items() for value in values])
def test_a_number_that_would_fail_later_is_refused_with_its_key_and_what_is_allowed(key: str, value: object):
    *above, last = key.split(".")
    raw: object = [value] if last == "0" else {last: value}
    for name in reversed(above):
        raw = {name: raw}
    with pytest.raises(ConfigError) as error:
        parse(raw)
    assert str(error.value).startswith(f"config key {key!r}: ")
    assert f"found {value!r}" in str(error.value)


@pytest.mark.parametrize("key, bound", [(key, bound) for key, (_, bound) in NUMBERS.items() if bound])
def test_what_is_allowed_is_said(key: str, bound: str):
    *above, last = key.split(".")
    raw: object = [NUMBERS[key][0][0]] if last == "0" else {last: NUMBERS[key][0][0]}
    for name in reversed(above):
        raw = {name: raw}
    with pytest.raises(ConfigError, match=bound):
        parse(raw)


@pytest.mark.parametrize(
    "changes",
    [
        {"grid": {"seeds": [0, 2**32 - 1]}},
        {"training": {"warmup": 0}},
        {"training": {"warmup": 500}},
        {"training": {"warmup": 0.999, "epochs": "2", "learning_rate": "1e-5", "batch_size": "16"}},
        {"training": {"dev_examples": None, "weight_decay": 0}},
    ],
    ids=str,
)
def test_what_is_at_the_edge_of_the_range_is_accepted(changes: dict):
    parse(changes)


def test_a_key_that_was_renamed_is_an_error_that_names_the_new_key(tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text("stages:\n  mnli:\n    max_gradient_norm: 2\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        parse({"stages": {"mnli": {"max_gradient_norm": 2}}}, [file])
    place = f"({file}, line 3)"
    said = f"config key 'stages.mnli.max_gradient_norm' {place}: renamed to 'max_grad_norm'; found 'max_gradient_norm'."
    assert str(error.value) == said
    # No other block has had this key.
    with pytest.raises(ConfigError, match=r"'tasks\.mnli\.max_gradient_norm': unknown key"):
        parse({"tasks": {"mnli": {"max_gradient_norm": 2}}})


def test_every_pattern_of_a_string_has_words():
    patterns = set(re.findall(r'"pattern": "(.*?)"', json.dumps(Config.model_json_schema())))
    assert patterns == PATTERNS.keys()


def test_a_value_of_the_command_line_is_cited_as_such_and_no_file_is_blamed(tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text("experiment: right\ntraining: {epochs: 2}\n", encoding="utf-8")
    for raw, keys in [
        ({"experiment": 2024, "training": {"epochs": 2}}, "experiment"),
        ({"experiment": "right", "training": {"epochs": 0}}, "training"),
        ({"experiment": "right", "training": {"epochs": 2, "patience": 0}}, "training"),
        ({"experiment": "right", "training": {"epochs": 2}, "trainin": 1}, "trainin"),
    ]:
        with pytest.raises(ConfigError, match=rf"\(command line, --config {keys}\)") as error:
            parse(raw, [file])
        assert "mine.yaml" not in str(error.value)


def test_a_number_for_a_name_is_cited_where_it_stands(tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text("languages: [en]\nexperiment: 2024\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.yaml, line 2"):
        parse({"languages": ["en"], "experiment": 2024}, [file])


def test_not_a_number_in_a_file_is_cited_from_the_file(tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text("training:\n  epochs: .nan\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.yaml, line 2"):
        parse({"training": {"epochs": float("nan")}}, [file])


def test_a_block_that_two_files_share_is_cited_from_the_last_of_them(tmp_path: Path):
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text("encoders:\n  a: {repository: x/y}\n", encoding="utf-8")
    other.write_text("encoders:\n\n  a: {path: x, pretraining: {}}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"other\.yaml, line 3"):
        parse({"encoders": {"a": {"repository": "x/y", "path": "x", "pretraining": {}}}}, [one, other])


def test_a_mistake_names_file_and_line(tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text("experiment: a\ntraining:\n  epochs: 2\n  learning_rate: fast\n")
    with pytest.raises(ConfigError, match=r"mine\.yaml, line 4"):
        parse({"training": {"epochs": 2, "learning_rate": "fast"}}, [file])


def test_the_exponent_form_that_yaml_reads_as_text_is_a_number():
    assert parse({"training": {"learning_rate": "1e-5"}}).training.learning_rate == 1e-5


# Paths

PLACES = {
    "a relative path": ("results", "results"),
    "blanks and other letters": ("my résultats", "my résultats"),
    "the home folder": ("~/xr", "/home/emma/xr"),
    "a variable": ("$SCRATCH/xr", "/scratch/emma/xr"),
    "a variable within a name": ("/data/${SCRATCH_NAME}_1", "/data/emma_1"),
    "a variable that begins with a home folder": ("$MINE", "/home/emma/mine"),
    "a dollar sign": ("a$$b", "a$b"),
    "a folder that begins with a tilde": ("./~old", "~old"),
}
ENVIRONMENT = {
    "HOME": "/home/emma",
    "SCRATCH": "/scratch/emma",
    "SCRATCH_NAME": "emma",
    "MINE": "~/mine",
    "EMPTY": "",
}
PATHS = {
    "store": lambda place: {"store": place},
    "data": lambda place: {"data": place},
    "folders": lambda place: {"tasks": {"mnli": {"folders": ["other", place]}}},
    "encoder": lambda place: {"encoders": {"toy": {"path": place}}},
    "distances": lambda place: {"report": {"distances": place}},
    "source": lambda place: {"sources": {"ud-treebanks-v2.5": {"folder": place}}},
}


def paths_of(config: Config) -> dict[str, Path]:
    return {
        "store": config.store,
        "data": config.data,
        "folders": config.tasks["mnli"].folders[1] if config.tasks else None,
        "encoder": config.encoders["toy"].path if config.encoders else None,
        "distances": config.report.distances,
        "source": config.sources["ud-treebanks-v2.5"].folder if config.sources else None,
    }


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("UNDEFINED", raising=False)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("written, expected", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize("key", PATHS)
def test_home_folders_and_variables_are_filled_in_in_every_path_and_once(key: str, written: str, expected: str):
    config = parse(PATHS[key](written))
    assert paths_of(config)[key] == Path(expected)
    # What a run leaves for its jobs.
    assert parse(config.model_dump(mode="json", exclude_unset=True)) == config


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    "place, problem",
    [
        ("$UNDEFINED/xr", "the environment variable UNDEFINED is not set or empty"),
        ("${EMPTY}/xr", "the environment variable EMPTY is not set or empty"),
        ("xr/5$", "write '$$' for a dollar sign"),
        ("~nobody-of-that-name/xr", "write './~nobody-of-that-name'"),
    ],
)
@pytest.mark.parametrize("key", PATHS)
def test_what_cannot_be_filled_in_in_a_path_is_a_mistake(key: str, place: str, problem: str):
    with pytest.raises(ConfigError) as error:
        parse(PATHS[key](place))
    assert problem in str(error.value)
    assert repr(place) in str(error.value)


def test_every_path_of_the_configuration_is_one_of_these():
    found = re.findall(r'"format": "path"', json.dumps(Config.model_json_schema()))
    assert len(found) == len(PATHS)


@pytest.mark.parametrize("store", ["a{b}", "{entry}"])
def test_a_store_with_what_snakemake_takes_for_a_wildcard_is_a_mistake(store: str):
    with pytest.raises(ConfigError, match=r"'store': .*'\{' or '\}'.*wildcards"):
        parse({"store": store})


# What stands over what


def test_a_stage_states_only_what_differs():
    config = parse({"training": {"epochs": 2, "batch_size": 8}, "stages": {"mnli": {"batch_size": 16}}})
    assert (config.stage("mnli").epochs, config.stage("mnli").batch_size) == (2, 16)
    assert (config.stage("squad_v1").epochs, config.stage("squad_v1").batch_size) == (2, 8)
    assert config.stage("squad_v1").tasks == ("squad_v1",)


def test_a_task_limit_overrides_the_general_one_key_by_key():
    config = parse({"limit": {"train": 10, "test": 5}, "tasks": {"mnli": {"limit": {"train": 20}}}})
    assert (config.task("mnli").limit.train, config.task("mnli").limit.test) == (20, 5)
    # A task may have all of its rows where others are limited.
    whole = parse({"limit": {"train": 10, "test": 5}, "tasks": {"mnli": {"limit": {"train": None}}}})
    assert (whole.task("mnli").limit.train, whole.task("mnli").limit.test) == (None, 5)


def test_the_schema_for_editors_is_that_of_the_typed_configuration():
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == Config.model_json_schema()


def test_the_schema_says_which_numbers_are_allowed():
    blocks = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]
    epochs = blocks["Training"]["properties"]["epochs"]
    assert (epochs["exclusiveMinimum"], epochs["maximum"]) == (0, 1_000_000)
    assert blocks["GridSettings"]["properties"]["seeds"]["items"]["minimum"] == 0


@pytest.mark.parametrize("name", sorted(file.stem for file in EXPERIMENTS.glob("*.yaml")))
def test_an_experiment_that_is_shipped_fits_over_the_shipped_configuration(name: str):
    # `miniature-full` is laid over `miniature`, and `sequences-small` over `sequences`.
    layers = dict.fromkeys((name.removesuffix("-full").removesuffix("-small"), name))
    files = [ROOT / "config.yaml", *(EXPERIMENTS / f"{layer}.yaml" for layer in layers)]
    raw: dict = {}
    for file in files:
        update_config(raw, yaml.safe_load(file.read_text(encoding="utf-8")))
    config = expanded(parse(raw, files))
    check(config)
    check_lengths(config, lambda encoder: None)
    assert config.experiment == name
