"""Files of the hub are downloaded completely, once, at the pinned revision, or the error says what to do."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest
from datasets import List, Value
from hub_server import cut, serving, short, status, table
from huggingface_hub import constants

from xstilts import experiments
from xstilts.config import parse
from xstilts.errors import UserError
from xstilts.sources import hub
from xstilts.task import Repository

pytestmark = pytest.mark.thorough

PETS = Repository("kennel/pets", "0123456789abcdef0123456789abcdef01234567")
TRAIN = {f"cats/train-{n:05}-of-00002.parquet": f"cats {n}".encode() * 1000 for n in range(2)}
FILES = {**TRAIN, "cats/test-00000-of-00001.parquet": b"mice", "dogs/train-00000-of-00001.parquet": b"bones"}


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The hub, as far as huggingface_hub is concerned, with an empty cache; waiting takes no time."""
    with serving() as server:
        server.datasets[PETS] = dict(FILES)
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(time, "sleep", lambda seconds: None)
        yield server


@pytest.fixture
def offline(monkeypatch):
    """Cut off the network."""
    return lambda: monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


def fetch(patterns=("cats/train-*.parquet",)):
    folder = hub.snapshot(PETS, list(patterns))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(patterns=("cats/train-*.parquet",)) -> str:
    with pytest.raises(UserError) as caught:
        fetch(patterns)
    assert str(caught.value).startswith(f"kennel/pets on the hub at revision {PETS.revision}: ")
    assert "HF_ENDPOINT" in str(caught.value)
    assert "`source: release`" in str(caught.value)
    return str(caught.value)


def test_only_the_files_that_are_asked_for_are_fetched(server):
    assert fetch() == TRAIN
    assert [line for line in server.requests if "dogs" in line or "test" in line] == []


def test_what_is_in_the_cache_is_not_asked_for_again(server, offline):
    fetch()
    server.requests.clear()
    assert fetch() == TRAIN
    offline()
    assert fetch() == TRAIN
    assert server.requests == []


@pytest.mark.parametrize("where", ["GET /api", "HEAD ", "GET /datasets"])
@pytest.mark.parametrize("code", [429, 503])
def test_a_busy_server_is_asked_again(server, where, code):
    server.faults = [(where, status(code))]
    assert fetch() == TRAIN
    assert server.faults == []


def test_a_server_that_stays_busy_is_given_up(server, capsys):
    server.faults = [("GET /datasets", status(503))] * 99
    assert "the server answered 503 Service Unavailable, in 6 attempts" in refused()
    assert "kennel/pets: the server answered 503 Service Unavailable; retrying in 2 s" in capsys.readouterr().out


@pytest.mark.parametrize("fault", [cut, short])
def test_half_a_file_is_fetched_again(server, fault):
    server.faults = [("GET /datasets", fault)]
    assert fetch() == TRAIN
    assert server.faults == []


def test_a_connection_that_is_always_cut_is_given_up_and_leaves_nothing_half(server):
    server.faults = [("GET /datasets", short)] * 99
    assert "Consistency check failed" in (message := refused())
    assert "in 6 attempts" in message
    server.faults = []
    assert fetch() == TRAIN


def test_a_server_that_is_not_there_is_named(server, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert "ConnectError" in refused()


@pytest.mark.parametrize(
    ("fault", "texts"),
    [
        (
            status(404, X_Error_Code="RepoNotFound"),
            ["the repository does not exist or is private", "`hf auth login`"],
        ),
        (status(401, X_Error_Code="GatedRepo"), ["the repository is gated", "datasets/kennel/pets", "`hf auth login`"]),
        (status(401, X_Error_Message="Invalid credentials in Authorization header"), ["401 Unauthorized", "token"]),
        (status(403), ["the server answered 403 Forbidden", "`hf auth login`"]),
        (status(404, X_Error_Code="RevisionNotFound"), ["the revision does not exist any more"]),
        (status(400), ["the server answered 400 Bad Request"]),
    ],
)
def test_what_will_not_pass_is_said_at_once(server, fault, texts):
    server.faults = [("GET /api", fault)] * 99
    message = refused()
    for text in texts:
        assert text in message
    assert len(server.requests) == 1


def test_a_repository_that_went_away_is_said_to_be_none(server):
    server.datasets.clear()
    assert "the repository does not exist" in refused()


def test_a_revision_that_went_away_is_said_to_be_none(server):
    server.datasets = {Repository(PETS.name, "f" * 40): FILES}
    assert "the revision does not exist any more" in refused()


def test_a_repository_without_the_files_is_refused(server):
    assert "has no file cats/dev-*.parquet" in refused(["cats/train-*.parquet", "cats/dev-*.parquet"])


def test_a_repository_without_one_of_its_shards_is_refused(server):
    del server.datasets[PETS]["cats/train-00001-of-00002.parquet"]
    assert "has 1 of 2 files cats/train-*.parquet" in refused()


@pytest.mark.parametrize("name", ["cats/train-all.parquet", "cats/train-00000-of-00003.parquet"])
def test_files_that_are_no_shards_of_one_table_are_refused(server, name):
    server.datasets[PETS] = FILES | {name: b"more"}
    assert "which are not the shards of one table" in refused()


def test_a_shard_that_is_there_twice_does_not_stand_for_another_one(server):
    server.datasets[PETS] = FILES | {"cats/train-old-00001-of-00002.parquet": b"more"}
    assert "has 3 of 2 files cats/train-*.parquet" in refused()


def test_an_empty_cache_offline_is_said_to_be_one(server, offline):
    offline()
    assert "some files are not in the cache, and HF_HUB_OFFLINE is set: unset it for one run" in refused()
    assert server.requests == []


def test_half_a_cache_offline_is_never_taken_for_all(server, offline, tmp_path):
    fetch()
    (lost,) = tmp_path.rglob("snapshots/*/cats/train-00001-of-00002.parquet")
    lost.unlink()
    offline()
    assert "HF_HUB_OFFLINE is set" in refused()


def test_nor_is_one_that_does_not_know_what_it_lacks(server, offline, tmp_path, monkeypatch):
    fetch()
    but = shutil.ignore_patterns("trees", "*-00001-of-00002.parquet")
    shutil.copytree(tmp_path / "cache", tmp_path / "copied", symlinks=True, ignore=but)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "copied"))
    offline()
    assert "has 1 of 2 files cats/train-*.parquet" in refused()


CONFIG = {
    "source": "hub",
    "encoders": {"tiny": {"path": "nowhere"}},
    "grid": {"encoders": ["tiny"], "targets": ["xquad"]},
    "tasks": {"xquad": {"languages": ["de"]}},
}
PIN = Repository("google/xquad", "51adfef1c1287aab1d2d91b5bead9bcfb9c68583")
STRING = Value("string")
QUESTIONS = table(
    [{"id": "q", "context": "Ada wohnt hier.", "question": "Wer?", "answers": {"text": ["Ada"], "answer_start": [2]}}],
    id=STRING,
    context=STRING,
    question=STRING,
    answers={"text": List(STRING), "answer_start": List(Value("int32"))},
)


def test_a_job_fetches_and_reads_and_does_so_again_without_a_network(server, tmp_path):
    server.datasets[PIN] = {"xquad.de/validation-00000-of-00001.parquet": QUESTIONS}

    def job(name: str, **environment: str):
        raw = {**CONFIG, "store": str(tmp_path / name)}
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(raw))
        entries = experiments.open_grid(parse(raw)).entries
        (entry,) = (entry for entry in entries.values() if (entry.step, entry.about.task) == ("read_task", "xquad"))
        command = [sys.executable, "-m", "xstilts", "read_task", entry.path, "--config", str(file)]
        home = {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": server.url, "PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.run(command, env=os.environ | home | environment, capture_output=True, text=True, check=False)

    first = job("first")
    assert first.returncode == 0, first.stderr
    assert "corrected the answer offsets of 1 questions in 'de'" in first.stdout
    assert "test.de: 1 rows from " in first.stdout
    server.requests.clear()
    again = job("second", HF_HUB_OFFLINE="1")
    assert again.returncode == 0, again.stderr
    assert server.requests == []
    empty = job("third", HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path / "other"))
    assert empty.returncode == 1
    assert empty.stderr.strip().startswith("error: google/xquad on the hub at revision 51adfef")
