"""Sentence vectors: layer and pooling."""

from types import SimpleNamespace

import angles
import numpy as np
import pyarrow as pa
import pytest
import tiny
import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from transformers import PreTrainedTokenizerFast

from xstilts.errors import UserError
from xstilts.kinds import load
from xstilts.models import encoders
from xstilts.prediction.embed import embed, layer_of, without_unread_layers

TEXTS = ["river", "the captain of the harbour", "wool", "honey in the winter museum of farmers"]


@pytest.fixture
def vectors(tmp_path, typed_tokenizer, tiny_tokenizer, monkeypatch):
    """The vectors of the texts, in several batches, and the states of every layer for each text by itself."""
    monkeypatch.setattr("xstilts.prediction.forward.TOKENS_PER_BATCH", 20)

    def compute(model_type: str, layer: int | None, pooling: str) -> tuple[np.ndarray, list[list[np.ndarray]]]:
        tokenizer = typed_tokenizer if model_type == "bert" else tiny_tokenizer
        encoder = encoders.load_encoder(tiny.encoder(tmp_path, tokenizer, model_type)).eval()
        rows = [{"id": str(n), "side": "english", "text": text, "gold": None} for n, text in enumerate(TEXTS)]
        features = load("retrieval").encode(tiny.table("retrieval", rows), tokenizer, None, tiny.SETTINGS)
        with torch.inference_mode():
            inputs = [tokenizer(text, return_tensors="pt") for text in TEXTS]
            states = [encoder(**one, output_hidden_states=True).hidden_states for one in inputs]
        found = embed(encoder, features, pad_token_id=tokenizer.pad_token_id, layer=layer, pooling=pooling)
        return found, [[layer[0].numpy() for layer in layers] for layers in states]

    return compute


@pytest.mark.parametrize("model_type", tiny.ARCHITECTURES)
@pytest.mark.parametrize("layer", [1, 2])
def test_a_vector_is_the_mean_over_all_tokens_of_a_layer_and_over_no_padding(vectors, model_type, layer):
    found, states = vectors(model_type, layer, "mean")
    expected = [layers[layer].mean(axis=0) for layers in states]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("layer", [1, 2, 3, None])
@pytest.mark.parametrize("model_type", tiny.FAMILIES)
def test_the_state_of_a_layer_is_the_same_to_the_bit_without_the_layers_above(
    tmp_path, tiny_tokenizer, model_type, layer
):
    special = {"eos_token_id": tiny_tokenizer.sep_token_id}
    changes = {**tiny.FAMILIES[model_type], **special, "num_hidden_layers": 3, "global_attn_every_n_layers": 2}
    if model_type == "deberta-v2":
        changes |= {"conv_kernel_size": 3, "conv_act": "gelu"}
    checkpoint, number = tiny.encoder(tmp_path, tiny_tokenizer, model_type, **changes), layer or 2
    whole, cut = (encoders.load_encoder(checkpoint).eval() for _ in range(2))
    # The norms of a random encoder have weights of 1, which would hide that one more is applied to normed states.
    with torch.no_grad():
        for encoder in (whole, cut):
            for name, weight in encoder.named_parameters():
                if "norm" in name.lower():
                    weight.copy_(torch.linspace(0.5, 1.5, len(weight)))
    inputs = tokenized(tiny_tokenizer)
    calls, layers = [], [module for name, module in cut.named_modules() if name.rpartition(".")[2].isdigit()]
    for module in layers:
        module.register_forward_hook(lambda *_: calls.append(1))
    with torch.inference_mode():
        expected = whole(**inputs, output_hidden_states=True).hidden_states[number]
        without_unread_layers(cut, layer)
        found = cut(**inputs, output_hidden_states=number).hidden_states[number]
    assert torch.equal(found, expected)
    assert len(layers) == 3
    assert len(calls) == number, "no layer above is computed"


def tokenized(tokenizer: PreTrainedTokenizerFast) -> dict[str, torch.Tensor]:
    """The texts as one padded batch."""
    inputs = tokenizer(TEXTS, padding=True, return_tensors="pt")
    return {name: inputs[name] for name in ("input_ids", "attention_mask")}


def test_an_architecture_whose_layers_are_unknown_keeps_them():
    encoder = angles.Angles()
    encoder.layers = torch.nn.ModuleList(torch.nn.Identity() for _ in angles.LAYERS)
    assert without_unread_layers(encoder, 1) is encoder
    assert len(encoder.layers) == 3


def test_a_layer_that_the_encoder_does_not_have_is_refused_before_any_is_removed():
    with pytest.raises(UserError, match=r"retrieval\.layer 4.* 3 layers"):
        without_unread_layers(angles.Angles(), 4)


def test_chosen_rows_are_written_to_an_array_in_their_order(monkeypatch):
    monkeypatch.setattr("xstilts.prediction.forward.TOKENS_PER_BATCH", 16)
    rows = angles.features([[10, 50], [80, 20, 0, 10, 20, 30, 40, 50, 60], [90], [30, 60, 0], [5]])
    out, chosen = np.zeros((5, 2), np.float32), np.array([3, 0, 4])
    embed(angles.Angles(), rows, pad_token_id=angles.PAD, layer=1, pooling="mean", chosen=chosen, out=out[1:4])
    np.testing.assert_allclose(out, [[0, 0], unit(30, 60, 0), unit(10, 50), unit(5), [0, 0]], rtol=0, atol=1e-6)


class Halves(angles.Angles):
    """An encoder in bfloat16 whose states are 1 and, from the second token on, 1/256."""

    def forward(self, input_ids: torch.Tensor, **options) -> SimpleNamespace:
        states = torch.full((*input_ids.shape, 2), 1 / 256, dtype=torch.bfloat16)
        states[:, 0] = 1
        return SimpleNamespace(hidden_states=[states] * 4)


def test_states_in_bfloat16_are_pooled_in_float32():
    # In bfloat16, 1 + 1/256 is 1.
    (found,) = embed(Halves(), angles.features([[1, 2]]), pad_token_id=angles.PAD, layer=1, pooling="mean")
    assert found.tolist() == [(1 + 1 / 256) / 2] * 2


def unit(*angles: float) -> np.ndarray:
    """The mean of the unit vectors of these angles."""
    radians = np.deg2rad(angles)
    return np.array([np.cos(radians).mean(), np.sin(radians).mean()])


@pytest.mark.parametrize("tokens", [1, 16, 24, 8192])
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_every_row_has_its_own_vector_in_however_many_batches(monkeypatch, tokens, pooling):
    monkeypatch.setattr("xstilts.prediction.forward.TOKENS_PER_BATCH", tokens)
    # Padded to 8, 16 and 8: the second row is in the first batch.
    rows = [[10, 50], [80, 20, 0, 10, 20, 30, 40, 50, 60], [90], [30, 60, 0], [5], [0, 45, 45]]
    found = embed(angles.Angles(), angles.features(rows), pad_token_id=angles.PAD, layer=1, pooling=pooling)
    expected = [unit(*row) if pooling == "mean" else unit(row[0]) for row in rows]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_vectors_are_made_without_dropout(tmp_path, tiny_tokenizer):
    # Half of everything is dropped in training.
    dropout = {"hidden_dropout_prob": 0.5, "attention_probs_dropout_prob": 0.5}
    encoder = encoders.load_encoder(tiny.encoder(tmp_path, tiny_tokenizer, **dropout)).train()
    rows = pa.table({"input_ids": [[0, 20, 21, 22, 1]] * 2})
    one, other = embed(encoder, rows, pad_token_id=tiny_tokenizer.pad_token_id, layer=2, pooling="mean")
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


def test_cls_is_the_first_token(vectors):
    found, states = vectors("xlm-roberta", 2, "cls")
    np.testing.assert_allclose(found, [layers[2][0] for layers in states], rtol=0, atol=1e-5)


def test_vectors_are_float32_and_of_the_default_layer_unless_one_is_named(vectors):
    found, states = vectors("xlm-roberta", None, "mean")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [layers[1].mean(axis=0) for layers in states], rtol=0, atol=1e-5)


@pytest.mark.parametrize("depth, layer", [(24, 14), (12, 7), (6, 4), (2, 1), (1, 1)])
def test_the_default_layer_is_as_deep_as_layer_14_of_24(depth, layer):
    assert layer_of(depth, None) == layer


def test_the_last_layer_can_be_chosen_and_none_behind_it():
    assert layer_of(12, 12) == 12
    with pytest.raises(UserError, match=r"retrieval\.layer 13.* 12 layers.* from 1 to 12"):
        layer_of(12, 13)


def test_blanks_at_the_ends_of_a_sentence_are_no_tokens():
    alphabet = {letter: number for number, letter in enumerate(["<pad>", *sorted(ByteLevel.alphabet())])}
    letters = Tokenizer(BPE(alphabet, []))
    letters.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=letters, pad_token="<pad>")
    examples = tiny.table("retrieval", [{"id": text, "side": "foreign", "text": text} for text in ("foo", " foo ")])
    one, other = load("retrieval").encode(examples, tokenizer, None, tiny.SETTINGS)["input_ids"].to_pylist()
    assert one == other
    assert len(one) == 3
