"""A task may take its labels from its training data; all its models use them."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import tiny
from jobs import Experiment
from recipes import renamed

from xstilts import tasks
from xstilts.config import TaskSettings
from xstilts.errors import DataError
from xstilts.features import arrow
from xstilts.jobs import train_stage
from xstilts.runtime.job import Job
from xstilts.sources import labels

pytestmark = pytest.mark.thorough

TRAIN = "Ada built it\tNP (S\\NP)/NP NP\nAda sleeps\tNP S\\NP\n"
DEV = "it sleeps\tNP S\\NP\nAda runs fast\tNP S/PP NP\n"
"""The tag `S/PP` does not occur in the training data."""

SORTED = ["(S\\NP)/NP", "NP", "S\\NP"]
SETTINGS = {
    "grid": {"encoders": ["toy"], "intermediates": ["none"], "targets": ["ccg"]},
    "training": {"learning_rate": 0.01, "epochs": 4, "batch_size": 2, "evaluate_every": 2},
    "tasks": {"ccg": {"max_length": 64, "split": "dev"}},
}


@pytest.fixture
def world(tmp_path, tiny_tokenizer) -> Experiment:
    """Supertags as a target of their own, evaluated on dev, with a tiny encoder."""
    folder = tmp_path / "data" / "ccg"
    folder.mkdir(parents=True)
    for name, text in (("train", TRAIN), ("dev", DEV)):
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
    tiny.encoder(tmp_path / "encoder", tiny_tokenizer)
    return Experiment(tmp_path, SETTINGS | {"encoders": {"toy": {"path": str(tmp_path / "encoder")}}})


def list_ids(world: Experiment, *tags: str) -> None:
    """Put a list of supertags beside the data."""
    ids = {tag: number for number, tag in enumerate(tags)}
    (world.folder / "data/ccg/tags_to_id.json").write_text(json.dumps(ids), encoding="utf-8")


def read(world: Experiment) -> Path:
    return world.run("read_task", "ccg.train")


def test_reading_training_data_leaves_their_tags_beside_them(world):
    folder = read(world)
    assert json.loads((folder / "labels.json").read_text()) == SORTED
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["train.en"]["labels"] == {"NP": 3, "(S\\NP)/NP": 1, "S\\NP": 1}
    assert "labels.json" in manifest["files"]


def test_a_list_of_ids_gives_the_labels_and_another_name(world):
    before = world.entry("read_task", "ccg.train").path
    list_ids(world, "S\\NP", "NP", "N", "(S\\NP)/NP")
    folder = read(world)
    assert json.loads((folder / "labels.json").read_text()) == ["S\\NP", "NP", "N", "(S\\NP)/NP"]
    assert world.entry("read_task", "ccg.train").path != before


def test_a_dev_tag_may_be_missing_in_the_list_a_training_tag_may_not(world):
    list_ids(world, *SORTED)
    read(world)
    list_ids(world, "NP", "S\\NP")
    with pytest.raises(DataError, match=r"train.tsv, line 1: found the tag .* on word 2, 'built'"):
        read(world)


def test_a_limit_cuts_the_labels_as_well(world):
    world.settings["limit"] = {"train": 1}
    assert json.loads((read(world) / "labels.json").read_text()) == ["(S\\NP)/NP", "NP"]


def test_each_split_is_cut_at_a_limit_of_its_own(world):
    for limit in ({"train": 1}, {"dev": 1}):
        world.settings["limit"] = limit
        manifest = json.loads((read(world) / "manifest.json").read_text())
        assert [manifest[f"{split}.en"]["rows"] for split in ("train", "dev")] == [
            limit.get("train", 2),
            limit.get("dev", 2),
        ]


def test_a_task_with_labels_of_its_own_keeps_them(tmp_path):
    task = tasks.load("udpos")
    assert labels.of_data(task, tmp_path).labels == labels.of_model(task, tmp_path).labels == task.labels


def test_labels_of_several_languages_add_up(tmp_path):
    task = tasks.load("ccg")
    for tags in (["N", "NP"], ["S", "N"]):
        labels.keep(tmp_path, task, tiny.table("tagging", [{"id": "0", "words": tags, "tags": tags}]))
    assert labels.of_data(task, tmp_path).labels == ("N", "NP", "S")


@pytest.fixture
def trained(world) -> Experiment:
    """The same after its training."""
    for role in ("train", "evaluate"):
        world.run("read_task", f"ccg.{role}")
        world.run("encode_task", f"ccg.{role}")
    world.run("train_stage", "ccg")
    return world


def test_features_have_the_ids_of_these_labels_and_a_dev_tag_beside_them_is_ignored(world):
    read(world)
    folder = world.run("encode_task", "ccg.train")
    for split, expected in (("train", [[1, 0, 1], [1, 2]]), ("dev", [[1, 2], [1, -100, 1]])):
        table = arrow.read(folder / f"{split}.en.arrow").to_pylist()
        assert [[row["labels"][place] for place in row["words"]] for row in table] == expected


def test_a_training_gets_lengths_by_their_names_in_the_configuration(world, monkeypatch: pytest.MonkeyPatch):
    given = []
    for step in ("read_task", "encode_task"):
        world.run(step, "ccg.train")
    monkeypatch.setattr(train_stage, "TaskSettings", renamed(TaskSettings, "max_length", "longest"))
    monkeypatch.setattr(train_stage.training, "train", lambda *arguments, **_: given.append(arguments[2]["ccg"]))
    with pytest.raises(FileNotFoundError, match=r"training\.json"):
        world.run("train_stage", "ccg")
    assert [data.settings.longest for data in given] == [64]


def test_the_model_chooses_among_these_labels(trained):
    folder = trained.config.store / trained.entry("train_stage", "ccg").path
    assert list(json.loads((folder / "config.json").read_text())["id2label"].values()) == SORTED
    assert labels.of_model(tasks.load("ccg"), folder).labels == tuple(SORTED)


def test_the_labels_of_a_model_are_in_the_order_of_their_numbers_and_not_of_their_digits(tmp_path):
    numbered = {"0": "a", "1": "b", "10": "k", **{str(n): letter for n, letter in enumerate("cdefghij", 2)}}
    (tmp_path / "config.json").write_text(json.dumps({"id2label": numbered}, sort_keys=True), encoding="utf-8")
    assert labels.of_model(tasks.load("ccg"), tmp_path).labels == tuple("abcdefghijk")


def test_predictions_are_of_these_labels_and_a_tag_beside_them_counts_as_wrong(trained):
    folder = trained.run("predict", "ccg")
    lines = (folder / "predictions/ccg/dev-en.tsv").read_text(encoding="utf-8").splitlines()
    found, gold = [line for line in lines if line], "NP S\\NP NP S/PP NP".split()
    assert set(found) <= set(SORTED)
    scores = json.loads((trained.run("score", "ccg") / "scores.json").read_text(encoding="utf-8"))["languages"]["en"]
    right = sum(one == other for one, other in zip(found, gold, strict=True))
    assert scores == {"n": 2, "scores": {"accuracy": right * 20}, "main_score": right * 20}


def test_evaluation_data_alone_have_no_labels(trained):
    folder = trained.config.store / trained.entry("read_task", "ccg.evaluate").path
    assert not (folder / "labels.json").exists()
    assert pq.read_table(folder / "dev.en.parquet").num_rows == 2


def test_a_file_that_somebody_has_put_beside_the_data_is_not_taken_for_another_language(world):
    folder = world.run("read_task", "ccg.evaluate")
    shutil.copyfile(folder / "dev.en.parquet", folder / "dev.de.parquet")
    encoded = world.run("encode_task", "ccg.evaluate")
    assert [file.name for file in encoded.glob("*.arrow")] == ["dev.en.arrow"]
    predicted = world.entry("predict", "ccg")
    this = Job(world.config, None, predicted)
    assert this.data("dev") == {"en": folder / "dev.en.parquet"}
