"""Checkpoints on disk or on the hub, and which of their files count as what."""

from dataclasses import dataclass
from pathlib import Path

_TOKENIZER = ("tokenizer", "special_tokens_map", "added_tokens", "vocab", "merges", "sentencepiece", "spm", "bpe")
_MODEL = (".json", ".safetensors", ".bin", ".model", ".txt")


@dataclass(frozen=True)
class Checkpoint:
    """A Hugging Face folder, or a repository of the hub with its commit."""

    name: str
    revision: str | None = None


def is_checkpoint(folder: Path) -> bool:
    """Whether a folder is a Hugging Face checkpoint."""
    return (folder / "config.json").is_file()


def tokenizer_files(folder: Path) -> list[Path]:
    """The files of a tokenizer, sorted by name."""
    return [file for file in model_files(folder) if file.name.startswith(_TOKENIZER)]


def model_files(folder: Path) -> list[Path]:
    """The files of a checkpoint, those of its tokenizer included, sorted by name."""
    return sorted(file for file in folder.iterdir() if file.is_file() and file.suffix in _MODEL)
