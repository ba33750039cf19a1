"""Checkpoints on disk or on the hub, and the roles of their files."""

import json
from dataclasses import dataclass
from pathlib import Path

from xstilts.errors import UserError
from xstilts.paths import MANIFEST, SPEC, TRAINING_RECORD

CONFIG = "config.json"

_DOCUMENTATION = (".md", ".rst", ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".html")
_ABOUT = ("readme", "license", "licence", "notice", "copying", "citation", "changelog")
"""Prefixes of the names of files that document a checkpoint, with any suffix."""

_NOT_LOADED = (".h5", ".msgpack", ".onnx", ".onnx_data", ".ot", ".gguf", ".tflite", ".pb", ".pt", ".pth", ".ckpt")
"""Suffixes of the weights of other frameworks and of training states."""

_WEIGHTS = (".safetensors", ".index.json")
_PICKLED = ("pytorch_model", "adapter_model", "training_args", "optimizer", "scheduler")
"""Prefixes of weight files with the suffix `.bin`, which vocabularies may have as well."""

_OF_THE_MODEL = {
    CONFIG,
    "adapter_config.json",
    "generation_config.json",
    "modules.json",
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
    "trainer_state.json",
    "all_results.json",
    "train_results.json",
    "eval_results.json",
    TRAINING_RECORD,
    MANIFEST,
    SPEC,
}
"""Files that transformers, sentence-transformers or a stage write about a model, and that no tokenizer reads."""

_DECIDES_TOKENIZER = ("tokenizer_class", "model_type")


@dataclass(frozen=True)
class Checkpoint:
    """A Hugging Face checkpoint: a local folder, or a repository on the hub with its commit."""

    name: str
    revision: str | None = None


def is_checkpoint(folder: Path) -> bool:
    """Whether a folder is a Hugging Face checkpoint."""
    return (folder / CONFIG).is_file()


def has_weights(folder: Path) -> bool:
    """Whether a checkpoint has weights for PyTorch models, whole or in shards."""
    return any(_is_loaded(file.name.lower()) for file in model_files(folder))


def model_files(folder: Path) -> list[Path]:
    """The files of a checkpoint, sorted by name, without documentation and files that PyTorch models do not load.

    Hidden files and subfolders are left out: transformers does not read subfolders.
    """
    return sorted(file for file in folder.iterdir() if file.is_file() and _belongs_to_model(file.name.lower()))


def tokenizer_files(folder: Path) -> list[Path]:
    """The files that may affect the tokenizer, sorted by name.

    No fixed list of names would do: each tokenizer class has its own files, and a checkpoint may define a class. So all
    files of the checkpoint count, except for its weights and files that are known to describe the model alone. For
    `config.json`, see `tokenizer_settings`.
    """
    return [
        file for file in model_files(folder) if not _is_weights(file.name.lower()) and file.name not in _OF_THE_MODEL
    ]


def tokenizer_settings(folder: Path) -> dict:
    """The entries of `config.json` that determine the tokenizer class, as far as they are set.

    Raises:
        UserError: `config.json` is not a JSON object.
    """
    settings = read_settings(folder / CONFIG)
    return {key: settings[key] for key in _DECIDES_TOKENIZER if key in settings}


def _belongs_to_model(name: str) -> bool:
    return not name.startswith((".", *_ABOUT)) and not name.endswith((*_DOCUMENTATION, *_NOT_LOADED))


def _is_weights(name: str) -> bool:
    return name.endswith(_WEIGHTS) or (name.endswith(".bin") and name.startswith(_PICKLED))


def _is_loaded(name: str) -> bool:
    return name.endswith(".safetensors") or (name.endswith(".bin") and name.startswith("pytorch_model"))


def read_settings(file: Path) -> dict:
    """The content of a `config.json`.

    Raises:
        UserError: it is not a JSON object.
    """
    try:
        content = json.loads(file.read_bytes())
    except ValueError as error:
        raise UserError(f"{file}: invalid JSON: {error}. Restore the original file of the encoder.") from None
    if not isinstance(content, dict):
        raise UserError(
            f"{file}: found a JSON {type(content).__name__}; expected an object with the settings of the model. "
            "Restore the original file of the encoder."
        )
    return content
