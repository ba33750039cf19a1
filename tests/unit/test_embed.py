"""Sentence vectors: layer and pooling."""

import importlib

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
from xstilts.prediction.embed import embed, layer_of

TEXTS = ["river", "the captain of the harbour", "wool", "honey in the winter museum of farmers"]


@pytest.fixture
def vectors(tmp_path, typed_tokenizer, tiny_tokenizer, monkeypatch):
    """The vectors of the texts, in several batches, and the states of every layer for each text by itself."""
    monkeypatch.setattr("xstilts.prediction.embed.TOKENS_PER_BATCH", 20)

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


def unit(*angles: float) -> np.ndarray:
    """The mean of the unit vectors of these angles."""
    radians = np.deg2rad(angles)
    return np.array([np.cos(radians).mean(), np.sin(radians).mean()])


@pytest.mark.parametrize("tokens", [1, 16, 24, 8192])
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_every_row_has_its_own_vector_in_however_many_batches(monkeypatch, tokens, pooling):
    module = importlib.import_module("xstilts.prediction.embed")
    monkeypatch.setattr(module, "TOKENS_PER_BATCH", tokens)
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
