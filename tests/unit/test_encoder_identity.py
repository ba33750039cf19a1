"""The identity of an encoder's files: those of the encoder, those of its tokenizer, and those of neither."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from xstilts import experiments
from xstilts.config import Config, ConfigError, Encoder, parse
from xstilts.errors import UserError
from xstilts.fingerprints import sourcecode, spec
from xstilts.fingerprints.sameness import Sameness
from xstilts.sources.identity import FileIdentity

CHECKPOINT = {
    "config.json": "{}",
    "model.safetensors": "weights",
    "tokenizer.json": "words",
    "tokenizer_config.json": "settings",
    "sentencepiece.bpe.model": "pieces",
}


def checkpoint(folder: Path, **changes: str) -> Encoder:
    """A folder with the files of an encoder; `changes` have the names of files up to the first dot."""
    folder.mkdir(parents=True)
    for name, text in CHECKPOINT.items():
        (folder / name).write_text(changes.get(name.partition(".")[0], text))
    return Encoder(path=folder)


def identity(folder: Path) -> FileIdentity:
    """An identity that remembers nothing."""
    return FileIdentity(folder / "no memory", Sameness(()))


def test_an_encoder_that_was_moved_touched_or_documented_is_the_same(tmp_path: Path):
    here = identity(tmp_path)
    before = here.encoder("toy", checkpoint(tmp_path / "one"))
    shutil.move(tmp_path / "one", tmp_path / "two")
    (tmp_path / "two" / "README.md").write_text("what it is")
    for file in (tmp_path / "two").iterdir():
        os.utime(file, (1, 1))
    assert here.encoder("renamed", Encoder(path=tmp_path / "two")) == before


def test_an_encoder_whose_files_are_links_as_in_the_cache_of_the_hub_is_what_they_lead_to(tmp_path: Path):
    here, plain = identity(tmp_path), checkpoint(tmp_path / "plain")
    snapshot = tmp_path / "snapshot"
    snapshot.mkdir()
    for number, file in enumerate(plain.path.iterdir()):
        (snapshot / file.name).symlink_to(shutil.copy(file, tmp_path / f"blob-{number}"))
    linked = Encoder(path=snapshot)
    assert here.encoder("linked", linked) == here.encoder("plain", plain)
    assert here.tokenizer("linked", linked) == here.tokenizer("plain", plain)
    (snapshot / "model.safetensors").resolve().write_text("!")
    assert here.encoder("linked", linked) != here.encoder("plain", plain)


@pytest.mark.parametrize("file", ["config", "model", "tokenizer", "tokenizer_config", "sentencepiece"])
def test_an_encoder_with_another_byte_is_another(tmp_path: Path, file: str):
    here = identity(tmp_path)
    one, other = checkpoint(tmp_path / "one"), checkpoint(tmp_path / "other", **{file: "!"})
    assert here.encoder("toy", one) != here.encoder("toy", other)


def test_encoders_of_two_sizes_may_have_the_same_tokenizer(tmp_path: Path):
    here = identity(tmp_path)
    sizes = ('{"model_type": "bert", "hidden_size": 768}', '{"hidden_size": 1024, "model_type": "bert"}')
    base, large = (checkpoint(tmp_path / size, config=size, model=size) for size in sizes)
    assert here.tokenizer("base", base) == here.tokenizer("large", large)


@pytest.mark.parametrize("file", ["tokenizer", "tokenizer_config", "sentencepiece"])
def test_a_tokenizer_with_another_byte_is_another(tmp_path: Path, file: str):
    here = identity(tmp_path)
    one, other = checkpoint(tmp_path / "one"), checkpoint(tmp_path / "other", **{file: "!"})
    assert here.tokenizer("toy", one) != here.tokenizer("toy", other)


@pytest.mark.parametrize("key", ["tokenizer_class", "model_type"])
def test_a_tokenizer_of_another_class_is_another(tmp_path: Path, key: str):
    here = identity(tmp_path)
    one, other = (checkpoint(tmp_path / name, config=json.dumps({key: name})) for name in ("one", "other"))
    assert here.tokenizer("toy", one) != here.tokenizer("toy", other)


VOCABULARIES = (
    *("spiece.model", "spm.model", "source.spm", "tokenizer.model", "tekken.json", "byte_vocab.bin", "emoji.json"),
    *("vocab.txt", "vocab.json", "merges.txt", "chat_template.jinja", "tokenization_own.py", "dict.tsv", "bpe.codes"),
    *("added_tokens.json", "special_tokens_map.json", "preprocessor_config.json", "VOCAB.TXT", "model.bin"),
)
WEIGHTS = (
    *("model.safetensors", "model-00001-of-00002.safetensors", "heads.safetensors", "MODEL.SAFETENSORS"),
    *("pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "Pytorch_Model.BIN"),
)
OF_THE_MODEL = (
    *("model.safetensors.index.json", "pytorch_model.bin.index.json", "adapter_model.bin", "training_args.bin"),
    *("optimizer.bin", "scheduler.bin", "adapter_config.json", "generation_config.json", "modules.json"),
    *("config_sentence_transformers.json", "sentence_bert_config.json", "trainer_state.json", "all_results.json"),
    *("train_results.json", "eval_results.json", "training.json", "manifest.json", "spec.json"),
)
NEITHER = (
    *("README.md", "readme.txt", "LICENSE", "LICENSE.txt", "Licence.txt", "NOTICE", "COPYING", "CITATION.cff"),
    *("CHANGELOG", "notes.rst", "paper.pdf", "logo.png", "logo.jpg", "logo.jpeg", "logo.gif", "logo.svg", "card.html"),
    *(".gitattributes", ".DS_Store", "1_Pooling/config.json", "onnx/vocab.txt"),
    *("tf_model.h5", "flax_model.msgpack", "model.onnx", "model.onnx_data", "rust_model.ot", "model.gguf"),
    *("model.tflite", "saved_model.pb", "optimizer.pt", "model.pth", "last.ckpt", "TF_MODEL.H5"),
)
COUNTS = {
    **{name: {"encoder", "tokenizer"} for name in VOCABULARIES},
    **{name: {"encoder"} for name in (*WEIGHTS, *OF_THE_MODEL)},
    **{name: set() for name in NEITHER},
}
"""For what another content of a file counts, and that it is there."""


def with_file(folder: Path, name: str, text: str) -> Encoder:
    """An encoder of which one file has this text."""
    encoder = checkpoint(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return encoder


@pytest.mark.parametrize("name", COUNTS)
def test_a_file_makes_another_encoder_or_tokenizer_where_it_is_part_of_it(tmp_path: Path, name: str):
    here, one = identity(tmp_path), with_file(tmp_path / "one", name, "one")
    others = {"another content": with_file(tmp_path / "other", name, "other")}
    if name not in CHECKPOINT:
        others["no such file"] = checkpoint(tmp_path / "none")
    for other in others.values():
        same_encoder = here.encoder("", one) == here.encoder("", other)
        same_tokenizer = here.tokenizer("", one) == here.tokenizer("", other)
        assert (same_encoder, same_tokenizer) == ("encoder" not in COUNTS[name], "tokenizer" not in COUNTS[name])


ABC, EMPTY = (hashlib.sha256(text).hexdigest() for text in (b"abc", b'{"model_type": "bert", "hidden_size": 8}'))


def test_what_stands_for_an_encoder_are_the_names_of_its_files_and_their_sha256(tmp_path: Path):
    here, folder = identity(tmp_path), tmp_path / "toy"
    folder.mkdir()
    for name in ("vocab.txt", "pytorch_model.bin", "README.md"):
        (folder / name).write_text("abc")
    (folder / "config.json").write_text('{"model_type": "bert", "hidden_size": 8}')
    toy = Encoder(path=folder)
    assert here.encoder("any", toy) == {"config.json": EMPTY, "pytorch_model.bin": ABC, "vocab.txt": ABC}
    assert here.tokenizer("any", toy) == {"config.json": {"model_type": "bert"}, "vocab.txt": ABC}


def test_what_stands_for_an_encoder_that_is_not_there_is_its_place(tmp_path: Path):
    here, toy = identity(tmp_path), Encoder(path=tmp_path / "toy")
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "model.safetensors").write_text("abc")
    assert here.encoder("any", toy) == here.tokenizer("any", toy) == {"missing": str(tmp_path / "toy")}


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_config_that_is_no_json_object_is_named(tmp_path: Path, text: str):
    with pytest.raises(UserError, match=r"toy/config\.json: .*JSON"):
        identity(tmp_path).tokenizer("toy", checkpoint(tmp_path / "toy", config=text))


def test_what_stands_for_an_encoder_of_the_hub_is_its_name_and_its_commit(tmp_path: Path):
    here, toy = identity(tmp_path), Encoder(repository="x/y", revision="a" * 40)
    assert here.encoder("any", toy) == here.tokenizer("any", toy) == {"repository": "x/y", "revision": "a" * 40}


def test_what_was_hashed_and_parsed_is_remembered_in_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(spec, "SETTLED", -1.0)
    first, toy = FileIdentity(tmp_path / "memory", Sameness(())), checkpoint(tmp_path / "toy")
    before = first.encoder("toy", toy), first.code("task.mnli")
    first.save()
    assert sorted(file.name for file in (tmp_path / "memory").iterdir()) == ["code.json", "sha256.json"]
    monkeypatch.setattr(spec, "sha256", lambda file: pytest.fail(f"{file} was read again"))
    monkeypatch.setattr(sourcecode, "_parsed", lambda source: pytest.fail("it was parsed again"))
    second = FileIdentity(tmp_path / "memory", Sameness(()))
    assert (second.encoder("toy", toy), second.code("task.mnli")) == before


def test_the_longest_sequence_of_an_encoder_is_that_of_its_config(tmp_path: Path):
    config = {"model_type": "xlm-roberta", "max_position_embeddings": 514, "pad_token_id": 1}
    assert identity(tmp_path).longest(checkpoint(tmp_path / "toy", config=json.dumps(config))) == 512


# Before a run


def config_of(*folders: Path) -> Config:
    cells = {"encoders": [folder.name for folder in folders] + ["made"], "targets": ["tatoeba"]}
    encoders = {folder.name: {"path": str(folder)} for folder in folders} | {"made": {"pretraining": {}}}
    store = folders[0].parent / "results"
    return parse({"grid": cells, "encoders": encoders, "store": str(store), "data": str(store)})


def test_a_run_is_refused_without_its_encoder_but_a_plan_is_not(tmp_path: Path):
    config = config_of(tmp_path / "there", tmp_path / "toy")
    checkpoint(tmp_path / "there")
    assert experiments.open_grid(config).cells
    # The next plan parses no module again.
    assert "code.json" in {file.name for file in (config.store / ".cache").iterdir()}
    with pytest.raises(ConfigError) as error:
        experiments.require_encoders(config)
    assert str(error.value) == (
        "config key 'encoders.toy.path': no Hugging Face folder there (config.json, weights, tokenizer.json); "
        f"found '{tmp_path / 'toy'}'."
    )
    checkpoint(tmp_path / "toy")
    experiments.require_encoders(config)


def test_a_run_is_refused_with_an_encoder_without_weights_but_a_plan_is_not(tmp_path: Path):
    config = config_of(tmp_path / "toy")
    checkpoint(tmp_path / "toy")
    (tmp_path / "toy" / "model.safetensors").unlink()
    assert experiments.open_grid(config).cells
    for name in (*OF_THE_MODEL, "tf_model.h5", "model.safetensors.md", "onnx/model.safetensors"):
        (tmp_path / "toy" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "toy" / name).write_text("")
    with pytest.raises(ConfigError) as error:
        experiments.require_encoders(config)
    assert str(error.value) == (
        "config key 'encoders.toy.path': there are no weights in this folder (such as model.safetensors or "
        f"pytorch_model.bin); put the encoder's own there; found '{tmp_path / 'toy'}'."
    )


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_run_begins_with_weights_in_any_form_that_is_loaded(tmp_path: Path, name: str):
    checkpoint(tmp_path / "toy")
    (tmp_path / "toy" / "model.safetensors").rename(tmp_path / "toy" / name)
    experiments.require_encoders(config_of(tmp_path / "toy"))
