"""What an encoder's config.json says of it, read before any job and without transformers."""

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
"""Architectures with a vector for each position, counted from 0 or from behind the id of padding. Others have none, or
are looked at when they are loaded."""


def longest(encoder: Encoder) -> int | None:
    """The sub-words of the longest sequence for which an encoder has positions.

    Returns:
        None where that is not known yet: its config.json is not on this machine, or the architecture does not say.

    Raises:
        UserError: its config.json is no JSON object.
    """
    file = _file(encoder)
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


def _file(encoder: Encoder) -> Path | None:
    """The config.json of a folder, or of a repository in the cache of the hub."""
    if encoder.path:
        return encoder.path / CONFIG
    if encoder.repository and encoder.revision:
        folder = f"models--{encoder.repository.replace('/', '--')}"
        return Path(HF_HUB_CACHE, folder, "snapshots", encoder.revision, CONFIG)
    return None
