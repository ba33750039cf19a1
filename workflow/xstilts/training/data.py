"""The data of a stage."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xstilts.features.batching import has_gold, list_column
from xstilts.features.rows import Rows
from xstilts.sources.columns import GOLD_COLUMN
from xstilts.task import MASKED_LM, Task
from xstilts.training.masking import Masking

if TYPE_CHECKING:
    from xstilts.kinds import Kind, Lengths
    from xstilts.models.vocabulary import Vocabulary


def subset(ids: Iterable[str], count: int) -> np.ndarray:
    """The positions of the `count` examples whose ids have the smallest hashes, in the order of the data.

    A larger subset contains a smaller one. Parallel data, which have the same ids, have the same subset.
    """
    hashes = [_hash(one) for one in ids]
    return np.sort(np.argsort(np.array(hashes, np.uint64), kind="stable")[:count])


def shared_out(ids: Mapping[str, Iterable[str]], seed: int) -> dict[str, np.ndarray]:
    """The positions of examples, by language, such that each id occurs in one language, drawn by seed and id.

    Args:
        ids: the ids of the examples of each language.
    """
    languages: dict[str, list[str]] = {}
    for lang, mine in ids.items():
        for one in mine:
            languages.setdefault(one, []).append(lang)
    drawn = {one: having[_hash(f"{seed} {one}") % len(having)] for one, having in languages.items()}
    return {lang: np.flatnonzero([drawn[one] == lang for one in mine]) for lang, mine in ids.items()}


def first_of_all(ids: Mapping[str, Iterable[str]], count: int) -> dict[str, np.ndarray]:
    """The positions of the `count` examples of all languages together whose ids have the smallest hashes, by language.

    Each id occurs once.
    """
    hashes = {lang: np.array([_hash(one) for one in mine], np.uint64) for lang, mine in ids.items()}
    every = np.sort(np.concatenate(list(hashes.values())))
    last = every[:count][-1:]
    return {lang: np.flatnonzero(mine <= last) for lang, mine in hashes.items()}


def equal_parts(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """The number of examples of each language, as equal as their sizes allow, that make `count` together.

    Args:
        sizes: the number of examples that each language has, at least `count` together.
    """
    parts: dict[str, int] = {}
    for before, (lang, size) in enumerate(sorted(sizes.items(), key=lambda one: (one[1], one[0]))):
        parts[lang] = min(size, (count - sum(parts.values())) // (len(sizes) - before))
    return parts


def of_examples(features: pa.Table, positions: np.ndarray) -> pa.Table:
    """The features of the examples at some positions in the data."""
    return features.filter(pc.is_in(features["example"], pa.array(positions, features["example"].type)))


def first_examples(examples: pa.Table, features: pa.Table, count: int | None) -> tuple[pa.Table, pa.Table]:
    """The first examples with their features, such as the dev examples of an evaluation; all if `count` is None."""
    first = examples.slice(0, count)
    return first, features.filter(pc.less(features["example"], first.num_rows))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


@dataclass(frozen=True)
class TaskData:
    """The data of one task of a stage.

    Args:
        train: features of the training rows of all languages.
        dev: examples and features of the dev rows, by language.
        settings: the length settings of the features.
        tokenizer: the folder of the tokenizer of the features.
        sizes: the number of training rows of each language, in their order in `train`; empty for one language.
    """

    task: Task
    kind: "Kind"
    train: pa.Table
    dev: dict[str, tuple[pa.Table, pa.Table]]
    settings: "Lengths"
    tokenizer: Path
    sizes: tuple[int, ...] = ()

    @property
    def is_masked_lm(self) -> bool:
        """Whether the words of masked tokens are predicted, so that the task is measured by its loss."""
        return self.task.kind == MASKED_LM

    def with_masked_dev(self, vocabulary: "Vocabulary") -> "TaskData":
        """The data with masks in the dev rows, which are the same in every evaluation of every training."""
        masking = Masking(vocabulary, seed=0)
        return replace(self, dev={lang: (table, _masked(rows, masking)) for lang, (table, rows) in self.dev.items()})

    def unlabelled_dev(self) -> list[str]:
        """The languages whose dev rows are unlabelled, so that checkpoints cannot be selected by dev score."""
        return [lang for lang, (examples, _) in self.dev.items() if not has_gold(examples, GOLD_COLUMN[self.task.kind])]


def _masked(features: pa.Table, masking: Masking) -> pa.Table:
    """Features with masked `input_ids` and the column `labels`."""
    rows = Rows(features, ["input_ids"])
    numbers = range(len(rows))
    found = masking.rows(rows.take(numbers), numbers, step=0) if len(rows) else []
    place = features.column_names.index("input_ids")
    masked = features.set_column(place, "input_ids", list_column([np.asarray(row["input_ids"]) for row in found]))
    return masked.append_column("labels", list_column([np.asarray(row["labels"]) for row in found]))
