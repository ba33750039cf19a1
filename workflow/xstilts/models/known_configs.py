"""Validation of the config.json of common architectures without torch, which the config classes of transformers import.

Every entry must have a known name and a valid value. Other files are not refused; they are left to transformers.
"""

import json
from pathlib import Path

from transformers.utils import cached_file

from xstilts.sources.checkpoints import CONFIG, Checkpoint

ARCHITECTURES = ("bert", "xlm-roberta", "xlm-roberta-xl", "deberta-v2", "rembert", "modernbert")
"""The `model_type` of the encoders in config.yaml."""

_POSITIVE = """vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size max_position_embeddings
    input_embedding_size output_embedding_size local_attention global_attn_every_n_layers"""
_TOKENS = "pad_token_id bos_token_id eos_token_id cls_token_id sep_token_id mask_token_id"
_WHOLE = """type_vocab_size chunk_size_feed_forward max_relative_positions position_buckets sparse_pred_ignore_index
    pooler_hidden_size pooler_fc_size pooler_num_attention_heads pooler_num_fc_layers pooler_size_per_head"""
_FLOATS = "initializer_range layer_norm_eps norm_eps initializer_cutoff_factor global_rope_theta local_rope_theta"
_RATES = """hidden_dropout_prob attention_probs_dropout_prob classifier_dropout_prob
    attention_dropout embedding_dropout mlp_dropout pooler_dropout"""
_SWITCHES = """use_cache is_decoder is_encoder_decoder add_cross_attention tie_word_embeddings relative_attention
    position_biased_input legacy norm_bias attention_bias mlp_bias decoder_bias classifier_bias sparse_prediction
    deterministic_flash_attn gradient_checkpointing output_past share_att_key repad_logits_with_grad"""
_WORDS = """model_type tokenizer_class transformers_version hidden_act pooler_hidden_act hidden_activation
    classifier_activation position_embedding_type directionality pooler_type pos_att_type norm_rel_ebd"""

_TYPES = {
    name: types
    for names, types in (
        (_POSITIVE, (int,)),
        (_TOKENS, (int, type(None))),
        (_WHOLE, (int,)),
        (_FLOATS, (float,)),
        (_RATES, (int, float)),
        ("classifier_dropout", (int, float, type(None))),
        (_SWITCHES, (bool,)),
        (_WORDS, (str,)),
    )
    for name in names.split()
}
_VALUES = {
    "classifier_pooling": ("cls", "mean"),
    "dtype": ("float32", "float16", "bfloat16"),
    "torch_dtype": ("float32", "float16", "bfloat16"),
}


def known_config(checkpoint: Checkpoint) -> dict | None:
    """The config.json of a checkpoint; None if it is not known to be valid."""
    settings = read_json(checkpoint, CONFIG)
    return settings if settings and is_known(settings) else None


def is_known(settings: dict) -> bool:
    """Whether transformers is known to accept the content of a config.json."""
    architecture = settings.get("model_type")
    if architecture not in ARCHITECTURES or not all(_fits(*entry) for entry in settings.items()):
        return False
    return architecture != "modernbert" or settings.get("classifier_dropout", 0.0) is not None


def _fits(name: str, value: object) -> bool:
    if name in _VALUES:
        return isinstance(value, str) and value in _VALUES[name]
    if name == "architectures":
        return isinstance(value, list) and all(isinstance(architecture, str) for architecture in value)
    if name in _POSITIVE.split():
        return type(value) is int and value > 0
    # transformers accepts neither true for 1 nor 1 for 1.0.
    return type(value) in _TYPES.get(name, ())


def read_json(checkpoint: Checkpoint, name: str) -> dict | None:
    """A JSON object in a file of a checkpoint; None if there is none that can be read."""
    try:
        file = cached_file(
            checkpoint.name, name, revision=checkpoint.revision, _raise_exceptions_for_missing_entries=False
        )
        content = json.loads(Path(file).read_bytes()) if file else None
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
