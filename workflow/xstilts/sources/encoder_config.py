"""Limits in the config.json of an encoder, read at planning time without transformers."""

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


def config_file(encoder: Encoder) -> Path | None:
    """The path of config.json in a local folder or in the hub cache."""
    if encoder.path:
        return encoder.path / CONFIG
    if encoder.repository and encoder.revision:
        folder = f"models--{encoder.repository.replace('/', '--')}"
        return Path(HF_HUB_CACHE, folder, "snapshots", encoder.revision, CONFIG)
    return None
