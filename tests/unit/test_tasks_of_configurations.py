"""A configuration may describe tasks, each of which is a task like others while that configuration is open."""

from collections.abc import Iterator
from copy import deepcopy

import pytest
from grids import Words

from xstilts import experiments, tasks
from xstilts.config import ConfigError, parse
from xstilts.errors import UserError
from xstilts.grid import Grid

RAW = {
    "grid": {"encoders": ["made"], "intermediates": ["none", "reviews@de"], "targets": ["reviews"]},
    "encoders": {"made": {"pretraining": {}}},
    "tasks": {
        "reviews": {
            "local": {
                "kind": "classification",
                "format": "jsonl",
                "files": {"train": "train.{lang}", "dev": "dev.{lang}", "test": "test.{lang}"},
                "languages": ["en", "de"],
                "columns": {"text_a": "review", "label": "verdict"},
                "labels": {"bad": "negative", "good": "positive"},
            }
        }
    },
}


@pytest.fixture(autouse=True)
def _closed_afterwards() -> Iterator[None]:
    with tasks.declared([]):
        yield


def described(**local: object) -> dict:
    """The configuration with other settings of the task's files."""
    raw = deepcopy(RAW)
    raw["tasks"]["reviews"]["local"] |= local
    return raw


def names(**local: object) -> dict[str, set[str]]:
    """The paths of the entries of each step."""
    config = parse(described(**local))
    with tasks.declared(experiments.own_tasks(config)):
        entries = Grid(config, Words()).entries.values()
    return {step: {one.path for one in entries if one.step == step} for step in ("read_task", "train_stage")}


def test_it_is_known_while_its_configuration_is_open():
    experiments.declared(parse(RAW))
    assert "reviews" in tasks.names()
    assert tasks.load("reviews").labels == ("negative", "positive")
    with tasks.declared([]):
        assert "reviews" not in tasks.names()
    assert tasks.is_declared("reviews")


def test_the_same_description_may_be_opened_again_and_another_one_is_refused():
    experiments.declared(parse(RAW))
    experiments.declared(parse(RAW))
    with pytest.raises(UserError, match="another configuration that is open describes a task 'reviews' differently"):
        experiments.declared(parse(described(labels={"good": "positive", "bad": "negative"})))


def test_the_name_of_another_task_is_refused():
    with pytest.raises(ConfigError, match=r"tasks\.mnli\.local': there is a task with this name"):
        experiments.declared(parse({"tasks": {"mnli": RAW["tasks"]["reviews"]}}))


@pytest.mark.parametrize(
    ("local", "key"),
    [({"languages": ["en", "xx"]}, "languages"), ({"stage": "xnli"}, "stage")],
)
def test_unknown_names_are_refused_with_their_key(local: dict, key: str):
    with pytest.raises(ConfigError, match=f"config key 'tasks.reviews.local.{key}'"):
        names(**local)


@pytest.mark.parametrize(
    "local",
    [
        {"languages": ["de", "en", "fr"]},
        {"title": "Reviews", "licence": "CC0"},
        {"delimiter": ","},
        {"labels": {"bad": "negative", "good": "positive"}},
    ],
    ids=str,
)
def test_what_changes_no_row_changes_no_name_of_a_model(local: dict):
    assert names()["train_stage"] == names(**local)["train_stage"]


@pytest.mark.parametrize(
    "local",
    [
        {"labels": {"good": "positive", "bad": "negative"}},
        {"labels": {"bad": "negative", "good": "positive", "fair": "positive"}},
        {"left_out": ["undecided"]},
        {"columns": {"text_a": "text", "label": "verdict"}},
        {"format": "json"},
    ],
    ids=str,
)
def test_what_may_change_a_row_or_the_order_of_the_labels_changes_every_name(local: dict):
    before, after = names(), names(**local)
    assert not before["read_task"] & after["read_task"]
    assert not before["train_stage"] & after["train_stage"]


def test_a_test_set_without_training_data_is_evaluated_after_the_training_of_another_task():
    raw = described(files={"test": "test.{lang}"}, stage="mnli", labels=["entailment", "neutral", "contradiction"])
    raw["grid"]["intermediates"] = ["none"]
    config = experiments.declared(parse(raw))
    (cell, *_) = Grid(config, Words()).cells
    assert "/mnli~" in cell.predictions.path
