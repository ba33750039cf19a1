"""Each architecture in the shipped configuration can be trained, saved, loaded and used for retrieval."""

import json
from pathlib import Path

import numpy as np
import pytest
import sentencepiece
import tiny
import torch
import transformers
import yaml
from sentences import SENTENCES
from transformers import AutoTokenizer

from xstilts import kinds
from xstilts.config import Stage, parse
from xstilts.features.tokens import Template
from xstilts.models import encoders, tokenization
from xstilts.prediction.embed import embed
from xstilts.prediction.forward import forward
from xstilts.sources.checkpoints import Checkpoint
from xstilts.training import stage
from xstilts.training.resume import exclusive

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]

KINDS = ("classification", "multiple_choice", "tagging", "span")
RECIPE = {"epochs": 0.5, "batch_size": 4, "evaluate_every": 100}


@pytest.fixture(scope="module", params=tiny.FAMILIES)
def family(request, tmp_path_factory, tiny_tokenizer) -> tuple[Checkpoint, Path]:
    """An encoder of an architecture, and the folder for what becomes of it."""
    folder = tmp_path_factory.mktemp(request.param)
    special = {"eos_token_id": tiny_tokenizer.sep_token_id}
    changes = {**tiny.FAMILIES[request.param], **special}
    return tiny.encoder(folder / "encoder", tiny_tokenizer, request.param, **changes), folder


def train(parent: Checkpoint, folder: Path, tokenizer, *names: str) -> Path:
    """A stage with a task of each of these kinds."""
    data = {kind: tiny.data(kind, tokenizer) for kind in names}
    child, scratch = folder / "-".join(names), folder / ".scratch" / "training"
    child.mkdir()
    with exclusive(scratch):
        stage.train(Stage(**RECIPE), parent, data, child, scratch, seed=1, execution=stage.Execution())
    return child


@pytest.mark.parametrize("kind", KINDS)
def test_a_trained_model_loads_with_its_head_and_predicts(family, tiny_tokenizer, kind):
    parent, folder = family
    child, data = train(parent, folder, tiny_tokenizer, kind), tiny.data(kind, tiny_tokenizer)
    module = kinds.load(kind)
    model, information = getattr(transformers, module.AUTO_MODEL).from_pretrained(child, output_loading_info=True)
    assert not any(information.values()), information
    examples, features = data.dev["en"]
    outputs = forward(model, module, features, pad_token_id=tiny_tokenizer.pad_token_id, precision="fp32")
    assert len(module.decode(outputs, features, examples, data.task, data.settings)) == len(examples)
    assert all(np.isfinite(array).all() for row in outputs for array in row)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_that_are_loaded_in_bfloat16_compute_without_autocast_and_buffers_keep_their_precision(
    family, tiny_tokenizer, tmp_path, kind
):
    parent, _ = family
    module, task = kinds.load(kind), tiny.TASKS[kind]
    encoders.with_fresh_head(parent, module, task).save_pretrained(tmp_path)
    exact, model = (encoders.load_model(str(tmp_path), module, dtype) for dtype in (torch.float32, torch.bfloat16))
    assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}
    for (name, buffer), (_, expected) in zip(model.named_buffers(), exact.named_buffers(), strict=True):
        assert buffer.dtype == expected.dtype, name
        assert buffer.equal(expected), name
    features = tiny.encode(kind, tiny.examples(kind, 12), tiny_tokenizer)
    options = {"pad_token_id": tiny_tokenizer.pad_token_id, "precision": "bf16"}
    found, autocast = (forward(one, module, features, **options) for one in (model, exact))
    for arrays, others in zip(found, autocast, strict=True):
        for array, other in zip(arrays, others, strict=True):
            assert array.dtype == np.float32
            assert np.abs(array - other).max() <= 0.1 * np.abs(other).max() + 0.05


def test_one_stage_trains_all_kinds_and_its_encoder_goes_on(family, tiny_tokenizer):
    parent, folder = family
    child = train(parent, folder, tiny_tokenizer, *KINDS)
    before, after = (encoders.load_encoder(checkpoint) for checkpoint in (parent, Checkpoint(str(child))))
    weights = dict(before.named_parameters())
    assert any(not torch.equal(weights[name], value) for name, value in after.named_parameters())
    grandchild = train(Checkpoint(str(child)), child, tiny_tokenizer, "tagging")
    assert (grandchild / "model.safetensors").is_file()


def test_sentences_have_vectors(family, tiny_tokenizer):
    parent, _ = family
    retrieval = kinds.load("retrieval")
    columns = {"id": ["0", "1"], "side": ["english"] * 2, "text": list(SENTENCES[:2]), "gold": [["0"], ["1"]]}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    features = retrieval.encode(tiny.table("retrieval", rows), tiny_tokenizer, None, tiny.SETTINGS)
    options = {"pad_token_id": tiny_tokenizer.pad_token_id, "layer": None, "pooling": "mean"}
    vectors = embed(encoders.load_encoder(parent), features, **options)
    assert vectors.shape == (2, tiny.CONFIG["hidden_size"])
    assert not np.allclose(*vectors)


@pytest.mark.parametrize(
    "file, tokenizer_class", [("sentencepiece.bpe.model", "XLMRobertaTokenizer"), ("spm.model", "DebertaV2Tokenizer")]
)
def test_a_tokenizer_that_is_a_sentencepiece_model_only_is_converted(tmp_path, file, tokenizer_class):
    parent = tmp_path / "parent"
    parent.mkdir()
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n".join(SENTENCES))
    prefix = tmp_path / "trained"
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(prefix), vocab_size=120, minloglevel=2, pad_id=-1
    )
    prefix.with_suffix(".model").rename(parent / file)
    (parent / "config.json").write_text(json.dumps({"model_type": "bert", "tokenizer_class": tokenizer_class}))
    tokenizer = tokenization.load_tokenizer(Checkpoint(str(parent)))
    assert tokenizer.unk_token_id not in tokenizer(SENTENCES[0])["input_ids"]
    assert Template(tokenizer, texts=2).size >= 3
    child = tmp_path / "child"
    child.mkdir()
    tokenization.save_tokenizer(tokenizer, child)
    (child / "config.json").write_text((parent / "config.json").read_text())
    assert AutoTokenizer.from_pretrained(child)(SENTENCES[0]) == tokenizer(SENTENCES[0])


def test_every_encoder_of_the_shipped_configuration_has_a_place_and_a_pin():
    config = parse(yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")))
    assert len(config.encoders) >= 9
    for encoder in config.encoders.values():
        assert encoder.repository
        assert encoder.revision
