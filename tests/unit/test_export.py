"""A finished intermediate becomes an ordinary Hugging Face folder with a card, and is uploaded on request."""

import json
import os
import subprocess
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
import transformers
from fabricated import WORKFLOW, World, cell, of_step
from grids import without_fingerprints
from hub_server import Server, serving
from huggingface_hub import ModelCard
from transformers import AutoModel, AutoTokenizer

from xstilts import tasks
from xstilts.commands import export as command
from xstilts.errors import UserError
from xstilts.experiments import open_grid
from xstilts.grid import Grid
from xstilts.kinds import retrieval
from xstilts.models import encoders, tokenization
from xstilts.paths import TRAINING_RECORD
from xstilts.prediction.embed import embed
from xstilts.publication import card, export
from xstilts.publication.card import Exported
from xstilts.publication.vectors import Vectors
from xstilts.sources.checkpoints import Checkpoint
from xstilts.steps.entry import Entry
from xstilts.store.drafts import publishing
from xstilts.store.jsonfiles import write_json
from xstilts.store.weights import remove_weights

pytestmark = pytest.mark.thorough

LAYERS = 3
ON_HUB = {
    "repository": "FacebookAI/xlm-roberta-base",
    "revision": "e" * 40,
    "retrieval": {"layer": 2, "max_length": 16},
}
SETTINGS = {
    "source": "hub",
    "encoders": {"toy": ON_HUB},
    "grid": {
        "encoders": ["toy"],
        "intermediates": ["none", "mnli", "squad_v1/mnli"],
        "targets": ["xnli", "tatoeba"],
        "seeds": [1],
    },
}
SCORES = {"none": {"xnli": 60.0, "tatoeba": 20.0}, "squad_v1/mnli": {"xnli": 65.5, "tatoeba": 30.25}}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def trained(world: World, tokenizer, model_type: str = "xlm-roberta", intermediate: str = "squad_v1/mnli") -> Grid:
    """A store in which an intermediate and the scores of two rows are finished."""
    grid = open_grid(world.config(**SETTINGS))
    model = cell(grid, intermediate, "tatoeba").predictions.inputs["model"]
    with publishing(world.store, model) as draft:
        checkpoint = tiny.encoder(draft.folder, tokenizer, model_type, num_hidden_layers=LAYERS)
        config = transformers.AutoConfig.from_pretrained(checkpoint.name, num_labels=3)
        transformers.AutoModelForSequenceClassification.from_config(config).save_pretrained(draft.folder)
        (draft.folder / TRAINING_RECORD).write_text(json.dumps({"best": {"score": 81.25, "step": 10}}))
    for row, targets in SCORES.items():
        for target, value in targets.items():
            _score(world, cell(grid, row, target).scores, value)
    return grid


def _score(world: World, entry: Entry, value: float, **unlabelled: None) -> None:
    languages = {lang: {"n": 5, "scores": {"accuracy": value}, "main_score": value} for lang in ("en", "de")}
    languages |= {lang: {"n": 5, "scores": None, "main_score": None} for lang in unlabelled}
    with publishing(world.store, entry) as draft:
        write_json(draft.folder / "scores.json", {"split": "test", "languages": languages})


def run(world: World, intermediate: str = "squad_v1/mnli", to: str = "out") -> Path:
    """The command."""
    options = {"encoder": None, "seed": None, "to": world.folder / to}
    command.run(Namespace(config=[world.file(**SETTINGS)], directory=Path(), intermediate=intermediate, **options))
    return world.folder / to


def test_the_folder_is_a_checkpoint_with_the_very_files_of_the_model(world: World, tiny_tokenizer):
    grid = trained(world, tiny_tokenizer)
    folder = run(world)
    source = world.store / cell(grid, "squad_v1/mnli", "tatoeba").predictions.inputs["model"].path
    for name in ("config.json", "model.safetensors", "tokenizer.json", TRAINING_RECORD):
        assert (folder / name).read_bytes() == (source / name).read_bytes()
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert model(**tokenizer("A wooden shed.", return_tensors="pt")).last_hidden_state.shape[-1] == 32
    assert not (folder / "manifest.json").exists()


def test_the_model_before_a_target_s_own_training_is_exported_where_no_target_uses_it_as_it_is(
    world: World, tiny_tokenizer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(SETTINGS, "grid", SETTINGS["grid"] | {"targets": ["xnli"]})
    grid = open_grid(world.config(**SETTINGS))
    model = cell(grid, "mnli", "xnli").predictions.inputs["model"].inputs["parent"]
    with publishing(world.store, model) as draft:
        tiny.encoder(draft.folder, tiny_tokenizer)
        (draft.folder / TRAINING_RECORD).write_text(json.dumps({"best": None}))
    card = (run(world, "mnli") / "README.md").read_text()
    assert "none, its dev set has no labels" in card
    assert "No target has been scored yet." in card


def test_the_model_before_all_stages_of_a_target_is_exported(
    world: World, tiny_tokenizer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(SETTINGS, "grid", SETTINGS["grid"] | {"targets": ["xnli"]})
    monkeypatch.setitem(SETTINGS, "targets", {"xnli": {"stage": "udpos/mnli"}})
    grid = open_grid(world.config(**SETTINGS))
    after = cell(grid, "squad_v1/mnli", "xnli").predictions.inputs["model"]
    own = after.inputs["parent"].inputs["parent"]
    assert own.about.stages == ("squad_v1", "mnli")
    with publishing(world.store, own) as draft:
        tiny.encoder(draft.folder, tiny_tokenizer)
    found = export.find(world.config(**SETTINGS), grid, "toy", "squad_v1/mnli", 1)
    assert [stage.about.stages[-1] for stage in found.stages] == ["squad_v1", "mnli"]


def test_the_card_says_what_the_model_is_made_of(world: World, tiny_tokenizer):
    trained(world, tiny_tokenizer)
    card = ModelCard.load(run(world) / "README.md")
    assert card.data.base_model == ON_HUB["repository"]
    assert card.data.datasets == sorted(tasks.load(name).hub[0].repository.name for name in ("mnli", "squad_v1"))
    assert card.data.language == ["en"]
    text = card.text
    assert "# toy after squad_v1/mnli" in text
    assert "trained on squad_v1, then mnli" in text
    rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines()]
    assert ["", "setting", "squad_v1", "mnli", ""] in rows
    assert ["", "batch_size", "16", "32", ""] in rows
    assert "Dev score of the last stage, in percent: 81.2." in text
    for name, title in (("squad_v1", "SQuAD 1.1"), ("mnli", "MultiNLI")):
        hub, task = tasks.load(name).hub[0].repository, tasks.load(name)
        link = f"[{hub.name}](https://huggingface.co/datasets/{hub.name}) at {hub.revision[:7]}"
        assert ["", title, link, task.licence, ""] in rows
        assert f"- {title}: {task.citation}" in text.splitlines()
    assert f"**MultiNLI.** {tasks.load('mnli').notes}" in text.splitlines()
    assert "**SQuAD 1.1.**" not in text
    assert "phang-etal-2020-english" in text
    assert "hu-etal-2020-xtreme" in text
    assert str(world.folder) not in card.content


def test_the_card_has_the_scores_beside_those_without_an_intermediate(world: World, tiny_tokenizer):
    trained(world, tiny_tokenizer)
    rows = [line.split() for line in (run(world) / "README.md").read_text().splitlines()]
    assert ["|", "xnli", "|", "mnli", "|", "de", "en", "|", "65.5", "|", "60.0", "|"] in rows
    assert ["|", "tatoeba", "|", "none", "|", "de", "|", "30.2", "|", "20.0", "|"] in rows


def vectors(folder: Path, texts: list[str], layer: int, pooling: str) -> np.ndarray:
    """The vectors that retrieval compares."""
    checkpoint = Checkpoint(str(folder))
    tokenizer = tokenization.load_tokenizer(checkpoint)
    table = tiny.table("retrieval", [{"id": str(n), "side": "english", "text": t} for n, t in enumerate(texts)])
    features = retrieval.encode(table, tokenizer, tasks.load("tatoeba"), Namespace(max_length=16))
    encoder = encoders.load_encoder(checkpoint)
    return embed(encoder, features, pad_token_id=tokenizer.pad_token_id, layer=layer, pooling=pooling)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_sentence_transformers_gives_the_vectors_of_retrieval(
    world: World, tiny_tokenizer, pooling: str, monkeypatch: pytest.MonkeyPatch
):
    library = pytest.importorskip("sentence_transformers")
    monkeypatch.setitem(ON_HUB["retrieval"], "pooling", pooling)
    trained(world, tiny_tokenizer)
    folder = run(world)
    texts = ["Grey wool.", "The harbour master keeps forty-two lanterns in a wooden shed and lights them one by one."]
    made = library.SentenceTransformer(str(folder), device="cpu").encode(texts)
    assert np.allclose(made, vectors(folder, texts, 2, pooling), atol=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_its_files_say_layer_pooling_and_length(world: World, tiny_tokenizer, pooling: str, monkeypatch):
    monkeypatch.setitem(ON_HUB["retrieval"], "pooling", pooling)
    trained(world, tiny_tokenizer)
    folder = run(world)
    settings = json.loads((folder / "sentence_bert_config.json").read_text())
    assert (settings["max_seq_length"], settings["config_args"]) == (16, {"num_hidden_layers": 2})
    modes = json.loads((folder / "1_Pooling" / "config.json").read_text())
    assert [name for name, value in modes.items() if value is True] == [
        {"mean": "pooling_mode_mean_tokens", "cls": "pooling_mode_cls_token"}[pooling]
    ]
    cut = AutoModel.from_pretrained(folder, num_hidden_layers=2).eval()
    inputs = AutoTokenizer.from_pretrained(folder)("Grey wool.", return_tensors="pt")
    with torch.inference_mode():
        states = cut(**inputs).last_hidden_state[0].numpy()
    made = states.mean(0) if pooling == "mean" else states[0]
    assert np.allclose(made, vectors(folder, ["Grey wool."], 2, pooling)[0], atol=1e-5)


SEVERAL = {
    **SETTINGS,
    "encoders": {"toy": ON_HUB, "other": {**ON_HUB, "revision": "a" * 40}},
    "grid": {**SETTINGS["grid"], "encoders": ["toy", "other"], "seeds": [1, 2]},
}


def test_the_model_is_that_of_the_encoder_and_the_seed_that_are_named(world: World):
    grid = open_grid(world.config(**SEVERAL))
    world.finish(of_step(grid, "train_stage"))
    for encoder, seed in (("toy", 2), ("other", 1), ("other", 2)):
        found = export.find(grid.config, grid, encoder, "squad_v1/mnli", seed)
        assert [without_fingerprints(stage.path) for stage in found.stages] == [
            f"models/{encoder}/squad_v1/seed-{seed}",
            f"models/{encoder}/squad_v1/mnli/seed-{seed}",
        ]


def test_the_card_has_scores_of_its_own_encoder_and_seed_and_a_dash_where_a_language_has_none(world: World):
    grid = open_grid(world.config(**SEVERAL))
    cells = {(one.encoder, one.intermediate, one.target, one.seed): one for one in grid.cells}
    for place, one in enumerate(one for one in grid.cells if one.target == "xnli"):
        _score(world, one.scores, 10.0 + place)
    mine = cells["other", "squad_v1/mnli", "tatoeba", 2]
    _score(world, mine.scores, 45.0)
    _score(world, cells["other", "none", "tatoeba", 2].scores, 30.0, de=None)
    model = mine.predictions.inputs["model"]
    stage = model.inputs["parent"].spec["stage"] | {"languages": ("de",)}
    parent = replace(model.inputs["parent"], spec={"stage": stage})
    (world.folder / TRAINING_RECORD).write_text(json.dumps({"best": {"score": 81.25, "step": 10}}))
    card.write(
        grid.config,
        grid,
        Exported("other", "squad_v1/mnli", 2, (parent, model)),
        Vectors(2, LAYERS, "mean", 32, True),
        world.folder,
    )
    rows = [line.split() for line in (world.folder / "README.md").read_text().splitlines()]
    assert ModelCard.load(world.folder / "README.md").data.language == ["de", "en"]
    # In the order of cells: three rows of two seeds for each encoder.
    assert ["|", "xnli", "|", "mnli", "|", "de", "en", "|", "21.0", "|", "17.0", "|"] in rows
    assert ["|", "tatoeba", "|", "none", "|", "de", "|", "45.0", "|", "—", "|"] in rows


def test_where_a_norm_follows_the_last_layer_there_are_no_files_for_sentence_transformers(
    world: World, tiny_tokenizer, capsys: pytest.CaptureFixture
):
    trained(world, tiny_tokenizer, "xlm-roberta-xl")
    folder = run(world)
    assert not (folder / "modules.json").exists()
    assert "not usable with sentence-transformers" in capsys.readouterr().out
    assert ModelCard.load(folder / "README.md").data.library_name == "transformers"


def test_a_model_that_is_not_finished_is_not_exported(world: World):
    with pytest.raises(UserError, match="is not trained yet; run snakemake"):
        run(world)
    assert not (world.folder / "out").exists()


def test_a_model_whose_weights_were_discarded_is_not_exported(world: World, tiny_tokenizer):
    grid = trained(world, tiny_tokenizer)
    remove_weights(world.store, cell(grid, "squad_v1/mnli", "tatoeba").predictions.inputs["model"])
    with pytest.raises(UserError, match=r"were removed \(keep_models: false\)"):
        run(world)


def test_a_damaged_model_is_not_exported(world: World, tiny_tokenizer):
    grid = trained(world, tiny_tokenizer)
    model = cell(grid, "squad_v1/mnli", "tatoeba").predictions.inputs["model"]
    file = world.store / model.path / "tokenizer.json"
    file.write_bytes(file.read_bytes()[::-1])
    with pytest.raises(UserError, match="has changed since it was written"):
        run(world)


def test_an_intermediate_may_be_spelled_in_another_way(world: World, tiny_tokenizer):
    trained(world, tiny_tokenizer)
    assert (run(world, "squad_v1@en/mnli") / "config.json").is_file()


def test_the_bare_encoder_and_an_unknown_intermediate_are_not_exported(world: World):
    with pytest.raises(UserError, match="'none' is the encoder"):
        run(world, "none")
    with pytest.raises(UserError, match="Did you mean 'mnli'"):
        run(world, "mnlii")


def test_a_folder_that_is_there_stays_as_it_is(world: World, tiny_tokenizer):
    trained(world, tiny_tokenizer)
    (world.folder / "out").mkdir()
    with pytest.raises(UserError, match="exists; give a new folder"):
        run(world)
    assert list((world.folder / "out").iterdir()) == []


@pytest.fixture
def hub():
    with serving() as server:
        yield server


def push(world: World, hub: Server, *options: str, token: str | None = "hf_writer") -> subprocess.CompletedProcess:
    """The command against the server on this machine, without the hub's own storage service."""
    settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(world.folder / "home"), "HF_HUB_DISABLE_XET": "1"}
    environment = {name: value for name, value in os.environ.items() if name not in ("HF_TOKEN", "HF_HUB_OFFLINE")}
    environment |= settings | {"PYTHONPATH": str(WORKFLOW)} | ({"HF_TOKEN": token} if token else {})
    line = [sys.executable, "-m", "xstilts", "push", world.folder / "out", "someone/mine", *options]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)


def test_push_uploads_nothing_by_itself(world: World, tiny_tokenizer, hub: Server):
    trained(world, tiny_tokenizer)
    run(world)
    done = push(world, hub)
    assert done.returncode == 0
    assert "model.safetensors" in done.stdout
    assert "Nothing was uploaded. Add --yes to upload 10 files to someone/mine" in done.stdout
    assert hub.requests == []


def test_push_uploads_every_file(world: World, tiny_tokenizer, hub: Server):
    trained(world, tiny_tokenizer)
    folder = run(world)
    done = push(world, hub, "--yes", "--private")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == f"{hub.url}/someone/mine"
    here = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert hub.uploads == {"someone/mine": here}
    assert hub.private == {"someone/mine"}


def test_without_a_token_or_with_a_wrong_one_push_says_so(world: World, tiny_tokenizer, hub: Server):
    trained(world, tiny_tokenizer)
    run(world)
    without = push(world, hub, "--yes", token=None)
    assert without.returncode == 1
    assert without.stderr.startswith("error: found no token for the Hugging Face hub: run `hf auth login`")
    wrong = push(world, hub, "--yes", token="hf_reader")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith(
        f"error: {hub.url} rejected the upload to someone/mine: This token may not write here. (status 403)"
    )
    assert hub.uploads == {}


def test_a_hub_that_cannot_be_reached_is_said(world: World, tiny_tokenizer, hub: Server):
    trained(world, tiny_tokenizer)
    run(world)
    nowhere = Server(url="http://127.0.0.1:9")
    done = push(world, nowhere, "--yes")
    assert done.returncode == 1
    assert done.stderr.startswith("error: http://127.0.0.1:9 cannot be reached: ")


def test_a_folder_that_is_no_export_is_not_uploaded(world: World, hub: Server):
    (world.folder / "out").mkdir()
    done = push(world, hub, "--yes")
    assert done.returncode == 1
    assert "has no config.json, model.safetensors, README.md" in done.stderr
    assert hub.requests == []
