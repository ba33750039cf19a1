"""The head of an earlier stage on the encoder of a later one."""

import json
from pathlib import Path

import pytest
import tiny
import torch
from safetensors.torch import load_file

from xstilts.config import Stage
from xstilts.errors import UserError
from xstilts.models.encoders import load_encoder
from xstilts.paths import TRAINING_RECORD
from xstilts.probes import heads, measure
from xstilts.sources.checkpoints import Checkpoint
from xstilts.training import stage
from xstilts.training.resume import exclusive

pytestmark = pytest.mark.thorough

KINDS = ("classification", "multiple_choice", "tagging", "span")
RECIPE = {"epochs": 1, "batch_size": 8, "evaluate_every": 100, "learning_rate": 1e-3}


@pytest.fixture(scope="module", params=tiny.FAMILIES)
def parent(request, tmp_path_factory, tiny_tokenizer) -> Checkpoint:
    """An encoder of an architecture."""
    folder = tmp_path_factory.mktemp(request.param)
    special = {"eos_token_id": tiny_tokenizer.sep_token_id}
    return tiny.encoder(folder / "encoder", tiny_tokenizer, request.param, **tiny.FAMILIES[request.param], **special)


def train(parent: Checkpoint, child: Path, tokenizer, *names: str) -> Path:
    """A stage with a task of each of these kinds, named as the task is."""
    data = {tiny.TASKS[kind].name: tiny.data(kind, tokenizer) for kind in names}
    child.mkdir()
    with exclusive(child / ".scratch"):
        stage.train(Stage(**RECIPE), parent, data, child, child / ".scratch", seed=1, execution=stage.Execution())
    return child


def trained_score(child: Path, kind: str) -> float:
    """What the training says of the weights that it kept."""
    record = json.loads((child / TRAINING_RECORD).read_text())
    (best,) = (one for one in record["evaluations"] if one["step"] == record["best"]["step"])
    return best[tiny.TASKS[kind].name]


def score(encoder: Path, head: Path, kind: str, tokenizer) -> float:
    found = measure.head(load_encoder(Checkpoint(str(encoder))), head, tiny.data(kind, tokenizer), "fp32")
    assert found.score is not None
    return found.score


@pytest.mark.parametrize("kind", KINDS)
def test_a_head_on_its_own_encoder_has_the_score_of_the_trained_model(parent, tmp_path, tiny_tokenizer, kind):
    child = train(parent, tmp_path / "child", tiny_tokenizer, kind)
    assert score(child, child, kind, tiny_tokenizer) == trained_score(child, kind)


def test_each_head_of_a_mixture_on_its_own_encoder_has_the_score_of_the_training(parent, tmp_path, tiny_tokenizer):
    child = train(parent, tmp_path / "child", tiny_tokenizer, *KINDS)
    for kind in KINDS:
        assert score(child, child, kind, tiny_tokenizer) == trained_score(child, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_all_but_pooler_and_head_are_those_of_the_later_encoder(parent, tmp_path, tiny_tokenizer, kind):
    data = tiny.data(kind, tiny_tokenizer)
    first = train(parent, tmp_path / "first", tiny_tokenizer, kind)
    # No architecture has a pooler for tagging.
    later = train(Checkpoint(str(first)), tmp_path / "later", tiny_tokenizer, "tagging")
    model = heads.with_head(load_encoder(Checkpoint(str(later))), first, data.kind, data.task)
    own, old = (load_file(folder / "model.safetensors") for folder in (later, first))
    base, found = f"{model.base_model_prefix}.", model.state_dict()
    assert found.keys() == old.keys()
    changed = set()
    for name, weight in found.items():
        is_encoders = name.startswith(base) and "pooler" not in name
        assert torch.equal(weight, own[name] if is_encoders else old[name]), name
        changed |= {is_encoders} if is_encoders and not torch.equal(own[name], old[name]) else set()
    assert changed == {True}


@pytest.mark.parametrize("model_type", ["bert", "xlm-roberta"])
def test_a_head_on_an_encoder_without_a_pooler_keeps_its_own(tmp_path, tiny_tokenizer, model_type):
    """An encoder whose weights have not moved gives the same score, if pooler and head are the old ones."""
    parent = tiny.encoder(tmp_path / "parent", tiny_tokenizer, model_type)
    child = train(parent, tmp_path / "child", tiny_tokenizer, "multiple_choice")
    assert any("pooler" in name for name in load_file(child / "model.safetensors"))
    data = tiny.data("multiple_choice", tiny_tokenizer)
    encoder = load_encoder(Checkpoint(str(child)))
    torch.manual_seed(5)
    for name, weight in encoder.named_parameters():
        if "pooler" in name:
            torch.nn.init.normal_(weight)
    found = measure.head(encoder, child, data, "fp32")
    assert found.score == trained_score(child, "multiple_choice")


def test_a_mixture_without_the_task_has_no_head_for_it(tmp_path, tiny_tokenizer):
    parent = tiny.encoder(tmp_path / "parent", tiny_tokenizer)
    child = train(parent, tmp_path / "child", tiny_tokenizer, "tagging", "span")
    with pytest.raises(UserError, match=r"heads.safetensors: the head of nli does not fit nli: found no such weight"):
        score(child, child, "classification", tiny_tokenizer)


def test_encoders_of_different_depth_are_refused(tmp_path, tiny_tokenizer):
    child = train(tiny.encoder(tmp_path / "parent", tiny_tokenizer), tmp_path / "child", tiny_tokenizer, "tagging")
    deeper = tiny.encoder(tmp_path / "deeper", tiny_tokenizer, num_hidden_layers=3)
    with pytest.raises(UserError, match="the one that its head is put on differ in"):
        score(Path(deeper.name), child, "tagging", tiny_tokenizer)


def test_a_dev_set_without_labels_gives_no_score(tmp_path, tiny_tokenizer):
    child = train(tiny.encoder(tmp_path / "parent", tiny_tokenizer), tmp_path / "child", tiny_tokenizer, "span")
    encoder, data = load_encoder(Checkpoint(str(child))), tiny.data("span", tiny_tokenizer, dev_gold=False)
    for found in (measure.head(encoder, child, data, "fp32"), measure.probe(encoder, data, "fp32")):
        assert found.score is None
        assert found.examples == {"en": 6}
