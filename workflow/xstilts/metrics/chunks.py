"""Entity F1 over typed chunks (Tjong Kim Sang & De Meulder 2003), XTREME's metric for PAN-X: seqeval's default mode.

Chunks are found in the tags of all sentences at once. The result is that of seqeval's loop over tags, also for tags
that are not IOB.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from xstilts.errors import UserError
from xstilts.metrics import Number, gold, precision_recall_f1, require_equal_counts, table

NAMES = ("f1", "precision", "recall")

OUTSIDE = "O"

_PREFIXES = ("B-", "I-", "E-", "S-")


@dataclass(frozen=True)
class Rules:
    """The rules by which a version of seqeval finds chunks. The first letter of a tag is its role.

    Args:
        type_of: the type of a tag.
        is_joined: whether all sentences are one sequence, with an `O` after each. This `O` does not end a chunk of tags
            that are neither IOB nor `O`: such a chunk may begin in an earlier sentence.
    """

    type_of: Callable[[str], str]
    is_joined: bool


CONLLEVAL = Rules(lambda tag: tag.split("-")[-1], is_joined=False)
"""Those of CoNLL-2000's conlleval, as implemented by seqeval up to 0.0.13.

The type is the part after the last dash. A tag without a dash is its own type, so a run of equal tags is one chunk,
except for tags that begin with S, each of which is a separate chunk.
"""

SEQEVAL = Rules(lambda tag: tag[1:].split("-", maxsplit=1)[-1] or "_", is_joined=True)
"""Those of seqeval since 0.0.18: the type is the part after the first dash, or the tag without its first letter."""


class Chunks(NamedTuple):
    """The chunks of some sentences. Positions are counted from the first sentence, with one more after each.

    Args:
        types: the type of each chunk.
        begins: its first position.
        ends: its last position, in ascending order.
    """

    types: np.ndarray
    begins: np.ndarray
    ends: np.ndarray


class Tags:
    """The tags of sentences as one array.

    Args:
        sentences: the tags of each sentence.
    """

    def __init__(self, sentences: Sequence[Sequence[str]]):
        tags, lengths = list(chain.from_iterable(sentences)), np.fromiter(map(len, sentences), int, len(sentences))
        self.names = list(dict.fromkeys(tags))
        """The distinct tags."""
        numbers = {name: number for number, name in enumerate(self.names, start=1)}
        self.first = np.cumsum(lengths + 1) - lengths - 1
        """The first position of each sentence."""
        self.numbers = np.zeros(lengths.sum() + len(sentences), np.intp)
        """The number of the tag at each position, from 1 on; 0 after each sentence."""
        within = np.ones(len(self.numbers), dtype=bool)
        within[self.first + lengths] = False
        self.numbers[within] = np.fromiter(map(numbers.__getitem__, tags), np.intp, len(tags))


def per_example(examples: pa.Table, predictions: Sequence[list[str]], lang: str) -> pa.Table:
    """The counts of predicted and gold chunks of each sentence, as by the installed seqeval.

    Raises:
        UserError: the examples are unlabelled, or the predictions differ from them in the number of sentences or tags.
    """
    found, expected = Tags(predictions), Tags(aligned_tags(examples, predictions))
    for name in dict.fromkeys([*found.names, *expected.names]):
        if not (name.startswith(_PREFIXES) or name in ("O", "B", "I", "E", "S")):
            warnings.warn(f"{name} seems not to be NE tag.", stacklevel=2)
    return table(examples["id"], **overlaps(found, expected, SEQEVAL))


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """Micro-averaged F1, precision and recall over all chunks, in percent."""
    return precision_recall_f1(sums["right"], sums["found"], sums["expected"])


def main_score(scores: Mapping[str, Number]) -> Number:
    """F1."""
    return scores["f1"]


def overlaps(found: Tags, expected: Tags, rules: Rules) -> dict[str, np.ndarray]:
    """The counts for F1, for each sentence: the numbers of correct, found and expected chunks that end in it."""
    types: dict[str, int] = {}
    ours, theirs = (chunks(tags, rules, types) for tags in (found, expected))
    at_end = np.full((2, len(expected.numbers)), -1)
    at_end[:, theirs.ends] = theirs.begins, theirs.types
    is_right = (at_end[:, ours.ends] == [ours.begins, ours.types]).all(axis=0)
    ends = {"right": ours.ends[is_right], "found": ours.ends, "expected": theirs.ends}
    return {name: _by_sentence(found, some) for name, some in ends.items()}


def chunks(tags: Tags, rules: Rules, types: dict[str, int]) -> Chunks:
    """The chunks of all sentences.

    Args:
        types: the numbers of types, to which new ones are added.
    """
    # Before the first tag of a sentence, there is an `O`, which no type follows without a change by the older rules.
    states = [(OUTSIDE, rules.type_of(OUTSIDE)), *((name[0], rules.type_of(name)) for name in tags.names)]
    before = [(OUTSIDE, rules.type_of(OUTSIDE) if rules.is_joined else None), *states[1:]]
    steps = [[(*one, *other) for other in states] for one in before]
    ends, starts = (np.array([[rule(*step) for step in row] for row in steps]) for rule in (_ends, _starts))
    last = np.concatenate([[0], tags.numbers[:-1]])
    is_start = starts[last, tags.numbers]
    if not rules.is_joined:
        is_start[tags.first] = True
    begins = np.maximum.accumulate(np.where(is_start, np.arange(len(last)), 0))
    places = np.flatnonzero(ends[last, tags.numbers]) - 1
    type_of = np.array([types.setdefault(type_, len(types)) for _, type_ in states])
    return Chunks(type_of[tags.numbers[places]], begins[places], places)


def aligned_tags(examples: pa.Table, predictions: Sequence[Sequence[str]]) -> list[list[str]]:
    """The gold tags of each sentence, once they are known to match the predictions in number.

    Raises:
        UserError: the examples are unlabelled, or the predictions differ from them in the number of sentences or tags.
    """
    sentences = gold(examples, "tags")
    require_equal_counts(predictions, sentences, "sentences")
    for number, (expected, found) in enumerate(zip(sentences, predictions, strict=True), start=1):
        if len(expected) != len(found):
            raise UserError(f"Sentence {number}: found {len(found)} predicted tags; expected {len(expected)}.")
    return sentences


def _by_sentence(tags: Tags, positions: np.ndarray) -> np.ndarray:
    """The number of positions in each sentence."""
    sentences = np.searchsorted(tags.first, positions, side="right") - 1
    return np.bincount(sentences, minlength=len(tags.first))


def _ends(role_before: str, type_before: str | None, role: str, type_: str) -> bool:
    """Whether a chunk ends before a tag."""
    type_changes = type_before != type_
    return role_before in "ES" or (role_before in "BI" and role in "BSO") or (type_changes and role_before not in "O.")


def _starts(role_before: str, type_before: str | None, role: str, type_: str) -> bool:
    """Whether a chunk starts with a tag."""
    type_changes = type_before != type_
    return role in "BS" or (role_before in "ESO" and role in "EI") or (type_changes and role not in "O.")
