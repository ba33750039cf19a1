"""Checks of tokenizers, and new heads on the encoder of a parent model."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
import torch
from hub_server import serving
from safetensors.torch import load_file
from transformers import EsmConfig, EsmModel, set_seed
from transformers.utils import SAFE_WEIGHTS_NAME, WEIGHTS_NAME

from xstilts.errors import UserError
from xstilts.kinds import load
from xstilts.models import architectures, encoders, tokenization
from xstilts.sources.checkpoints import Checkpoint, has_weights
from xstilts.task import Repository

pytestmark = pytest.mark.thorough

HEADS = {"classification": 3, "multiple_choice": 1, "tagging": 4, "span": 2}
"""The outputs of each kind's head."""


@pytest.fixture
def tokenizers(tiny_tokenizer, typed_tokenizer):
    return {"xlm-roberta": tiny_tokenizer, "bert": typed_tokenizer}


@pytest.fixture
def family(tmp_path, tokenizers):
    """A trained model of one kind and a fresh one of another on top of it."""

    def make(model_type: str, parent_kind: str, kind: str):
        first, second = tmp_path / "encoder", tmp_path / "parent"
        checkpoint = tiny.encoder(first, tokenizers[model_type], model_type)
        parent = fresh(checkpoint, parent_kind)
        with torch.no_grad():
            for parameter in parent.parameters():
                parameter.add_(torch.randn_like(parameter))
        parent.save_pretrained(second)
        return parent, fresh(Checkpoint(str(second)), kind)

    return make


def fresh(checkpoint: Checkpoint, kind: str):
    return encoders.with_fresh_head(checkpoint, load(kind), tiny.TASKS[kind])


def head(model) -> dict[str, torch.Tensor]:
    base = model.base_model_prefix + "."
    return {name: value for name, value in model.state_dict().items() if not name.startswith(base)}


@pytest.mark.parametrize("model_type", tiny.ARCHITECTURES)
@pytest.mark.parametrize("parent_kind", HEADS)
@pytest.mark.parametrize("kind", HEADS)
def test_the_encoder_is_the_parents_and_the_head_is_new(family, model_type, parent_kind, kind):
    parent, child = family(model_type, parent_kind, kind)
    own, inherited = child.base_model.state_dict(), parent.base_model.state_dict()
    assert all(torch.equal(own[name], inherited[name]) for name in own.keys() & inherited.keys())
    assert {name for name in own.keys() ^ inherited.keys() if "pooler" not in name} == set()
    old = head(parent)
    assert not any(name in old and torch.equal(value, old[name]) for name, value in head(child).items())


@pytest.mark.parametrize("parent_kind", HEADS)
@pytest.mark.parametrize("kind", HEADS)
def test_a_head_has_the_outputs_of_its_own_task(family, parent_kind, kind):
    _, child = family("xlm-roberta", parent_kind, kind)
    assert list(head(child).values())[-1].shape == (HEADS[kind],)
    assert child.config.num_labels == len(child.config.id2label) == HEADS[kind]
    if kind in ("classification", "tagging"):
        assert tuple(child.config.id2label.values()) == tiny.TASKS[kind].labels


@pytest.mark.parametrize("model_type", tiny.ARCHITECTURES)
@pytest.mark.parametrize("parent_kind", HEADS)
@pytest.mark.parametrize("kind", HEADS)
def test_a_trained_model_is_loaded_again_whatever_its_parent_was_trained_for(
    family, tmp_path, model_type, parent_kind, kind
):
    _, child = family(model_type, parent_kind, kind)
    child.save_pretrained(tmp_path / "child")
    again = encoders.load_model(str(tmp_path / "child"), load(kind)).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in child.state_dict().items())
    encoders.load_encoder(Checkpoint(str(tmp_path / "child")))


def test_a_head_that_was_never_used_is_saved_with_the_config_of_one_that_was(tmp_path, tiny_tokenizer):
    model = fresh(tiny.encoder(tmp_path, tiny_tokenizer), "classification")
    before = model.config.to_dict()
    model(input_ids=torch.tensor([[0, 2]]), labels=torch.tensor([1]))
    assert model.config.to_dict() == before


def test_a_head_is_drawn_from_the_seed(tmp_path, tiny_tokenizer):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer)
    drawn = []
    for seed in (1, 1, 2):
        set_seed(seed)
        drawn.append(head(fresh(checkpoint, "tagging"))["classifier.weight"])
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_an_encoder_saved_in_half_precision_is_trained_in_float32(tmp_path, tiny_tokenizer):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer)
    encoders.load_encoder(checkpoint).half().save_pretrained(tmp_path)
    assert {value.dtype for value in load_file(tmp_path / "model.safetensors").values()} == {torch.float16}
    assert {value.dtype for value in fresh(checkpoint, "tagging").parameters()} == {torch.float32}


def test_an_architecture_without_the_head_is_named(tmp_path):
    config = EsmConfig(vocab_size=40, pad_token_id=1, mask_token_id=2, **tiny.CONFIG)
    EsmModel(config).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="'esm' encoder has no head for questions"):
        fresh(Checkpoint(str(tmp_path)), "span")


def test_a_tokenizer_without_padding_is_refused_with_a_remedy(tmp_path, tiny_tokenizer):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer)
    tiny.edit(tmp_path / "tokenizer_config.json", lambda config: config.pop("pad_token"))
    with pytest.raises(UserError, match=r"no padding token; set it in its tokenizer_config\.json"):
        tokenization.load_tokenizer(checkpoint)


def test_a_lost_vocabulary_is_refused_with_a_remedy(tmp_path, tiny_tokenizer):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer)
    tiny.edit(tmp_path / "tokenizer.json", lambda content: content["model"].update(vocab=content["model"]["vocab"][:9]))
    with pytest.raises(UserError, match=r"has only \d tokens.* Add its tokenizer files"):
        tokenization.load_tokenizer(checkpoint)


def test_a_folder_without_tokenizer_files_is_refused_with_a_remedy(tmp_path, tiny_tokenizer):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer)
    for file in tmp_path.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(UserError, match="Add its tokenizer files"):
        tokenization.load_tokenizer(checkpoint)


@pytest.mark.parametrize("name", [SAFE_WEIGHTS_NAME, WEIGHTS_NAME])
def test_weights_by_the_names_that_transformers_looks_for_are_weights(tmp_path, name):
    assert not has_weights(tmp_path)
    (tmp_path / name).touch()
    assert has_weights(tmp_path)


REVISION = "0123456789abcdef0123456789abcdef01234567"
LOAD = f"""
import sys
from pathlib import Path
from xstilts.models import architectures, encoders, tokenization
from xstilts.sources.checkpoints import Checkpoint
checkpoint = Checkpoint("lab/tiny", "{REVISION}")
encoders.load_encoder(checkpoint).save_pretrained(sys.argv[1])
tokenization.save_tokenizer(tokenization.load_tokenizer(checkpoint), Path(sys.argv[1]))
"""


def test_an_encoder_of_the_hub_is_fetched_at_its_commit_once_and_then_needs_no_network(tmp_path, tiny_tokenizer):
    checkpoint, cache = tiny.encoder(tmp_path / "original", tiny_tokenizer), tmp_path / "cache"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "workflow"), "HF_HOME": str(cache)}

    def loaded(name: str, **changes: str) -> Path:
        run = subprocess.run([sys.executable, "-c", LOAD, tmp_path / name], env=environment | changes, check=False)
        assert run.returncode == 0
        return tmp_path / name

    with serving() as server:
        files = {file.name: file.read_bytes() for file in Path(checkpoint.name).iterdir()}
        server.datasets[Repository("lab/tiny", REVISION)] = files
        first = loaded("first", HF_ENDPOINT=server.url)
        assert any(f"/resolve/{REVISION}/model.safetensors" in line for line in server.requests)
    for folder in (first, loaded("second", HF_HUB_OFFLINE="1")):
        weights, original = (load_file(place / "model.safetensors") for place in (folder, Path(checkpoint.name)))
        assert all(torch.equal(weights[name], value) for name, value in original.items())
        assert (
            tokenization.load_tokenizer(Checkpoint(str(folder)))("river")["input_ids"]
            == tiny_tokenizer("river")["input_ids"]
        )


def test_a_tokenizer_whose_class_is_not_named_is_not_taken_for_the_architectures_own(tmp_path, tiny_tokenizer):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer, "bert")
    (tmp_path / "tokenizer_config.json").unlink()
    with pytest.raises(UserError, match=r"has a Unigram model, but BertTokenizer loads it as a WordPiece model"):
        tokenization.load_tokenizer(checkpoint)


def test_an_encoder_with_code_of_its_own_is_refused_before_anything_is_encoded(tmp_path, tiny_tokenizer):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer)
    assert architectures.config_of(checkpoint).model_type == "xlm-roberta"
    code = {"AutoConfig": "configuration_own.OwnConfig", "AutoModel": "modeling_own.OwnModel"}
    # A class that transformers has too is taken from there.
    tiny.edit(tmp_path / "config.json", lambda config: config.update(auto_map=code))
    assert architectures.config_of(checkpoint).model_type == "xlm-roberta"
    tiny.edit(tmp_path / "config.json", lambda config: config.update(model_type="own"))
    for use in (architectures.config_of, encoders.load_encoder):
        with pytest.raises(UserError, match="Code in a checkpoint is never run"):
            use(checkpoint)
