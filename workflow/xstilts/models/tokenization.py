"""Loading tokenizers, and copying them from the token ids that they made to every model trained on these."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Tokenizer
from transformers.utils import cached_file

from xstilts.errors import UserError
from xstilts.fingerprints import spec
from xstilts.models.architectures import refused
from xstilts.models.tokenizer_classes import tokenizer_class
from xstilts.models.vocabulary import Vocabulary, recorded
from xstilts.sources.checkpoints import Checkpoint

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

FOLDER = "tokenizer"
"""The subfolder of token ids that contains their tokenizer."""


def load_tokenizer(checkpoint: Checkpoint) -> "PreTrainedTokenizerBase":
    """The fast tokenizer of a checkpoint.

    Raises:
        UserError: it cannot be loaded or is not a fast tokenizer, or its vocabulary is missing, so that it would encode
            all text as unknown tokens.
    """
    tokenizer = _loaded(checkpoint)
    _require_model_of_file(tokenizer, checkpoint)
    if not tokenizer.is_fast:
        raise UserError(f"{checkpoint.name}: has no fast tokenizer; add its tokenizer.json to the folder.")
    if tokenizer.pad_token_id is None:
        raise UserError(f"{checkpoint.name}: its tokenizer has no padding token; set it in its tokenizer_config.json.")
    if len(tokenizer) < 100:
        raise UserError(
            f"{checkpoint.name}: its tokenizer has only {len(tokenizer)} tokens, so all text would be unknown. Add its "
            "tokenizer files, or set tokenizer_class in its tokenizer_config.json."
        )
    return tokenizer


def pad_token_id(folder: Path) -> int:
    """The padding id of the tokenizer in a folder of token ids, which was validated when it was written."""
    return vocabulary(folder).padding


def vocabulary(folder: Path) -> Vocabulary:
    """The vocabulary of the tokenizer in a folder of token ids.

    The tokenizer is loaded only if the token ids were written by a version of xstilts that did not record it.
    """
    return recorded(folder.parent) or Vocabulary.of(_loaded(Checkpoint(str(folder))))


def _loaded(checkpoint: Checkpoint) -> "PreTrainedTokenizerBase":
    try:
        loader = tokenizer_class(checkpoint)
        return loader.from_pretrained(checkpoint.name, revision=checkpoint.revision, trust_remote_code=False)
    # tokenizers raises a bare Exception for a truncated file.
    except Exception as error:
        raise refused(checkpoint, "its tokenizer", error) from error


def _require_model_of_file(tokenizer: "PreTrainedTokenizerBase", checkpoint: Checkpoint) -> None:
    """Refuse a tokenizer that loaded the vocabulary of tokenizer.json as that of another kind of model.

    If the checkpoint does not name the class of its tokenizer, transformers uses the class of the architecture.
    """
    options = {"revision": checkpoint.revision, "_raise_exceptions_for_missing_entries": False}
    file = cached_file(checkpoint.name, "tokenizer.json", **options)
    if file is None or not tokenizer.is_fast:
        return
    there, loaded = (type(one.model).__name__ for one in (Tokenizer.from_file(file), tokenizer.backend_tokenizer))
    if there != loaded:
        raise UserError(
            f"{checkpoint.name}: its tokenizer.json has a {there} model, but {type(tokenizer).__name__} loads it as a "
            f"{loaded} model. Set the right tokenizer_class in its tokenizer_config.json, such as "
            "PreTrainedTokenizerFast."
        )


def save_tokenizer(tokenizer: "PreTrainedTokenizerBase", folder: Path) -> None:
    """Save a loaded tokenizer, so that it can be loaded without its checkpoint.

    Raises:
        UserError: the tokenizer that is loaded from the folder differs.
    """
    tokenizer.save_pretrained(folder)
    before, after = _state(tokenizer), _state(_loaded(Checkpoint(str(folder))))
    if changed := [name for name in before if before[name] != after[name]]:
        raise UserError(
            f"{tokenizer.name_or_path}: its {type(tokenizer).__name__} changes when it is saved and loaded "
            f"({', '.join(changed)}), so a trained model could not keep the tokenizer that it was trained with. Use a "
            "folder with a tokenizer.json: the encoder's own, or the one that this tokenizer's save_pretrained writes."
        )


def _state(tokenizer: "PreTrainedTokenizerBase") -> dict[str, object]:
    """Everything that determines the ids of a text and the padding of a batch."""
    return {
        "class": type(tokenizer).__name__,
        "tokenizer.json": tokenizer.backend_tokenizer.to_str(),
        "special tokens": tokenizer.special_tokens_map,
        "inputs": tokenizer.model_input_names,
    }


def beside(features: Path) -> Path:
    """The folder of the tokenizer of token ids.

    Raises:
        UserError: it is missing.
    """
    folder = features / FOLDER
    if not folder.is_dir():
        raise UserError(
            f"{features}: found token ids without their tokenizer, written by another version of xstilts. Delete "
            "manifest.json there and start snakemake again to recompute them."
        )
    return folder


def shared(folders: Mapping[str, Path]) -> Path:
    """The common tokenizer of several tasks.

    Args:
        folders: the folder of the tokenizer of each task.

    Raises:
        UserError: the tokenizers are not identical, byte by byte.
    """
    (first, folder), *others = folders.items()
    for name, other in others:
        if _hashes(other) != _hashes(folder):
            raise UserError(
                f"{first} and {name} were not encoded by the same tokenizer: {folder} and {other} differ. Delete "
                "manifest.json of both token ids and start snakemake again to recompute them."
            )
    return folder


def copy_tokenizer(source: Path, folder: Path) -> None:
    """Copy the files of a tokenizer into the folder of a model, and verify the copies.

    Raises:
        UserError: a copy differs from its original.
    """
    hashes = _hashes(source)
    for name in hashes:
        shutil.copyfile(source / name, folder / name)
    if damaged := [name for name, sha256 in hashes.items() if spec.sha256(folder / name) != sha256]:
        raise UserError(
            f"{folder / damaged[0]}: differs from {source / damaged[0]}, of which it is a copy. Check the disk."
        )


def _hashes(folder: Path) -> dict[str, str]:
    return {file.name: spec.sha256(file) for file in sorted(folder.iterdir())}
