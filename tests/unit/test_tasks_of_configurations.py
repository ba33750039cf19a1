"""A configuration may describe tasks, each of which is a task like others while that configuration is open."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from grids import Words

from xstilts import experiments, tasks
from xstilts.config import ConfigError, parse
from xstilts.errors import UserError
from xstilts.grid import Grid
from xstilts.runtime.job import Job
from xstilts.runtime.processes import spawn_processes
from xstilts.store.jsonfiles import write_json

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


@pytest.mark.parametrize("name", ["none", "all", "my+reviews"])
def test_a_name_that_no_stage_can_have_is_refused(name: str):
    with pytest.raises(ConfigError, match="no task can have this name; give yours another one"):
        experiments.declared(parse({"tasks": {name: RAW["tasks"]["reviews"]}}))


NLI = ["contradiction", "entailment", "neutral"]


@pytest.mark.parametrize(
    ("local", "key", "problem"),
    [
        ({"languages": ["en", "xx"]}, "languages", "unknown language"),
        ({"stage": "xnli"}, "stage", "unknown task, or one without training data"),
        ({"stage": "squad_v1"}, "stage", "this task is span, and 'reviews' is classification"),
        ({"stage": "mnli"}, "labels", "of 'mnli'.* are contradiction, entailment, neutral; expected the same"),
        ({"stage": "mnli", "labels": [NLI[1], NLI[0], NLI[2]]}, "labels", "the same ones in order"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_key(local: dict, key: str, problem: str):
    with pytest.raises(ConfigError, match=rf"config key 'tasks\.reviews\.local\.{key}': .*{problem}"):
        names(**local)


def test_jobs_read_the_labels_in_their_order(tmp_path: Path):
    labels = {"good": "positive", "bad": "negative"}
    config = parse(described(labels=labels, stage=None))
    write_json(tmp_path / "config.json", config.model_dump(mode="json", exclude_unset=True))
    again = experiments.read_whole(tmp_path / "config.json")
    (mine, other) = (one.tasks["reviews"].local.words for one in (config, again))
    assert list(mine.items()) == list(other.items()) == list(labels.items())


def test_a_process_that_is_given_a_job_knows_the_tasks_of_its_configuration():
    config = parse(RAW)
    with tasks.declared(experiments.own_tasks(config)):
        grid = Grid(config, Words())
        job = Job(config, grid, next(iter(grid.entries.values())))
    spawn_processes(2, require_known, job)


def require_known(job: Job) -> None:
    assert tasks.load("reviews").labels == ("negative", "positive")
    assert job.config.tasks["reviews"].local.format == "jsonl"


@pytest.mark.parametrize(
    "local",
    [
        {"languages": ["de", "en", "fr"]},
        {"title": "Reviews", "licence": "CC0"},
        {"delimiter": ","},
        {"metric": "accuracy"},
        {"left_out": []},
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
    raw = described(files={"test": "test.{lang}"}, stage="mnli", labels=NLI)
    raw["grid"]["intermediates"] = ["none"]
    config = experiments.declared(parse(raw))
    (cell, *_) = Grid(config, Words()).cells
    assert "/mnli~" in cell.predictions.path


def test_the_metric_that_selects_a_checkpoint_is_part_of_the_name_of_its_model():
    tagging = {"kind": "tagging", "format": "conll", "columns": {}, "labels": []}
    plain, entities = (names(**tagging, metric=metric)["train_stage"] for metric in (None, "chunks"))
    assert not plain & entities
    assert plain == names(**tagging, metric="word_accuracy")["train_stage"]


def test_every_stage_of_the_shipped_configuration_that_has_the_name_of_a_task_trains_on_it():
    config = experiments.read()
    named = [name for name in config.stages if name in tasks.names()]
    assert "tydiqa_mt" in named
    assert {name: config.stage(name).tasks for name in named} == {name: (name,) for name in named}
