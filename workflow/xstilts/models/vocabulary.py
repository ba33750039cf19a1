"""What models need to know of a tokenizer, recorded with token ids, so that jobs on a GPU load no tokenizer."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from xstilts.paths import MANIFEST
from xstilts.store.jsonfiles import read_json

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

NOTE = "vocabulary"
"""The key of the record in the manifest of token ids."""


class Vocabulary(NamedTuple):
    """A vocabulary.

    Args:
        size: the number of tokens, added ones included.
        padding: the id of the padding token.
        mask: the id of the mask token; None if there is none.
        special: the ids of all special tokens, in ascending order.
    """

    size: int
    padding: int
    mask: int | None
    special: tuple[int, ...]

    @classmethod
    def of(cls, tokenizer: "PreTrainedTokenizerBase") -> "Vocabulary":
        """The vocabulary of a tokenizer that has a padding token."""
        special = tuple(sorted(set(tokenizer.all_special_ids)))
        return cls(len(tokenizer), tokenizer.pad_token_id, tokenizer.mask_token_id, special)

    def note(self) -> dict[str, Any]:
        """The record in a manifest."""
        return self._asdict()


def recorded(features: Path) -> Vocabulary | None:
    """The vocabulary in the manifest of token ids; None if it is not recorded there."""
    note = read_json(features / MANIFEST).get(NOTE)
    if not (isinstance(note, dict) and note.keys() == set(Vocabulary._fields)):
        return None
    return Vocabulary(**{**note, "special": tuple(note["special"])})
