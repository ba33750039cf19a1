"""The jobs that predict and score a target use the configuration and the data."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiny
from jobs import Experiment
from recipes import renamed
from released import question, squad, write

from xstilts import kinds
from xstilts.config import Retrieval, TaskSettings
from xstilts.experiments import open_grid
from xstilts.jobs import encode_task, predict
from xstilts.prediction import retrieval
from xstilts.prediction.forward import Request
from xstilts.prediction.xtreme_files import read
from xstilts.store.drafts import publishing
from xstilts.task import Task

RIVERS = {"en": "the river", "de": "eines Flusses", "es": "los ríos", "zh": "北京市"}
"""A sentence and answer in each language; the predictions leave out its first or its last word."""
FOUND = {"en": "river", "de": "Flusses", "es": "ríos", "zh": "北京"}


def experiment(folder: Path, target: str, **settings) -> Experiment:
    """A target on the encoder as it is, or after its own stage."""
    grid = {"encoders": ["toy"], "intermediates": ["none"], "targets": [target], "seeds": [1]}
    return Experiment(folder, {"source": "release", "grid": grid, **settings})


def test_mlqa_is_scored_on_its_split_by_the_rules_of_each_language(tmp_path: Path, tiny_tokenizer):
    for split in ("dev", "test"):
        # The answers of test are others, so that it is seen which split is scored.
        answer = {"dev": lambda text: text, "test": lambda text: text[0]}[split]
        files = {
            f"MLQA_V1/{split}/{split}-context-{lang}-question-{lang}.json": squad(
                question(text=answer(text), start=0), context=text
            )
            for lang, text in RIVERS.items()
        }
        write(tmp_path / "data" / "mlqa", files)
    tiny.encoder(tmp_path / "toy", tiny_tokenizer, max_position_embeddings=600)
    encoders = {"toy": {"path": str(tmp_path / "toy")}}
    world = experiment(tmp_path, "mlqa", languages=list(RIVERS), encoders=encoders, tasks={"mlqa": {"split": "dev"}})
    world.run("read_task", "mlqa.evaluate")
    (predictions,) = (entry for entry in open_grid(world.config).entries.values() if entry.step == "predict")
    with publishing(world.config.store, predictions) as draft:
        folder = draft.folder / "predictions"
        write(folder, {f"mlqa/dev-{lang}.json": json.dumps({"q1": found}) for lang, found in FOUND.items()})
    scores = world.run("score", "scores")
    record = json.loads((scores / "scores.json").read_text())
    assert record["split"] == "dev"
    assert {lang: one["scores"]["f1"] for lang, one in record["languages"].items()} == pytest.approx(
        {"en": 100, "de": 100, "es": 100, "zh": 80}
    )
    units = pq.read_table(scores / "examples.parquet").to_pydict()
    exact = dict(zip(units["language"], units["exact_match"], strict=True))
    assert exact == {"en": 1, "de": 1, "es": 1, "zh": 0}


def bitext(split: str) -> dict[str, str]:
    return {
        f"de-en.{split}.de": f"de-{split}\tDer Fluss.\n",
        f"de-en.{split}.en": f"en-{split}\tThe river.\n",
        f"de-en.{split}.gold": f"de-{split}\ten-{split}\n",
    }


@pytest.fixture
def bucc(tmp_path: Path, tiny_tokenizer) -> Experiment:
    """One pair of sentences, and an encoder with settings of its own for them."""
    write(tmp_path / "data" / "bucc2018", bitext("dev") | bitext("test"))
    tiny.encoder(tmp_path / "toy", tiny_tokenizer, max_position_embeddings=600)
    encoders = {
        "toy": {"path": str(tmp_path / "toy"), "retrieval": {"layer": 2, "pooling": "cls", "precision": "fp32"}}
    }
    return experiment(tmp_path, "bucc2018", languages=["de"], encoders=encoders)


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """What is asked of the miner, which always finds the pair."""
    asked = []
    monkeypatch.setattr(
        retrieval, "predict", lambda request, _: asked.append(request) or {"de": [("de-test", "en-test")]}
    )
    return asked


def test_jobs_get_settings_by_their_names_in_the_configuration(
    bucc: Experiment, requests: list[Request], monkeypatch: pytest.MonkeyPatch
):
    kind, encoded = kinds.load("retrieval"), []
    encode = kind.encode

    def keeping(examples: pa.Table, tokenizer, task: Task, settings: TaskSettings) -> pa.Table:
        encoded.append(settings)
        return encode(examples, tokenizer, task, tiny.SETTINGS)

    monkeypatch.setattr(kind, "encode", keeping)
    lengths = renamed(TaskSettings, "max_length", "longest")
    for module in (encode_task, predict):
        monkeypatch.setattr(module, "TaskSettings", lengths)
    monkeypatch.setattr(predict, "Retrieval", renamed(Retrieval, "pooling", "vector"))
    for step in ("read_task", "encode_task"):
        bucc.run(step, "bucc2018.evaluate")
    bucc.run("predict", "bucc2018")
    (request,) = requests
    # Dev and test of one language, and the request.
    assert [*encoded, request.settings] == [lengths(longest=512)] * 3
    assert request.options == {"layer": 2, "vector": "cls", "precision": "fp32"}


def test_bucc_is_mined_with_the_settings_of_its_encoder_and_with_dev_beside_test(
    bucc: Experiment, requests: list[Request]
):
    for step in ("read_task", "encode_task"):
        bucc.run(step, "bucc2018.evaluate")
    predicted = bucc.run("predict", "bucc2018")
    (request,) = requests
    assert request.options == {"layer": 2, "pooling": "cls", "precision": "fp32"}
    assert (request.split, list(request.splits), request.task.name) == ("test", ["dev", "test"], "bucc2018")
    for split, parts in request.splits.items():
        examples, features = parts["de"]
        assert examples["id"].to_pylist() == [f"de-{split}", f"en-{split}"]
        assert features.num_rows == 2
    assert read(predicted / "predictions" / "bucc2018" / "test-de.tsv", "pairs") == [("de-test", "en-test")]
