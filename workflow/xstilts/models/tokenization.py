"""Loading the tokenizer of a checkpoint and passing it on: from its token ids to every model trained on them."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import cached_file

from xstilts.errors import UserError
from xstilts.fingerprints import spec
from xstilts.models.architectures import refused
from xstilts.sources.checkpoints import Checkpoint

FOLDER = "tokenizer"
"""Where a tokenizer lies among the token ids that it made."""


def load_tokenizer(checkpoint: Checkpoint) -> PreTrainedTokenizerBase:
    """The fast tokenizer of a checkpoint.

    Raises:
        UserError: it cannot be loaded or is no fast one, or its vocabulary was lost so that text would become unknown
            tokens only.
    """
    tokenizer = _loaded(checkpoint)
    _require_model_of_file(tokenizer, checkpoint)
    if not tokenizer.is_fast:
        raise UserError(f"{checkpoint.name}: has no fast tokenizer; put its tokenizer.json into the folder.")
    if tokenizer.pad_token_id is None:
        raise UserError(f"{checkpoint.name}: its tokenizer has no padding token; complete its tokenizer_config.json.")
    if len(tokenizer) < 100:
        raise UserError(
            f"{checkpoint.name}: its tokenizer knows {len(tokenizer)} tokens only, so every text would be unknown; "
            "its tokenizer files are missing or their class is not named in tokenizer_config.json."
        )
    return tokenizer


def pad_token_id(folder: Path) -> int:
    """The id of padding of a tokenizer that lies beside its token ids, and was checked when it was written there."""
    return _loaded(Checkpoint(str(folder))).pad_token_id


def _loaded(checkpoint: Checkpoint) -> PreTrainedTokenizerBase:
    try:
        return AutoTokenizer.from_pretrained(checkpoint.name, revision=checkpoint.revision, trust_remote_code=False)
    # The library below it knows no narrower class of errors: a file that is cut off is an Exception and nothing else.
    except Exception as error:
        raise refused(checkpoint, "its tokenizer", error) from error


def _require_model_of_file(tokenizer: PreTrainedTokenizerBase, checkpoint: Checkpoint) -> None:
    """Refuse a tokenizer that took the vocabulary of tokenizer.json for one of another kind of model.

    Where nothing names the class of a tokenizer, the library takes the architecture's own.
    """
    options = {"revision": checkpoint.revision, "_raise_exceptions_for_missing_entries": False}
    file = cached_file(checkpoint.name, "tokenizer.json", **options)
    if file is None or not tokenizer.is_fast:
        return
    there, loaded = (type(one.model).__name__ for one in (Tokenizer.from_file(file), tokenizer.backend_tokenizer))
    if there != loaded:
        raise UserError(
            f"{checkpoint.name}: its tokenizer.json is a {there} model, but {type(tokenizer).__name__} made a {loaded} "
            "model of it. Name the right tokenizer_class in its tokenizer_config.json, such as PreTrainedTokenizerFast."
        )


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write a tokenizer that was just loaded into a folder, from which the same one loads without its checkpoint.

    Raises:
        UserError: what loads from there is not the same.
    """
    tokenizer.save_pretrained(folder)
    before, after = _state(tokenizer), _state(_loaded(Checkpoint(str(folder))))
    if changed := [name for name in before if before[name] != after[name]]:
        raise UserError(
            f"{tokenizer.name_or_path}: its {type(tokenizer).__name__} is not the same after it was saved and loaded "
            f"({', '.join(changed)}), so a trained model could not keep the tokenizer that it was trained with. Use a "
            "folder with a tokenizer.json: the encoder's own, or the one that save_pretrained of this tokenizer writes."
        )


def _state(tokenizer: PreTrainedTokenizerBase) -> dict[str, object]:
    """All that decides which ids a text has and what a batch of them is padded with."""
    return {
        "class": type(tokenizer).__name__,
        "tokenizer.json": tokenizer.backend_tokenizer.to_str(),
        "special tokens": tokenizer.special_tokens_map,
        "inputs": tokenizer.model_input_names,
    }


def beside(features: Path) -> Path:
    """The folder of the tokenizer that made the token ids in a folder.

    Raises:
        UserError: there is none.
    """
    folder = features / FOLDER
    if not folder.is_dir():
        raise UserError(
            f"{features}: token ids without the tokenizer that made them, so they were written by another version of "
            "this library. Delete manifest.json there and start snakemake again, and they are made anew."
        )
    return folder


def shared(folders: Mapping[str, Path]) -> Path:
    """The tokenizer of several tasks, given by the folder of each.

    Raises:
        UserError: they are not the same, byte by byte.
    """
    (first, folder), *others = folders.items()
    for name, other in others:
        if _hashes(other) != _hashes(folder):
            raise UserError(
                f"{first} and {name} were not encoded by the same tokenizer: {folder} and {other} differ. Delete "
                "manifest.json of both token ids and start snakemake again, and they are made anew."
            )
    return folder


def copy_tokenizer(source: Path, folder: Path) -> None:
    """Put the very files of a tokenizer into the folder of a model.

    Raises:
        UserError: the copies are not what was copied.
    """
    hashes = _hashes(source)
    for name in hashes:
        shutil.copyfile(source / name, folder / name)
    if damaged := [name for name, sha256 in hashes.items() if spec.sha256(folder / name) != sha256]:
        raise UserError(
            f"{folder / damaged[0]}: is not the copy of {source / damaged[0]} that was just made. Check the disk."
        )


def _hashes(folder: Path) -> dict[str, str]:
    return {file.name: spec.sha256(file) for file in sorted(folder.iterdir())}
