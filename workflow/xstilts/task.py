"""What a task is: where its files lie, what a row means, which metric counts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


class LeftOut(str):
    """Why a reader leaves out the row at a place of its file: it stands where the canonical row would."""

    __slots__ = ()


Row = tuple[str, dict | LeftOut]
"""A place in a file (`line 12`) and the canonical row read there; columns in `xstilts.sources.columns`.

A row without `id` is given its position in the split as its id."""

ANOTHER_LANGUAGE = LeftOut("in another language")
NO_MAJORITY = LeftOut("without a majority of annotators")

Reader = Callable[..., Iterator[Row]]
"""`reader(paths, *, task, lang) -> Iterator[Row]`, with one path for each pattern of its layout."""


@dataclass(frozen=True)
class Layout:
    """One way in which a split lies on disk.

    Args:
        patterns: file names relative to a folder of the task, with `{lang}`, `{iso3}` and `{name}` (`english`) for
            the language and `{split}` for the split; all of them must be there. A name may hold `*`.
        read: turns the files into canonical rows.
        every: each pattern stands for any number of files, whole or in parts (`xstilts.sources.parts`), which are
            read one after the other in the order of the patterns, then of their names (treebanks of one language);
            otherwise it must match exactly one.
        own: what every file of the split is called, wherever it lies below the folder, as a regular expression with the
            names of `patterns`: such a file that no pattern reads is an error.
        interleave: the files are read side by side, a row from each (the rounds of ANLI), so that the first rows of
            the split are of all of them.
        languages: the languages of the files, where their names do not say it; empty for every language.
        unlabelled: the splits whose files lack their labels (those that XTREME's download script leaves); they are
            taken only where nothing else is found.
        labels: where the files list the labels of a task that has none of its own, gives these in id order.
    """

    patterns: tuple[str, ...]
    read: Reader
    every: bool = False
    own: str = ""
    interleave: bool = False
    languages: tuple[str, ...] = ()
    unlabelled: tuple[str, ...] = ()
    labels: Callable[[list[Path]], tuple[str, ...]] | None = None

    def has(self, lang: str) -> bool:
        """Whether its files may be in a language."""
        return lang in (self.languages or (lang,))


@dataclass(frozen=True)
class Hub:
    """A split as a repository of the Hugging Face hub has it.

    Args:
        repository: where it is.
        split: `train`, `dev` or `test`.
        layout: how its files lie there, with `*` for the numbers of shards.
    """

    repository: "Repository"
    split: str
    layout: Layout


@dataclass(frozen=True)
class Repository:
    """A dataset repository of the hub at a fixed revision.

    Args:
        name: `owner/name`.
        revision: the commit, 40 hexadecimal digits.
    """

    name: str
    revision: str

    def table(self, split: str, name: str, read: Reader, *languages: str) -> Hub:
        """A split in shards of parquet that are called `name` and their number."""
        return Hub(self, split, Layout((f"{name}-*.parquet",), read, every=True, languages=languages))


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
        labels: the closed set of labels in id order, for kinds that have one. A tagging task may leave it to its
            training data (`xstilts.sources.labels`).
        unanswerable: whether the context of a question may lack its answer; such a question has no gold answers,
            and the prediction for it should be empty.
        stage: the task whose training serves this one as a target (`mnli` for XNLI); None if it is evaluated on
            the encoder as it is.
        threshold_split: the split whose gold sets a decision threshold before the task is evaluated.
        missing_languages: by split, the languages that it lacks, such as Kazakh, Thai, Tagalog and Yoruba in dev sets.
        pools: the tasks whose examples this one trains on together, with one head; it then has no layouts of its own.
            Their files lie where those tasks have theirs; limits and lengths are those of this task.
        folders: names of the folders below `data` in which its files are looked for; by default its own name.
        hub: its splits on the hub; the first one of a split that has a language is read in it.
        archives: for each split that the hub has no official copy of, the name of the official archive
            (`xstilts.sources.archives`) with its files in layouts of `splits`; the name may hold `{lang}`.
        counts: the rows that a whole split has, by split and language (of parallel sentences, those of both sides); a
            split that is read whole and has another number is reported.
        language_facts: the fields of `xstilts.languages.Language` that its readers use, such as the `name` with which a
            question id of TyDiQA begins; those in the names of its files need not be here.
        manual_download: for a task whose files only the user can have: what is expected in its folder and why, as the
            error for missing files says it instead of their names.
        title: the name of the data set in documentation and model cards.
        licence: the licence of the data.
        citation: authors, year, title and venue of the paper to cite, on one line.
        homepage: the address of the data set.
        notes: what users of the data, or of a model trained on them, should know, as Markdown on one line.

    The last five describe the data to people. They stand in no fingerprint, so that a correction renames no result.
    """

    name: str
    kind: str
    metric: str
    languages: tuple[str, ...]
    splits: Mapping[str, tuple[Layout, ...]]
    labels: tuple[str, ...] = ()
    unanswerable: bool = False
    stage: str | None = None
    threshold_split: str | None = None
    missing_languages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pools: tuple["Task", ...] = ()
    folders: tuple[str, ...] = ()
    hub: tuple[Hub, ...] = ()
    archives: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    language_facts: tuple[str, ...] = ()
    manual_download: str = ""
    title: str = ""
    licence: str = "see its release"
    citation: str = ""
    homepage: str = ""
    notes: str = ""

    @property
    def parts(self) -> tuple["Task", ...]:
        """The tasks whose files it is read from: those that it pools, else itself."""
        return self.pools or (self,)


Folders = list[Path]
"""The folders in which a task's files are looked for, in order."""
