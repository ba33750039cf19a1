"""A tokenizer is passed from the encoder to token ids, and from these to all models trained on them."""

import json
import shutil
from pathlib import Path

import pytest
import sentencepiece
import tiny
from jobs import Experiment
from sentences import SENTENCES
from tokenizer_types import ALL
from transformers import AutoTokenizer

from xstilts.errors import UserError
from xstilts.features import arrow
from xstilts.fingerprints.sameness import Sameness
from xstilts.models import tokenization
from xstilts.models.vocabulary import Vocabulary
from xstilts.sources.checkpoints import Checkpoint
from xstilts.sources.identity import FileIdentity

pytestmark = pytest.mark.thorough

TRAIN = "Ada built it\tNP (S\\NP)/NP NP\nAda sleeps\tNP S\\NP\n"
SETTINGS = {
    "grid": {"encoders": ["toy"], "intermediates": ["none"], "targets": ["ccg"]},
    "training": {"epochs": 1, "batch_size": 2, "evaluate_every": 1},
    "tasks": {"ccg": {"max_length": 64, "split": "dev"}},
}


def sentencepiece_model(file: Path, *texts: str, size: int = 120) -> None:
    """A model of SentencePiece that was trained on these texts, as encoders ship it without a tokenizer.json."""
    corpus = file.with_suffix(".txt")
    corpus.write_text("\n".join(texts))
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus),
        model_prefix=str(file.with_suffix("")),
        vocab_size=size,
        control_symbols="[CLS],[SEP],[MASK]",
        pad_id=3,
        minloglevel=2,
    )
    corpus.unlink()
    file.with_suffix(".vocab").unlink()
    file.with_suffix(".model").replace(file)


def encoder_of_pieces(folder: Path, *texts: str) -> Path:
    """An encoder whose only tokenizer file is `spiece.model`."""
    folder.mkdir()
    settings = {"model_type": "xlm-roberta", "tokenizer_class": "BigBirdTokenizer"}
    sentencepiece_model(folder / "spiece.model", *texts)
    (folder / "config.json").write_text(json.dumps(settings))
    tiny.encoder(folder, AutoTokenizer.from_pretrained(folder))
    for file in folder.glob("tokenizer*"):
        file.unlink()
    tiny.edit(folder / "config.json", lambda config: config.update(settings))
    assert {file.name for file in folder.iterdir()} == {"config.json", "model.safetensors", "spiece.model"}
    return folder


def experiment(folder: Path, encoder: Path, **settings) -> Experiment:
    """CCG as a target of its own."""
    data = folder / "data" / "ccg"
    data.mkdir(parents=True, exist_ok=True)
    for name in ("train", "dev"):
        (data / f"{name}.tsv").write_text(TRAIN, encoding="utf-8")
    return Experiment(folder, SETTINGS | {"encoders": {"toy": {"path": str(encoder)}}} | settings)


def encoded(world: Experiment) -> Path:
    for role in ("train", "evaluate"):
        world.run("read_task", f"ccg.{role}")
        world.run("encode_task", f"ccg.{role}")
    return world.config.store / world.entry("encode_task", "ccg.train").path


def test_two_tokenizers_that_are_only_pieces_are_two(tmp_path):
    here = FileIdentity(tmp_path / "no memory", Sameness(()))
    worlds = [
        experiment(tmp_path, encoder_of_pieces(tmp_path / name, *texts))
        for name, texts in (("one", SENTENCES), ("other", (*SENTENCES[:6], *SENTENCES[8:])))
    ]
    one, other = (world.config.encoders["toy"] for world in worlds)
    assert here.tokenizer("toy", one) != here.tokenizer("toy", other)
    ids = [arrow.read(encoded(world) / "train.en.arrow")["input_ids"].to_pylist() for world in worlds]
    expected = [
        AutoTokenizer.from_pretrained(tmp_path / name)("Ada built it")["input_ids"] for name in ("one", "other")
    ]
    assert [rows[0] for rows in ids] == expected
    assert expected[0] != expected[1]


def test_a_model_keeps_the_tokenizer_of_its_encoder_byte_by_byte(tmp_path):
    parent = encoder_of_pieces(tmp_path / "encoder", *SENTENCES)
    world = experiment(tmp_path, parent)
    beside = encoded(world) / "tokenizer"
    model = world.run("train_stage", "ccg")
    assert {file.name for file in beside.iterdir()} == {"tokenizer.json", "tokenizer_config.json"}
    listed = json.loads((model / "manifest.json").read_text())["files"]
    for file in beside.iterdir():
        assert (model / file.name).read_bytes() == file.read_bytes()
        assert file.name in listed
    before, after = AutoTokenizer.from_pretrained(parent), AutoTokenizer.from_pretrained(model)
    assert after(list(SENTENCES))["input_ids"] == before(list(SENTENCES))["input_ids"]
    assert len(after) == len(before) > 100


def tokenizers_loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders of the tokenizers that are loaded from now on."""
    loaded, load = [], tokenization._loaded
    monkeypatch.setattr(tokenization, "_loaded", lambda checkpoint: loaded.append(checkpoint.name) or load(checkpoint))
    return loaded


def test_training_and_prediction_load_no_tokenizer(tmp_path, tiny_tokenizer, monkeypatch):
    world = experiment(tmp_path, tmp_path / "encoder")
    tiny.encoder(tmp_path / "encoder", tiny_tokenizer)
    encoded(world)
    loaded = tokenizers_loaded(monkeypatch)
    world.run("train_stage", "ccg")
    world.run("predict", "ccg")
    assert loaded == []


def test_token_ids_of_an_older_version_load_their_tokenizer_for_the_padding_id(tmp_path, tiny_tokenizer, monkeypatch):
    world = experiment(tmp_path, tmp_path / "encoder")
    tiny.encoder(tmp_path / "encoder", tiny_tokenizer)
    features = encoded(world)
    tiny.edit(features / "manifest.json", lambda manifest: manifest.pop("vocabulary"))
    loaded = tokenizers_loaded(monkeypatch)
    world.run("train_stage", "ccg")
    assert loaded == [str(features / "tokenizer")]


def test_the_vocabulary_of_token_ids_is_recorded(tmp_path, tiny_tokenizer):
    world = experiment(tmp_path, tmp_path / "encoder")
    tiny.encoder(tmp_path / "encoder", tiny_tokenizer)
    features = encoded(world)
    pieces = json.loads((features / "tokenizer" / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    # <s>, </s>, <pad>, <unk> and <mask>, in the order in which the tokenizer was trained with them.
    expected = Vocabulary(size=len(pieces), padding=2, mask=4, special=(0, 1, 2, 3, 4))
    assert tokenization.vocabulary(features / "tokenizer") == expected
    assert tokenization.pad_token_id(features / "tokenizer") == 2
    (features / "manifest.json").unlink()
    assert tokenization.vocabulary(features / "tokenizer") == expected


def test_a_lost_vocabulary_is_found_before_anything_is_trained(tmp_path):
    parent = encoder_of_pieces(tmp_path / "encoder", *SENTENCES)
    (parent / "spiece.model").unlink()
    world = experiment(tmp_path, parent)
    world.run("read_task", "ccg.train")
    with pytest.raises(UserError, match=r"has only \d+ tokens"):
        world.run("encode_task", "ccg.train")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("model_type", ["bert", "xlm-roberta", "modernbert", "deberta-v2", "rembert"])
def test_a_saved_tokenizer_gives_a_model_the_ids_of_its_encoder(tmp_path, name, model_type):
    parent, child = tmp_path / "parent", tmp_path / "child"
    ALL[name]().save_pretrained(parent)
    (parent / "config.json").write_text(json.dumps({"model_type": model_type}))
    before = tokenization.load_tokenizer(Checkpoint(str(parent)))
    tokenization.save_tokenizer(before, tmp_path / "saved")
    child.mkdir()
    shutil.copyfile(parent / "config.json", child / "config.json")
    tokenization.copy_tokenizer(tmp_path / "saved", child)
    after = AutoTokenizer.from_pretrained(child)
    texts = [*SENTENCES, "  Grey  wool 鳥", ""]
    assert after(texts, texts[::-1])["input_ids"] == before(texts, texts[::-1])["input_ids"]
    assert (after.pad_token_id, after.unk_token_id) == (before.pad_token_id, before.unk_token_id)


def test_a_tokenizer_that_changes_when_it_is_saved_is_refused_with_a_remedy(tmp_path):
    """RemBERT's, converted from its pieces alone, adds special tokens only once it was saved."""
    sentencepiece_model(tmp_path / "sentencepiece.model", *SENTENCES)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "rembert"}))
    tokenizer = tokenization.load_tokenizer(Checkpoint(str(tmp_path)))
    with pytest.raises(
        UserError, match=r"RemBertTokenizer changes.*\(tokenizer\.json\).* Use a folder with a tokenizer\.json"
    ):
        tokenization.save_tokenizer(tokenizer, tmp_path / "saved")


def test_tasks_of_a_stage_share_one_tokenizer(tmp_path, tiny_tokenizer, typed_tokenizer):
    folders = {"mnli": tmp_path / "mnli", "ccg": tmp_path / "ccg", "other": tmp_path / "other"}
    for folder, tokenizer in zip(folders.values(), (tiny_tokenizer, tiny_tokenizer, typed_tokenizer), strict=True):
        tokenizer.save_pretrained(folder)
    assert tokenization.shared({name: folders[name] for name in ("mnli", "ccg")}) == folders["mnli"]
    with pytest.raises(UserError, match=r"mnli and other were not encoded by the same tokenizer.* Delete manifest"):
        tokenization.shared(folders)


def test_token_ids_without_their_tokenizer_are_refused_with_a_remedy(tmp_path):
    with pytest.raises(UserError, match=r"without their tokenizer.* Delete manifest\.json there"):
        tokenization.beside(tmp_path)


def test_a_copy_that_is_not_what_was_copied_is_noticed(tmp_path, tiny_tokenizer, monkeypatch):
    monkeypatch.setattr(shutil, "copyfile", lambda source, copy: Path(copy).write_bytes(b"{}"))
    with pytest.raises(UserError, match=r"differs from .*/tokenizer\.json"):
        tokenization.copy_tokenizer(tiny.saved(tiny_tokenizer), tmp_path)
