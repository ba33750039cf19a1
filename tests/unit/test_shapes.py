"""The shapes of encoders, which are known before their weights are downloaded."""

import json
from pathlib import Path

import pytest
import tiny
import torch
import yaml
from transformers import AutoConfig, AutoModel

from xstilts.config import Encoder
from xstilts.errors import UserError
from xstilts.sources import encoder_config, shapes

ROOT = Path(__file__).parents[2]
REVISION = "0123456789abcdef0123456789abcdef01234567"

PUBLISHED = {
    # Settings of config.json on the hub, with millions of parameters.
    "FacebookAI/xlm-roberta-base": (
        "xlm-roberta",
        {"num_hidden_layers": 12, "hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072}
        | {"vocab_size": 250002, "max_position_embeddings": 514, "type_vocab_size": 1},
        278.0,
    ),
    "FacebookAI/xlm-roberta-large": (
        "xlm-roberta",
        {"num_hidden_layers": 24, "hidden_size": 1024, "num_attention_heads": 16, "intermediate_size": 4096}
        | {"vocab_size": 250002, "max_position_embeddings": 514, "type_vocab_size": 1},
        559.9,
    ),
    "facebook/xlm-roberta-xl": (
        "xlm-roberta-xl",
        {"num_hidden_layers": 36, "hidden_size": 2560, "num_attention_heads": 32, "intermediate_size": 10240}
        | {"vocab_size": 250880, "max_position_embeddings": 514, "type_vocab_size": 1},
        3482.5,
    ),
    "google-bert/bert-base-multilingual-cased": (
        "bert",
        {"num_hidden_layers": 12, "hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072}
        | {"vocab_size": 119547, "max_position_embeddings": 512, "type_vocab_size": 2},
        177.9,
    ),
    "microsoft/Multilingual-MiniLM-L12-H384": (
        "bert",
        {"num_hidden_layers": 12, "hidden_size": 384, "num_attention_heads": 12, "intermediate_size": 1536}
        | {"vocab_size": 250037, "max_position_embeddings": 512, "type_vocab_size": 2},
        117.7,
    ),
    "microsoft/mdeberta-v3-base": (
        "deberta-v2",
        {"num_hidden_layers": 12, "hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072}
        | {"vocab_size": 251000, "max_position_embeddings": 512, "type_vocab_size": 0, "relative_attention": True}
        | {"position_buckets": 256, "norm_rel_ebd": "layer_norm", "share_att_key": True, "max_relative_positions": -1}
        | {"pos_att_type": ["p2c", "c2p"], "position_biased_input": False},
        278.2,
    ),
    "google/rembert": (
        "rembert",
        {"num_hidden_layers": 32, "hidden_size": 1152, "num_attention_heads": 18, "intermediate_size": 4608}
        | {"vocab_size": 250300, "max_position_embeddings": 512, "type_vocab_size": 2, "input_embedding_size": 256},
        575.9,
    ),
    "jhu-clsp/mmBERT-small": (
        "modernbert",
        {"num_hidden_layers": 22, "hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1152}
        | {"vocab_size": 256000, "max_position_embeddings": 8192},
        140.5,
    ),
    "jhu-clsp/mmBERT-base": (
        "modernbert",
        {"num_hidden_layers": 22, "hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 1152}
        | {"vocab_size": 256000, "max_position_embeddings": 8192},
        306.9,
    ),
}


def test_every_repository_of_the_shipped_configuration_is_known():
    encoders = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["encoders"].values()
    assert {encoder["repository"] for encoder in encoders} == set(shapes.KNOWN) == set(PUBLISHED)


@pytest.mark.parametrize("repository", PUBLISHED)
def test_a_shape_has_the_parameters_of_the_model(repository, monkeypatch, tmp_path):
    monkeypatch.setattr(encoder_config, "HF_HUB_CACHE", str(tmp_path))
    model_type, settings, millions = PUBLISHED[repository]
    shape = shapes.of_encoder(Encoder(repository=repository, revision=REVISION))
    sizes = settings["num_hidden_layers"], settings["hidden_size"], settings["intermediate_size"]
    assert (shape.layers, shape.width, shape.feed_forward) == sizes
    model = on_meta(AutoConfig.for_model(model_type, **settings))
    assert shape.parameters == parameters(model) == pytest.approx(millions * 1e6, abs=0.05e6)
    multiplied = sum(parameters(module) for module in model.modules() if isinstance(module, torch.nn.Linear))
    assert shape.multiplied_parameters == pytest.approx(multiplied, rel=0.005)


def on_meta(config) -> torch.nn.Module:
    with torch.device("meta"):
        return AutoModel.from_config(config)


def parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


DEBERTA = tiny.FAMILIES["deberta-v2"]
VARIANTS = [
    *tiny.FAMILIES.items(),
    ("camembert", {}),
    ("deberta-v2", {"type_vocab_size": 3}),
    ("deberta-v2", DEBERTA | {"share_att_key": True, "norm_rel_ebd": "layer_norm", "position_buckets": 7}),
    ("deberta-v2", DEBERTA | {"pos_att_type": ["c2p"], "max_relative_positions": 9, "conv_kernel_size": 3}),
]


@pytest.mark.parametrize("model_type, changes", VARIANTS)
def test_the_config_of_a_folder_is_read(tmp_path, model_type, changes):
    config = AutoConfig.for_model(model_type, vocab_size=90, pad_token_id=0, **{**tiny.CONFIG, **changes})
    config.save_pretrained(tmp_path)
    shape = shapes.of_encoder(Encoder(path=tmp_path))
    assert (shape.layers, shape.width, shape.feed_forward) == (2, 32, 64)
    assert shape.parameters == parameters(on_meta(config))


def test_the_cache_of_the_hub_comes_before_the_table(tmp_path, monkeypatch):
    monkeypatch.setattr(encoder_config, "HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--FacebookAI--xlm-roberta-base" / "snapshots" / REVISION
    AutoConfig.for_model("bert", vocab_size=90, **tiny.CONFIG).save_pretrained(folder)
    assert shapes.of_encoder(Encoder(repository="FacebookAI/xlm-roberta-base", revision=REVISION)).layers == 2


def test_what_is_not_here_has_no_shape_yet(tmp_path, monkeypatch):
    monkeypatch.setattr(encoder_config, "HF_HUB_CACHE", str(tmp_path))
    assert shapes.of_encoder(Encoder(path=tmp_path / "absent")) is None
    assert shapes.of_encoder(Encoder(repository="lab/unknown", revision=REVISION)) is None
    assert shapes.of_encoder(Encoder(pretraining={})) is None


def test_an_unknown_architecture_is_refused_with_those_that_are_known(tmp_path):
    with pytest.raises(UserError, match="found 'eurobert'; the shape is known for bert, camembert, "):
        shapes.of_config({"model_type": "eurobert", "hidden_size": 3})
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "eurobert"}))
    assert shapes.of_encoder(Encoder(path=tmp_path)) is None


@pytest.mark.parametrize("sizes", [{}, {"num_hidden_layers": "2"}, {"hidden_size": None}])
def test_a_config_without_sizes_is_refused(sizes):
    with pytest.raises(UserError, match=r"config\.json of a 'bert' encoder: found no usable sizes"):
        shapes.of_config({"model_type": "bert", "hidden_size": 4} | sizes)
