"""Missing or foreign weights are rejected, whatever weights the encoder's own head adds."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoConfig

from xstilts import kinds
from xstilts.errors import UserError
from xstilts.models import encoders
from xstilts.sources.checkpoints import Checkpoint
from xstilts.training.model import StageModel

pytestmark = pytest.mark.thorough

HEADS = ("AutoModel", "AutoModelForMaskedLM", "AutoModelForTokenClassification", "AutoModelForQuestionAnswering")
PREFIXES = ("_orig_mod.", "module.", "0.auto_model.", "encoder.", "student.")
VOCABULARY = 120

Weights = dict[str, torch.Tensor]


def renamed(weights: Weights, change: Callable[[str], str]) -> Weights:
    return {change(name): value for name, value in weights.items()}


def of_last_layer(weights: Weights) -> Weights:
    return {name: value for name, value in weights.items() if ".1." in name}


def word_embeddings(weights: Weights) -> str:
    return next(name for name in weights if name.endswith(("word_embeddings.weight", "tok_embeddings.weight")))


WRONG: dict[str, tuple[Callable[[Weights], Weights], str]] = {
    **{
        f"all named {prefix}": (lambda w, prefix=prefix: renamed(w, lambda name: prefix + name), r"missing \('")
        for prefix in PREFIXES
    },
    "a layer less": (lambda w: {n: v for n, v in w.items() if n not in of_last_layer(w)}, r"missing \('.*1\."),
    "a layer more": (
        lambda w: w | renamed(of_last_layer(w), lambda name: name.replace(".1.", ".2.")),
        r"0 missing; \d+ unexpected \('.*\.2\.",
    ),
    "an adapter": (
        lambda w: w | {f"{min(of_last_layer(w)).removesuffix('.weight')}.lora_A.default.weight": torch.zeros(2, 2)},
        r"1 unexpected \('.*lora_A",
    ),
    "scales of quantized weights": (
        lambda w: w | {f"{min(of_last_layer(w))}_scale": torch.ones(1)},
        r"1 unexpected \('.*_scale'",
    ),
    "a tensor less": (lambda w: {n: v for n, v in w.items() if n != min(of_last_layer(w))}, r": 1 missing \('.*1\."),
    "no words": (lambda w: {n: v for n, v in w.items() if n != word_embeddings(w)}, r"missing \('.*embeddings"),
    "another vocabulary": (
        lambda w: w | {word_embeddings(w): w[word_embeddings(w)][:-3]},
        rf"found \({VOCABULARY - 3}, \d+\), expected \({VOCABULARY}, \d+\)",
    ),
    "another shape": (lambda w: w | {min(of_last_layer(w)): torch.zeros(7)}, r"found \(7,\), expected \("),
}


@pytest.fixture(scope="module", params=tiny.FAMILIES)
def family(request) -> tuple[str, AutoConfig]:
    special = {"pad_token_id": 2, "eos_token_id": 1}
    changes = {**tiny.CONFIG, **tiny.FAMILIES[request.param], **special}
    return AutoConfig.for_model(request.param, vocab_size=VOCABULARY, **changes)


def saved(folder: Path, config, head: str = "AutoModel") -> tuple[Checkpoint, Weights]:
    """A checkpoint of a model with this head, and its weights."""
    getattr(transformers, head).from_config(config).save_pretrained(folder)
    return Checkpoint(str(folder)), load_file(folder / "model.safetensors")


def write(checkpoint: Checkpoint, weights: Weights) -> None:
    save_file(
        {name: value.clone() for name, value in weights.items()},
        Path(checkpoint.name, "model.safetensors"),
        {"format": "pt"},
    )


@pytest.mark.parametrize("head", HEADS)
def test_an_encoder_has_the_weights_of_its_checkpoint_whatever_head_that_has(tmp_path, family, head):
    checkpoint, weights = saved(tmp_path, family, head)
    loaded = encoders.load_encoder(checkpoint).state_dict()
    there = {name: own for name in loaded for own in weights if own == name or own.endswith(f".{name}")}
    assert all(torch.equal(weights[own], loaded[name]) for name, own in there.items())
    assert all("pooler" in name for name in loaded.keys() - there.keys())


@pytest.mark.parametrize("head", HEADS[1:])
def test_names_without_the_prefix_of_the_architecture_are_right_too(tmp_path, family, head):
    checkpoint, weights = saved(tmp_path, family, head)
    before = encoders.load_encoder(checkpoint).state_dict()
    prefix = getattr(transformers, head).from_config(family).base_model_prefix + "."
    write(checkpoint, renamed(weights, lambda name: name.removeprefix(prefix)))
    after = encoders.load_encoder(checkpoint).state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items() if "pooler" not in name)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("change, problem", WRONG.values(), ids=WRONG)
def test_weights_of_something_else_are_refused_by_name(tmp_path, family, head, change, problem):
    checkpoint, weights = saved(tmp_path, family, head)
    write(checkpoint, change(weights))
    with pytest.raises(UserError, match=problem) as error:
        encoders.load_encoder(checkpoint)
    assert str(error.value).startswith(str(tmp_path))


def test_weights_of_the_old_format_are_looked_at_too(tmp_path, family):
    checkpoint, weights = saved(tmp_path, family)
    (tmp_path / "model.safetensors").unlink()
    torch.save(weights, tmp_path / "pytorch_model.bin")
    assert encoders.load_encoder(checkpoint)
    torch.save(renamed(weights, lambda name: f"module.{name}"), tmp_path / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"'module\."):
        encoders.load_encoder(checkpoint)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused_with_their_folder(tmp_path, family, value):
    checkpoint, weights = saved(tmp_path, family)
    name = min(of_last_layer(weights))
    weights[name].view(-1)[-1] = value
    write(checkpoint, weights)
    with pytest.raises(UserError, match=f"1 of the .* tensors .* not finite; the first is '{name}'") as error:
        encoders.load_encoder(checkpoint)
    assert str(error.value).startswith(str(tmp_path))


def test_an_adapter_and_quantized_weights_are_refused(tmp_path, family):
    checkpoint, _ = saved(tmp_path, family)
    config = tmp_path / "config.json"
    plain = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(
        json.dumps(plain | {"quantization_config": {"quant_method": "gptq", "bits": 4}}), encoding="utf-8"
    )
    with pytest.raises(UserError, match="its weights are quantized"):
        encoders.load_encoder(checkpoint)
    config.write_text(json.dumps(plain), encoding="utf-8")
    (tmp_path / "adapter_config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="found an adapter"):
        encoders.load_encoder(checkpoint)


@pytest.mark.parametrize("change", ["a weight more", "a weight less", "another head"])
def test_a_trained_model_lacks_nothing_and_leaves_nothing(tmp_path, tiny_tokenizer, change):
    kind = kinds.load("tagging")
    parent = tiny.encoder(tmp_path / "parent", tiny_tokenizer)
    folder = tmp_path / "child"
    encoders.with_fresh_head(parent, kind, tiny.TASKS["tagging"]).save_pretrained(folder)
    assert encoders.load_model(str(folder), kind)
    weights = load_file(folder / "model.safetensors")
    head = {"classifier.weight": weights.pop("classifier.weight")}
    changed = {
        "a weight more": weights | head | {"roberta.pooler.dense.bias": torch.zeros(32)},
        "a weight less": weights,
        "another head": weights | {"classifier.weight": torch.zeros(7, 32)},
    }
    write(Checkpoint(str(folder)), changed[change])
    problem = {
        "a weight more": "pooler",
        "a weight less": "1 missing",
        "another head": r"found \(7, 32\), expected \(4",
    }
    with pytest.raises(UserError, match=problem[change]):
        encoders.load_model(str(folder), kind)


def test_a_training_goes_on_with_all_of_its_weights_or_not_at_all(tmp_path, tiny_tokenizer):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer)
    model = StageModel({"tags": encoders.with_fresh_head(checkpoint, kinds.load("tagging"), tiny.TASKS["tagging"])})
    state = model.state_dict()
    model.load_state_dict(state)
    with pytest.raises(RuntimeError, match="Unexpected key"):
        model.load_state_dict(state | {"more": torch.zeros(1)})
    with pytest.raises(RuntimeError, match="Missing key"):
        model.load_state_dict(dict(list(state.items())[1:]))


@pytest.mark.parametrize("layers", [0, -1])
def test_an_encoder_without_layers_is_refused_where_its_checkpoint_has_some(tmp_path, family, layers):
    checkpoint, _ = saved(tmp_path, family)
    tiny.edit(tmp_path / "config.json", lambda config: config.pop("layer_types", None))
    tiny.edit(tmp_path / "config.json", lambda config: config.update(num_hidden_layers=layers))
    with pytest.raises(UserError, match=r"num_hidden_layers in its config|cannot load its config"):
        encoders.load_encoder(checkpoint)
