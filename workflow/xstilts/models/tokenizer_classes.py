"""The class of transformers that loads a tokenizer, chosen like `AutoTokenizer`, which imports torch, does."""

from pathlib import Path
from typing import TYPE_CHECKING

import transformers
from transformers.utils import cached_file

from xstilts.models.known_configs import known_config, read_json
from xstilts.sources.checkpoints import CONFIG, Checkpoint

if TYPE_CHECKING:
    from transformers import AutoTokenizer, PreTrainedTokenizerBase

_GENERIC = "TokenizersBackend"
"""The class that takes a tokenizer.json as it is."""

_OF_ARCHITECTURE = {
    "bert": "BertTokenizer",
    "xlm-roberta": "XLMRobertaTokenizer",
    "xlm-roberta-xl": _GENERIC,
    "deberta-v2": "DebertaV2Tokenizer",
    "rembert": "RemBertTokenizer",
    "modernbert": _GENERIC,
}
_NAMED = {
    "PreTrainedTokenizerFast": _GENERIC,
    _GENERIC: _GENERIC,
    "BertTokenizer": "BertTokenizer",
    "DebertaV2Tokenizer": "DebertaV2Tokenizer",
    "GemmaTokenizer": "GemmaTokenizer",
    "RemBertTokenizer": "RemBertTokenizer",
    "RobertaTokenizer": "RobertaTokenizer",
    "XLMRobertaTokenizer": "XLMRobertaTokenizer",
}


def tokenizer_class(checkpoint: Checkpoint) -> "type[PreTrainedTokenizerBase] | type[AutoTokenizer]":
    """The class that `AutoTokenizer` chooses for a checkpoint; where that is not known, `AutoTokenizer` itself.

    It is known for common classes, if the checkpoint has a tokenizer.json and its config.json is that of a common
    architecture or missing.
    """
    chosen = _chosen(checkpoint)
    # Importing AutoTokenizer imports torch.
    return getattr(transformers, chosen or "AutoTokenizer")


def _chosen(checkpoint: Checkpoint) -> str | None:
    options = {"revision": checkpoint.revision, "_raise_exceptions_for_missing_entries": False}
    settings = {} if _has_no_config(checkpoint) else known_config(checkpoint)
    own = read_json(checkpoint, "tokenizer_config.json")
    try:
        file = cached_file(checkpoint.name, "tokenizer.json", **options)
    except (OSError, ValueError):
        return None
    return None if file is None or settings is None else class_name(settings, own or {})


def _has_no_config(checkpoint: Checkpoint) -> bool:
    """Whether a checkpoint is a folder without a config.json, such as the tokenizer of token ids."""
    folder = Path(checkpoint.name)
    return folder.is_dir() and not (folder / CONFIG).exists()


def class_name(settings: dict, own: dict) -> str | None:
    """The name of the class that `AutoTokenizer` chooses; None if it is not known.

    Args:
        settings: the content of a config.json of one of `known_configs.ARCHITECTURES`; empty if there is none.
        own: the content of tokenizer_config.json.
    """
    named = settings.get("tokenizer_class") if own.get("tokenizer_class") is None else own["tokenizer_class"]
    if "auto_map" in own or not isinstance(named, str | None):
        return None
    usual = _OF_ARCHITECTURE[settings["model_type"]] if settings else None
    if usual and (named is None or usual == _GENERIC):
        return usual
    return None if named is None else _NAMED.get(named, _NAMED.get(named.removesuffix("Fast")))
