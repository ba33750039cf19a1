"""A config.json that is accepted without the config classes of transformers is accepted by them."""

import dataclasses
import json

import pytest
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoConfig

from xstilts.errors import UserError
from xstilts.models import architectures
from xstilts.models.known_configs import _TYPES, _VALUES, ARCHITECTURES, is_known
from xstilts.sources.checkpoints import Checkpoint

pytestmark = pytest.mark.thorough

NESTED = {"layer_types", "rope_parameters", "id2label", "label2id"}
"""Entries with lists or objects, which are left to transformers."""
OTHERS = {"output_hidden_states", "return_dict", "problem_type"}
"""Entries of the outputs and heads of models, which encoders do not have."""
VALUES = (None, True, False, 0, 1, -1, 3, 12, 0.0, 0.1, 1.0, -2.5, 1e9, 10**30, "", "gelu", "cls", "mean", "float16")


def default(architecture: str) -> dict:
    """The config.json that transformers writes, without what is nested."""
    content = json.loads(AutoConfig.for_model(architecture).to_json_string(use_diff=False))
    config = type(AutoConfig.for_model(architecture))
    fields = {field.name for field in dataclasses.fields(config)} - NESTED - OTHERS
    kept = {name: value for name, value in content.items() if name in fields and value is not None}
    return kept | {"model_type": architecture}


CHANGED = sorted({*_TYPES, *_VALUES} - {"model_type"})
DEFAULTS = {architecture: default(architecture) for architecture in ARCHITECTURES}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_defaults_of_an_architecture_are_known(architecture):
    assert is_known(DEFAULTS[architecture])
    assert {"hidden_size", "vocab_size", "pad_token_id"} <= DEFAULTS[architecture].keys()


def test_every_entry_of_the_config_classes_has_a_type():
    classes = [type(AutoConfig.for_model(architecture)) for architecture in ARCHITECTURES]
    fields = {field.name for config in classes for field in dataclasses.fields(config)}
    assert fields - NESTED - OTHERS <= _TYPES.keys() | _VALUES.keys() | {"architectures"}


def test_what_is_known_is_accepted_by_transformers(tmp_path):
    transformers.logging.set_verbosity_error()
    known = []

    @settings(max_examples=500)
    @given(
        st.sampled_from(ARCHITECTURES),
        st.dictionaries(st.sampled_from(sorted({*_TYPES, *_VALUES} - {"model_type"})), st.sampled_from(VALUES)),
    )
    def check(architecture: str, changes: dict):
        content = DEFAULTS[architecture] | changes
        if is_known(content):
            known.append(changes)
            (tmp_path / "config.json").write_text(json.dumps(content), encoding="utf-8")
            architectures.config_of(Checkpoint(str(tmp_path)))

    check()
    assert len([changes for changes in known if changes]) > 20


INVALID = {
    "another architecture": {"model_type": "roberta"},
    "no layers": {"num_hidden_layers": 0},
    "a switch as a number": {"hidden_size": True},
    "a whole number as a fraction": {"layer_norm_eps": 1},
    "an unknown precision": {"torch_dtype": "float31"},
    "an unknown entry": {"quantization": "yes"},
    "a nested entry": {"rope_scaling": {"factor": 2.0}},
    "code": {"auto_map": {"AutoConfig": "own.Own"}},
    "architectures that are no list": {"architectures": "BertModel"},
}


@pytest.mark.parametrize("changes", INVALID.values(), ids=INVALID)
def test_anything_else_is_left_to_transformers(changes):
    assert not is_known(DEFAULTS["bert"] | changes)


def test_an_entry_that_only_one_architecture_requires():
    assert is_known(DEFAULTS["bert"] | {"classifier_dropout": None})
    assert not is_known(DEFAULTS["modernbert"] | {"classifier_dropout": None})


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"num_hidden_layers": 0}, "num_hidden_layers in its config.json is 0; expected 1 or more"),
        ({"hidden_size": "wide"}, "transformers cannot load its config.json"),
        ({"model_type": "own"}, "transformers cannot load its config.json"),
    ],
)
def test_an_invalid_config_is_refused_with_the_error_of_transformers(tmp_path, changes, message):
    (tmp_path / "config.json").write_text(json.dumps(DEFAULTS["bert"] | changes), encoding="utf-8")
    with pytest.raises(UserError, match=message):
        architectures.require_supported(Checkpoint(str(tmp_path)))
    (tmp_path / "config.json").write_text(json.dumps(DEFAULTS["bert"]), encoding="utf-8")
    architectures.require_supported(Checkpoint(str(tmp_path)))
