"""The head of masked language modelling is that of the pretrained encoder, and stays tied to its word embeddings."""

from pathlib import Path

import plaintext
import pytest
import tiny
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForMaskedLM, AutoModelForSequenceClassification, set_seed

from xstilts import kinds, tasks
from xstilts.errors import UserError
from xstilts.models import encoders, lm_heads
from xstilts.sources.checkpoints import Checkpoint
from xstilts.training.model import HEADS, StageModel

pytestmark = pytest.mark.thorough

TIED = ("xlm-roberta", "xlm-roberta-xl", "bert", "modernbert", "deberta-v2")
WITH_HEAD = ("xlm-roberta", "xlm-roberta-xl", "bert", "modernbert")
"""The architectures whose published checkpoints have a head."""
HEAD_NEW = "Set `head: new` in the stage"


def pretrained(folder: Path, tokenizer, family: str, auto=AutoModelForMaskedLM, seed: int = 0, **changes) -> Checkpoint:
    """A checkpoint with random weights, biases included."""
    set_seed(seed)
    own = {**tiny.CONFIG, **tiny.FAMILIES[family], "eos_token_id": tokenizer.sep_token_id, **changes}
    config = AutoConfig.for_model(family, vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, **own)
    model = auto.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Checkpoint(str(folder))


def with_head(parent: Checkpoint, root: Checkpoint | None = None, head: str = "pretrained"):
    return lm_heads.with_lm_head(parent, root or parent, plaintext.KIND, tasks.load("mlm"), head)


def stage_model(masked, parent: Checkpoint) -> StageModel:
    """The model of a stage with a labelled task before masked language modelling."""
    labelled = encoders.with_fresh_head(parent, kinds.load("classification"), tiny.TASKS["classification"])
    return StageModel({"nli": labelled, "mlm": masked})


def batch(tokenizer) -> dict[str, torch.Tensor]:
    return dict(tokenizer(["river mill wool", "winter"], padding=True, return_tensors="pt"))


@pytest.mark.parametrize("family", TIED)
def test_the_decoder_is_the_word_embeddings_of_the_shared_encoder_in_training_and_in_the_checkpoint(
    family, tmp_path, tiny_tokenizer
):
    root = pretrained(tmp_path / "root", tiny_tokenizer, family)
    masked = with_head(root, head="pretrained" if family in WITH_HEAD else "new")
    model = stage_model(masked, root)
    words = model.encoder.get_input_embeddings().weight
    assert masked.get_output_embeddings().weight is words
    assert masked.get_input_embeddings().weight is words
    assert sum(parameter is words for parameter in model.parameters()) == 1
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.1)
    before = words.detach().clone()
    for _ in range(3):
        hidden = masked.base_model(**batch(tiny_tokenizer)).last_hidden_state.flatten(end_dim=1)
        lm_heads.logits(masked, hidden).logsumexp(1).sum().backward()
        optimiser.step()
        optimiser.zero_grad()
    assert not torch.equal(before, words)
    assert masked.get_output_embeddings().weight is words
    model.save(tmp_path / "child")
    heads = load_file(tmp_path / "child" / HEADS)
    assert not any(name.endswith(("decoder.weight", "decoder.bias")) for name in heads if "lm_head" in name)
    assert not any(weight.shape == words.shape for name, weight in heads.items() if name.startswith("mlm."))
    assert torch.equal(encoders.load_encoder(Checkpoint(str(tmp_path / "child"))).get_input_embeddings().weight, words)


@pytest.mark.parametrize("family", WITH_HEAD)
def test_scores_of_predicted_tokens_are_those_of_the_architecture(family, tmp_path, tiny_tokenizer):
    model = with_head(pretrained(tmp_path, tiny_tokenizer, family)).eval()
    inputs = batch(tiny_tokenizer)
    stock = AutoModelForMaskedLM.from_pretrained(tmp_path).eval()(**inputs).logits.flatten(end_dim=1)
    hidden = model.base_model(**inputs).last_hidden_state.flatten(end_dim=1)
    places = torch.tensor([1, 2, 6])
    torch.testing.assert_close(lm_heads.logits(model, hidden[places]), stock[places])


@pytest.mark.parametrize("family", WITH_HEAD)
def test_a_stage_that_predicts_words_alone_saves_a_checkpoint_that_loads_as_a_whole(family, tmp_path, tiny_tokenizer):
    root = pretrained(tmp_path / "root", tiny_tokenizer, family)
    StageModel({"mlm": with_head(root)}).save(tmp_path / "child")
    loaded, info = AutoModelForMaskedLM.from_pretrained(tmp_path / "child", output_loading_info=True)
    assert not any(info.values()), info
    inputs, stock = batch(tiny_tokenizer), AutoModelForMaskedLM.from_pretrained(root.name)
    assert torch.equal(loaded.eval()(**inputs).logits, stock.eval()(**inputs).logits)


@pytest.mark.parametrize("family", WITH_HEAD)
def test_after_another_stage_the_head_is_that_of_the_pretrained_encoder(family, tmp_path, tiny_tokenizer):
    """ModernBERT's classifiers have a module `head` too, with the same parameters."""
    root = pretrained(tmp_path / "root", tiny_tokenizer, family)
    classifier = AutoModelForSequenceClassification
    parent = pretrained(tmp_path / "parent", tiny_tokenizer, family, classifier, seed=1, num_labels=3)
    found, stock = with_head(parent, root), AutoModelForMaskedLM.from_pretrained(root.name)
    encoder = encoders.load_encoder(parent)
    for name, weight in found.base_model.state_dict().items():
        assert torch.equal(weight, encoder.state_dict()[name]), name
    hidden = torch.randn(4, 32)
    # The heads agree up to their last layer, which is tied to the word embeddings of the parent.
    with torch.no_grad():
        stock.get_output_embeddings().weight.copy_(found.get_input_embeddings().weight)
    assert torch.equal(lm_heads.logits(found, hidden), lm_heads.logits(stock, hidden))


@pytest.mark.parametrize("family", ["rembert", "deberta-v2"])
def test_architectures_without_a_pretrained_head_need_a_new_one(family, tmp_path, tiny_tokenizer):
    root = pretrained(tmp_path, tiny_tokenizer, family)
    with pytest.raises(UserError, match=rf"{tmp_path}: has no pretrained head .*{HEAD_NEW}"):
        with_head(root)
    hidden = torch.randn(4, 32)
    assert lm_heads.logits(with_head(root, head="new"), hidden).shape == (4, len(tiny_tokenizer))


@pytest.mark.parametrize("family", WITH_HEAD)
def test_a_checkpoint_without_head_needs_a_new_one(family, tmp_path, tiny_tokenizer):
    bare = tiny.encoder(tmp_path, tiny_tokenizer, family, eos_token_id=1, **tiny.FAMILIES[family])
    with pytest.raises(UserError, match=rf"has no pretrained head .* is missing. {HEAD_NEW}"):
        with_head(bare)
    found = with_head(bare, head="new")
    assert found.get_output_embeddings().weight is found.get_input_embeddings().weight


def test_a_classifier_is_no_root(tmp_path, tiny_tokenizer):
    """Of ModernBERT's head, only a bias is missing."""
    root = pretrained(tmp_path, tiny_tokenizer, "modernbert", AutoModelForSequenceClassification)
    with pytest.raises(UserError, match=r"'decoder\.bias' is missing"):
        with_head(root)


def test_a_state_has_tied_weights_once_and_sets_them_all(tmp_path, tiny_tokenizer):
    root = pretrained(tmp_path / "root", tiny_tokenizer, "xlm-roberta")
    one, other = (stage_model(with_head(root), root) for _ in range(2))
    state = {name: torch.randn_like(weight) for name, weight in one.state_dict().items()}
    assert len(state) == len(list(one.named_parameters()))
    other.load_state_dict(state)
    assert all(torch.equal(weight, state[name]) for name, weight in other.named_parameters())
    words = other.encoder.get_input_embeddings().weight
    assert other.models["mlm"].get_output_embeddings().weight is words
