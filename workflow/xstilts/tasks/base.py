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
        every: each pattern stands for any number of files, which are read one after the other in the order of the
            patterns, then of their names (treebanks of one language); otherwise it must match exactly one.
        by_turns: the files are read side by side, a row from each (the rounds of ANLI), so that the first rows of
            the split are of all of them.
        languages: the languages of the files, where their names do not say it; empty for every language.
        unlabelled: the splits whose files lack their labels (those that XTREME's download script leaves); they are
            taken only where nothing else is found.
    """

    patterns: tuple[str, ...]
    read: Reader
    every: bool = False
    by_turns: bool = False
    languages: tuple[str, ...] = ()
    unlabelled: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hub:
    """A split in a dataset repository of the Hugging Face hub.

    Args:
        repository: `owner/name`.
        revision: the commit, 40 hexadecimal digits; or the name of a tag that its owner never moves.
        files: the files of the split, with the same placeholders as in `Layout` and with `*` for the numbers of shards.
        read: turns them into canonical rows.
    """

    repository: str
    revision: str
    files: str
    read: Reader


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
        pools: the tasks whose examples this one trains on together, with one head; it then has no layouts of its own.
        folders: names of the folders below `data` in which its files are looked for; by default its own name.
        hub: for each split, where the hub has it in its official form.
        archives: names of official archives (`xstilts.sources.archives`) that hold the splits which `hub` lacks, in
            layouts of `splits`.
        counts: the rows that a whole split has, by split and language; a split that is read whole and has
            another number is reported.
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
    pools: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    hub: Mapping[str, Hub] = field(default_factory=dict)
    archives: tuple[str, ...] = ()
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


Folders = list[Path]
"""The folders in which a task's files are looked for, in order."""
