"""Planning rejects settings that an encoder cannot handle, if its config.json is available locally."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
import tiny
from transformers import AutoConfig, AutoModel

from xstilts.checks import check_lengths
from xstilts.config import ConfigError, Encoder, parse
from xstilts.errors import UserError
from xstilts.models.fitting import require_fit
from xstilts.sources import encoder_config

PAD = 5
ARCHITECTURES = {
    "albert": {"embedding_size": 16},
    "bert": {},
    "distilbert": {"dim": 32, "n_layers": 1, "n_heads": 2, "hidden_dim": 64},
    "electra": {"embedding_size": 16},
    "ernie": {},
    "rembert": tiny.FAMILIES["rembert"],
    "camembert": {},
    "data2vec-text": {},
    "roberta": {},
    "roberta-prelayernorm": {},
    "xlm-roberta": {},
    "xlm-roberta-xl": {},
    "xmod": {"languages": ["en_XX"], "default_language": "en_XX"},
}
REVISION = "0123456789abcdef0123456789abcdef01234567"


def test_every_architecture_whose_positions_are_known_is_tried():
    assert set(ARCHITECTURES) == encoder_config._FROM_ZERO | encoder_config._BEHIND_PADDING


@pytest.mark.parametrize("model_type", ARCHITECTURES)
def test_the_length_that_a_config_allows_is_the_longest_that_the_model_takes(tmp_path, model_type):
    positions = 96 + (PAD + 1) * (model_type in encoder_config._BEHIND_PADDING)
    changes = tiny.CONFIG | {"max_position_embeddings": positions, "pad_token_id": PAD} | ARCHITECTURES[model_type]
    model = AutoModel.from_config(AutoConfig.for_model(model_type, vocab_size=40, **changes))
    model.config.save_pretrained(tmp_path)
    longest = encoder_config.longest(Encoder(path=tmp_path))
    assert longest == 96
    require_fit(model, rows(longest), PAD, "here")
    with pytest.raises(UserError, match="positions for 96"):
        require_fit(model, rows(longest + 1), PAD, "here")


def rows(length: int) -> pa.Table:
    return pa.table({"input_ids": pa.array([[7] * length], pa.list_(pa.int32()))})


@pytest.mark.parametrize("model_type", ["modernbert", "deberta-v2"])
def test_an_architecture_without_positions_is_limited_by_its_settings_alone(tmp_path, model_type):
    AutoConfig.for_model(model_type, **tiny.FAMILIES[model_type]).save_pretrained(tmp_path)
    assert encoder_config.longest(Encoder(path=tmp_path)) is None


def test_a_repository_in_the_cache_of_the_hub_is_known_and_another_one_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(encoder_config, "HF_HUB_CACHE", str(tmp_path))
    encoder = Encoder(repository="lab/tiny", revision=REVISION)
    assert encoder_config.longest(encoder) is None
    folder = tmp_path / "models--lab--tiny" / "snapshots" / REVISION
    folder.mkdir(parents=True)
    config = {"model_type": "xlm-roberta", "max_position_embeddings": 130, "pad_token_id": 1}
    (folder / "config.json").write_text(json.dumps(config))
    assert encoder_config.longest(encoder) == 128


def test_the_cache_of_the_hub_is_where_its_library_looks():
    from huggingface_hub.file_download import repo_folder_name

    assert repo_folder_name(repo_id="lab/tiny", repo_type="model") == "models--lab--tiny"


@pytest.mark.parametrize(
    "text, found", [('{"model_type": "bert", ', "line 1"), ("[1]", "found a JSON list"), ("\x00", "line 1")]
)
def test_a_config_that_is_none_is_named(tmp_path, text, found):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(UserError, match=rf"config\.json: .*{found}"):
        encoder_config.longest(Encoder(path=tmp_path))


RAW = {"grid": {"encoders": ["small"], "targets": ["xnli"]}, "encoders": {"small": {"path": "small"}}}
FITTING = {"tasks": {"mnli": {"max_length": 128}, "xnli": {"max_length": 128}}}


def checked(raw: dict, positions: int | None = None) -> None:
    check_lengths(parse(raw), lambda encoder: positions)


def test_a_task_that_is_longer_than_the_positions_is_refused():
    with pytest.raises(ConfigError, match=r"'tasks\.mnli\.max_length'.*128 positions .* 'small' .*; found 256"):
        checked(RAW, 128)
    checked(RAW | FITTING, 128)


def test_retrieval_counts_where_there_is_a_target_for_it():
    checked(RAW | FITTING, 128)
    with pytest.raises(ConfigError, match=r"'encoders\.small\.retrieval\.max_length'.*; found 512"):
        checked(RAW | FITTING | {"grid": {"encoders": ["small"], "targets": ["tatoeba"]}}, 128)


def test_an_encoder_that_is_made_here_takes_what_its_pretraining_says():
    made = {"encoders": {"small": {"pretraining": {"max_length": 128}}}}
    with pytest.raises(ConfigError, match=r"'tasks\.mnli\.max_length'.*pretraining\.max_length 128 .*; found 256"):
        checked(RAW | made)
    checked(RAW | made | FITTING)


@pytest.mark.parametrize(
    "encoder, length",
    [
        ({"path": "x"}, 512),
        ({"path": "x", "max_length": 8192}, 512),
        ({"path": "x", "max_length": 100}, 100),
        ({"pretraining": {"max_length": 64}}, 64),
        ({"pretraining": {}, "retrieval": {"max_length": 32}}, 32),
    ],
)
def test_a_sentence_of_retrieval_has_512_subwords_or_what_the_encoder_takes(encoder, length):
    assert parse({"encoders": {"a": encoder}}).encoders["a"].sentence_length == length


def test_a_plan_refuses_before_any_job(tmp_path, monkeypatch):
    from xstilts.run import Run

    monkeypatch.chdir(tmp_path)
    Path("small").mkdir()
    config = {"model_type": "bert", "max_position_embeddings": 128}
    Path("small", "config.json").write_text(json.dumps(config))
    Path("mine.yaml").write_text(json.dumps(RAW))
    with pytest.raises(SystemExit, match=r"error: config key 'tasks\.mnli\.max_length'"):
        Run(RAW, ["mine.yaml"])
