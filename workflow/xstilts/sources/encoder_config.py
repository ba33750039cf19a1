"""Limits and dropout in the config.json of an encoder, read at planning time without transformers."""

from pathlib import Path

from huggingface_hub.constants import HF_HUB_CACHE

from xstilts.config import Encoder
from xstilts.sources.checkpoints import CONFIG, read_settings

_FROM_ZERO = {"albert", "bert", "distilbert", "electra", "ernie", "rembert"}
_BEHIND_PADDING = {
    "camembert",
    "data2vec-text",
    "roberta",
    "roberta-prelayernorm",
    "xlm-roberta",
    "xlm-roberta-xl",
    "xmod",
}
"""Architectures with absolute position embeddings that are numbered from 0, or from the padding id + 1. All others are
checked when they are loaded."""

_DROPOUTS = {
    **dict.fromkeys(
        ("bert", "deberta-v2", "rembert", "roberta", "xlm-roberta", "xlm-roberta-xl"),
        ("hidden_dropout_prob", "attention_probs_dropout_prob"),
    ),
    "modernbert": ("embedding_dropout", "mlp_dropout", "attention_dropout"),
}
"""The keys of the dropouts in the layers of an encoder, by architecture; those of heads are left out."""

_WITHOUT_DROPOUT = {"google/rembert", "jhu-clsp/mmBERT-base", "jhu-clsp/mmBERT-small"}
"""Repositories whose config.json has no dropout in the layers, which is known before it is downloaded."""


def longest(encoder: Encoder) -> int | None:
    """The maximum sequence length of an encoder, in sub-words, special tokens included.

    Returns:
        None if it is not known yet: config.json is not on this machine, or it does not determine the length.

    Raises:
        UserError: config.json is not a JSON object.
    """
    file = config_file(encoder)
    if file is None or not file.is_file():
        return None
    content = read_settings(file)
    model_type, positions = str(content.get("model_type")), content.get("max_position_embeddings")
    padding = content.get("pad_token_id", 1)
    if type(positions) is int and model_type in _FROM_ZERO:
        return positions
    if type(positions) is type(padding) is int and model_type in _BEHIND_PADDING:
        return positions - padding - 1
    return None


def dropout(encoder: Encoder) -> float | None:
    """The largest dropout in the layers of an encoder, from 0 to 1.

    Returns:
        None if it is not known yet: config.json is not on this machine, or does not say it.

    Raises:
        UserError: config.json is not a JSON object.
    """
    if encoder.pretraining:
        # `xstilts.miniature.pretraining` makes encoders without dropout.
        return 0.0
    file = config_file(encoder)
    if encoder.repository in _WITHOUT_DROPOUT and not (file and file.is_file()):
        return 0.0
    content = read_settings(file) if file and file.is_file() else {}
    found = [content.get(key) for key in _DROPOUTS.get(str(content.get("model_type")), ())]
    known = [float(one) for one in found if isinstance(one, int | float)]
    return max(known) if found and len(known) == len(found) else None


def config_file(encoder: Encoder) -> Path | None:
    """The path of config.json in a local folder or in the hub cache."""
    if encoder.path:
        return encoder.path / CONFIG
    if encoder.repository and encoder.revision:
        folder = f"models--{encoder.repository.replace('/', '--')}"
        return Path(HF_HUB_CACHE, folder, "snapshots", encoder.revision, CONFIG)
    return None
