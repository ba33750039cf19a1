"""What a task is: where its files lie, what a row means, which metric counts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Row = tuple[str, dict]
"""A place in a file (`line 12`) and the canonical row read there; columns in `xstilts.sources.columns`.

A row without `id` is given its position in the split as its id."""

Reader = Callable[..., Iterator[Row]]
"""`reader(paths, *, task, lang) -> Iterator[Row]`, with one path for each pattern of its layout."""


@dataclass(frozen=True)
class Layout:
    """One way in which a split lies on disk.

    Args:
        patterns: file names relative to a folder of the task, with `{lang}`, `{iso3}` and `{name}` (`english`) for
            the language and `{split}` for the split; all of them must be there. A name may hold `*`.
        read: turns the files into canonical rows.
        every: the single pattern stands for any number of files, read one after the other in the order of
            their names (treebanks of one language); otherwise a pattern must match exactly one file.
        languages: the languages of the files, where their names do not say it; empty for every language.
    """

    patterns: tuple[str, ...]
    read: Reader
    every: bool = False
    languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """One data set: its format, its kind of prediction and its official metric.

    Args:
        name: lower-case name, the one of the file that defines it.
        kind: the module of `xstilts.kinds` that encodes and decodes it.
        metric: the module of `xstilts.metrics` that scores it.
        languages: every language it is evaluated in, in the benchmark's order; `("en",)` for English tasks.
        splits: for `train`, `dev` and `test`, the layouts to look for, best first. A split that is missing here
            does not exist.
        labels: the closed set of labels in id order, for kinds that have one.
        stage: the task whose training serves this one as a target (`mnli` for XNLI); None if it is evaluated on
            the encoder as it is.
        tuned_on: the split whose gold sets a decision threshold before the task is evaluated.
        without: languages that a split does not have, such as the dev sets of Kazakh, Thai, Tagalog and Yoruba.
    """

    name: str
    kind: str
    metric: str
    languages: tuple[str, ...]
    splits: Mapping[str, tuple[Layout, ...]]
    labels: tuple[str, ...] = ()
    stage: str | None = None
    tuned_on: str | None = None
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Folders = list[Path]
"""The folders in which a task's files are looked for, in order."""
