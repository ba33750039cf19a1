"""Loading the tokenizer of a checkpoint and passing it on, without a model."""

import shutil
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerBase, logging

from xstilts.checkpoints import Checkpoint, tokenizer_files
from xstilts.errors import UserError

logging.set_verbosity_error()


def load_tokenizer(checkpoint: Checkpoint) -> PreTrainedTokenizerBase:
    """The fast tokenizer of a checkpoint.

    Raises:
        UserError: it has none, or its vocabulary was lost so that text would become unknown tokens only.
    """
    tokenizer = AutoTokenizer.from_pretrained(checkpoint.name, revision=checkpoint.revision)
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


def copy_tokenizer(checkpoint: Checkpoint, folder: Path) -> None:
    """Put the tokenizer of a checkpoint into a folder: its very files where it is a folder itself."""
    source = Path(checkpoint.name)
    if not source.is_dir():
        load_tokenizer(checkpoint).save_pretrained(folder)
        return
    for file in tokenizer_files(source):
        shutil.copyfile(file, folder / file.name)
