"""Whatever the folder of an encoder contains, all of its weights are used or an error names the folder."""

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import AutoConfig

from xstilts import kinds
from xstilts.config import Encoder
from xstilts.errors import UserError
from xstilts.models import encoders, tokenization
from xstilts.models.architectures import config_of
from xstilts.models.fitting import require_fit
from xstilts.prediction.embed import embed
from xstilts.sources import encoder_config
from xstilts.sources.checkpoints import Checkpoint

BASES = {
    "xlm-roberta": "AutoModel",
    "bert": "AutoModelForTokenClassification",
    "modernbert": "AutoModelForMaskedLM",
    "deberta-v2": "AutoModelForQuestionAnswering",
}
FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
ODD = (None, True, -1, 0, 1, 3, 7, 40, 1.5, "", "bert", "gelu", [], [1], {}, {"a": 1})
CONFIG_KEYS = (
    "auto_map architectures dtype hidden_act hidden_size id2label initializer_range intermediate_size "
    "layer_norm_eps max_position_embeddings model_type num_attention_heads num_hidden_layers pad_token_id "
    "position_biased_input relative_attention tie_word_embeddings type_vocab_size vocab_size"
).split()
WORDS = "The river runs past the old mill and under seven bridges."


@pytest.fixture(scope="module")
def folders(tmp_path_factory, tiny_tokenizer) -> dict[str, Path]:
    """Whole encoders, some of them below a head."""
    made = {}
    for model_type, head in BASES.items():
        made[model_type] = tmp_path_factory.mktemp(model_type)
        changes = tiny.CONFIG | tiny.FAMILIES[model_type] | {"pad_token_id": tiny_tokenizer.pad_token_id}
        config = AutoConfig.for_model(model_type, vocab_size=len(tiny_tokenizer), **changes)
        getattr(transformers, head).from_config(config).save_pretrained(made[model_type])
        tiny_tokenizer.save_pretrained(made[model_type])
    return made


any_file = st.sampled_from(FILES)
share = st.floats(0, 1)
FAULTS = st.one_of(
    st.tuples(st.just("whole")),
    st.tuples(st.just("missing"), any_file),
    st.tuples(st.just("cut off"), any_file, share),
    st.tuples(st.just("swapped"), any_file, any_file),
    st.tuples(st.just("odd"), st.sampled_from(CONFIG_KEYS), st.sampled_from(ODD)),
    st.tuples(st.just("without"), st.sampled_from(CONFIG_KEYS)),
    st.tuples(st.just("renamed"), st.sampled_from(["_orig_mod.", "module.", "encoder.", "x", ""]), share),
    st.tuples(st.just("lost"), share),
    st.tuples(st.just("reshaped"), share, st.lists(st.integers(0, 40), max_size=2)),
    st.tuples(st.just("doubled"), share, st.sampled_from(["1", "2", "77"])),
)


def harm(folder: Path, kind: str, *how) -> None:
    """Do something to an encoder's folder."""
    if kind in ("missing", "cut off"):
        file = folder / how[0]
        content = file.read_bytes() if file.exists() else b""
        file.unlink(missing_ok=True)
        if kind == "cut off":
            file.write_bytes(content[: int(len(content) * how[1])])
    elif kind == "swapped":
        contents = [(folder / name).read_bytes() if (folder / name).exists() else b"" for name in how]
        for name, content in zip(how, reversed(contents), strict=True):
            (folder / name).write_bytes(content)
    elif kind in ("odd", "without"):
        harm_config(folder / "config.json", *how)
    elif kind != "whole":
        harm_weights(folder / "model.safetensors", kind, *how)


def harm_config(file: Path, key: str, *value) -> None:
    try:
        content = json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return
    if isinstance(content, dict):
        content.pop(key, None)
        file.write_text(json.dumps(content | {key: value[0]} if value else content))


def harm_weights(file: Path, kind: str, *how) -> None:
    try:
        weights = load_file(file)
    except (FileNotFoundError, SafetensorError):
        return
    if kind == "renamed":
        count = int(len(weights) * how[1])
        weights = {how[0] + name if n < count else name: value for n, (name, value) in enumerate(weights.items())}
    else:
        name = sorted(weights)[int((len(weights) - 1) * how[0])]
        value = weights.pop(name)
        if kind == "reshaped":
            weights[name] = torch.zeros(how[1])
        if kind == "doubled":
            weights[name], weights[name.replace(".0.", f".{how[1]}.")] = value, value.clone()
    save_file(weights, file, {"format": "pt"})


def use(folder: Path) -> None:
    """All that the workflow does with the encoder of a retrieval target, and what must come out."""
    checkpoint, kind = Checkpoint(str(folder)), kinds.load("retrieval")
    encoder_config.longest(Encoder(path=folder))
    config_of(checkpoint)
    tokenizer = tokenization.load_tokenizer(checkpoint)
    examples = tiny.table("retrieval", [{"id": "0", "side": "english", "text": WORDS, "gold": ["0"]}])
    features = kind.encode(examples, tokenizer, None, tiny.SETTINGS)
    encoder = encoders.load_encoder(checkpoint)
    require_fit(encoder, features, tokenizer.pad_token_id, checkpoint.name)
    vectors = embed(encoder, features, pad_token_id=tokenizer.pad_token_id, layer=None, pooling="mean")
    assert np.isfinite(vectors).all()
    assert_all_weights_come_from(load_file(folder / "model.safetensors"), encoder)


def assert_all_weights_come_from(file: dict[str, torch.Tensor], encoder) -> None:
    for name, value in encoder.state_dict().items():
        if "pooler" not in name:
            there = file.get(name, file.get(f"{encoder.base_model_prefix}.{name}"))
            assert there is not None, name
            assert torch.equal(there, value), name


def try_folder(whole: Path, faults: list[tuple]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "encoder")
        shutil.copytree(whole, folder)
        for fault in faults:
            harm(folder, *fault)
        try:
            use(folder)
        except UserError as error:
            assert str(folder) in str(error)  # noqa: PT017


some_faults = st.lists(FAULTS, min_size=1, max_size=3)


@given(base=st.sampled_from(sorted(BASES)), faults=some_faults)
def test_a_folder_is_used_whole_or_named(folders, base, faults):
    try_folder(folders[base], faults)


@pytest.mark.slow
@settings(max_examples=2000)
@given(base=st.sampled_from(sorted(BASES)), faults=some_faults)
def test_many_folders_are_used_whole_or_named(folders, base, faults):
    try_folder(folders[base], faults)


def test_whole_folders_are_used(folders):
    for folder in folders.values():
        use(folder)
