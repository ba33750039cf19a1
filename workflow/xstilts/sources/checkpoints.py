"""Checkpoints on disk or on the hub, and which of their files count as what."""

import json
from dataclasses import dataclass
from pathlib import Path

from xstilts.errors import UserError
from xstilts.paths import MANIFEST, SPEC, TRAINING_RECORD

CONFIG = "config.json"

_DOCUMENTATION = (".md", ".rst", ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".html")
_ABOUT = ("readme", "license", "licence", "notice", "copying", "citation", "changelog")
"""How the names of files begin that tell something about a checkpoint, whatever their suffix."""

_NOT_LOADED = (".h5", ".msgpack", ".onnx", ".onnx_data", ".ot", ".gguf", ".tflite", ".pb", ".pt", ".pth", ".ckpt")
"""Weights of other frameworks, and the states of trainings."""

_WEIGHTS = (".safetensors", ".index.json")
_PICKLED = ("pytorch_model", "adapter_model", "training_args", "optimizer", "scheduler")
"""How the names of weights begin that end with `.bin`, as vocabularies may too."""

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
"""What transformers, sentence-transformers and a stage write about a model, which no tokenizer reads."""

_DECIDES_TOKENIZER = ("tokenizer_class", "model_type")


@dataclass(frozen=True)
class Checkpoint:
    """A Hugging Face folder, or a repository of the hub with its commit."""

    name: str
    revision: str | None = None


def is_checkpoint(folder: Path) -> bool:
    """Whether a folder is a Hugging Face checkpoint."""
    return (folder / CONFIG).is_file()


def has_weights(folder: Path) -> bool:
    """Whether a checkpoint has weights that PyTorch's models are loaded from, whole or in parts."""
    return any(_is_loaded(file.name.lower()) for file in model_files(folder))


def model_files(folder: Path) -> list[Path]:
    """The files of a checkpoint, sorted by name: all but documentation and what PyTorch's models are not loaded from.

    Hidden files do not count, nor do subfolders: transformers reads no further than the folder itself.
    """
    return sorted(file for file in folder.iterdir() if file.is_file() and _belongs_to_model(file.name.lower()))


def tokenizer_files(folder: Path) -> list[Path]:
    """The files that may decide what a tokenizer does, sorted by name.

    No list of names could say which they are: each class has its own, and a checkpoint may bring a class of its own.
    So they are all files of the checkpoint but those that cannot be any: its weights, and what is known to be about
    the model alone. Of `config.json`, see `tokenizer_settings`.
    """
    return [
        file for file in model_files(folder) if not _is_weights(file.name.lower()) and file.name not in _OF_THE_MODEL
    ]


def tokenizer_settings(folder: Path) -> dict:
    """The entries of `config.json` by which the class of the tokenizer is found, those that are there.

    Raises:
        UserError: it is no JSON object.
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
        UserError: it is no JSON object.
    """
    try:
        content = json.loads(file.read_bytes())
    except ValueError as error:
        raise UserError(f"{file}: is no JSON: {error}. Put the encoder's own file there again.") from None
    if not isinstance(content, dict):
        raise UserError(f"{file}: holds a {type(content).__name__}, expected a JSON object with the model's settings.")
    return content
