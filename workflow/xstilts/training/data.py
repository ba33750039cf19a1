"""The data of a stage."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from xstilts.features.batching import has_gold
from xstilts.sources.columns import GOLD_COLUMN
from xstilts.task import Task

if TYPE_CHECKING:
    from xstilts.kinds import Kind, Lengths


@dataclass(frozen=True)
class TaskData:
    """The data of one task of a stage.

    Args:
        train: features of the training rows of all languages.
        dev: examples and features of the dev rows, by language.
        settings: the length settings of the features.
        tokenizer: the folder of the tokenizer of the features.
    """

    task: Task
    kind: "Kind"
    train: pa.Table
    dev: dict[str, tuple[pa.Table, pa.Table]]
    settings: "Lengths"
    tokenizer: Path

    def unlabelled_dev(self) -> list[str]:
        """The languages whose dev rows are unlabelled, so that checkpoints cannot be selected by dev score."""
        return [lang for lang, (examples, _) in self.dev.items() if not has_gold(examples, GOLD_COLUMN[self.task.kind])]
