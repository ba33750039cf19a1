"""Declarations of tasks: the layouts of their files, how rows are read, the kind of prediction and the metric."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


class LeftOut(str):
    """The reason why a reader leaves out a row. It is yielded in place of the canonical row."""

    __slots__ = ()


Row = tuple[str, dict | LeftOut]
"""A position in a file (`line 12`) and the canonical row read there, with the columns of `xstilts.sources.columns`.

If a row has no `id`, its position in the split becomes its id."""

PAIR = "-"
"""Separates the two codes of a pair of languages, such as `de-en`."""

MASKED_LM = "masked_lm"
"""The kind of the tasks without labels, on which a model is trained to predict masked words."""

LOSS = "_loss"
"""The suffix that marks the dev loss of a task among dev scores in percent: `mlm_loss`."""

ANOTHER_LANGUAGE = LeftOut("in another language")
NO_MAJORITY = LeftOut("without a majority of annotators")
UNTRANSLATED = LeftOut("without a translation")
UNALIGNED = LeftOut("without an answer in the translation")

DEFECTS = (UNTRANSLATED, UNALIGNED)
"""The reasons that are defects of a release: such rows are counted in its published size, and must be few."""

Reader = Callable[..., Iterator[Row]]
"""`reader(paths, *, task, lang) -> Iterator[Row]`, with one path for each pattern of the layout."""


@dataclass(frozen=True)
class Layout:
    """One layout of the files of a split.

    Args:
        patterns: file names relative to a folder of the task. `{lang}`, `{iso3}` and `{name}` (`english`) are replaced
            by the language and `{split}` by the split; of a pair such as `de-en`, `{first}` and `{second}` by its
            codes. A name may contain `*`. All patterns must match.
        read: converts the files to canonical rows.
        every: each pattern matches any number of files, whole or in parts (`xstilts.sources.parts`). They are read one
            after the other, in the order of the patterns and then of the file names (treebanks of one language).
            Otherwise each pattern must match exactly one file.
        own: a regular expression, with the placeholders of `patterns`, that matches the name of every file of the split
            anywhere below the folder. A file that matches it and no pattern is an error.
        interleave: take rows from the files in turn (the rounds of ANLI), so that the first rows of the split come from
            all of them.
        languages: the languages of the files, if the file names do not contain the language; empty for all languages.
        unlabelled: the splits whose files have no labels (those written by XTREME's download script). They are used
            only if no other layout is found.
        labels: reads the labels, in id order, from the files, for a task that declares none.
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
        """Whether the files can be in a language."""
        return lang in (self.languages or (lang,))


@dataclass(frozen=True)
class Hub:
    """A split in a dataset repository of the Hugging Face hub.

    Args:
        repository: the repository.
        split: `train`, `dev` or `test`.
        layout: the layout of its files in the repository, with `*` for the shard numbers.
    """

    repository: "Repository"
    split: str
    layout: Layout


@dataclass(frozen=True)
class Repository:
    """A dataset repository of the Hugging Face hub at a pinned revision.

    Args:
        name: `owner/name`.
        revision: the commit hash, 40 hexadecimal digits.
    """

    name: str
    revision: str

    def table(self, split: str, name: str, read: Reader, *languages: str) -> Hub:
        """A split in parquet shards named `<name>-<number>.parquet`."""
        return Hub(self, split, Layout((f"{name}-*.parquet",), read, every=True, languages=languages))


@dataclass(frozen=True)
class Task:
    """A data set, its format, its kind of prediction and its official metric.

    Args:
        name: the lower-case name, equal to that of the file that defines the task.
        kind: the module of `xstilts.kinds` that encodes the examples and decodes the predictions.
        metric: the module of `xstilts.metrics` that scores the predictions; empty for masked language modelling, which
            is measured by its loss.
        languages: the languages in which the task is evaluated, in the benchmark's order; `("en",)` for English tasks.
        splits: the layouts to look for, in order of preference, by split (`train`, `dev`, `test`). A split without an
            entry does not exist.
        labels: the closed set of labels, in id order, for kinds that have one. A tagging task may take it from its
            training data instead (`xstilts.sources.labels`).
        unanswerable: whether the context of a question may contain no answer. Such a question has no gold answers, and
            the correct prediction is empty.
        parallel: whether the data are parallel texts, whose languages are pairs such as `de-en`.
        aligned: whether training examples with the same id in different languages are translations of each other.
        stage: the task that is trained before this one is evaluated as a target (`mnli` for XNLI); None if the target
            is evaluated on the encoder without training.
        threshold_split: the split on whose gold labels a decision threshold is set before the task is evaluated.
        missing_languages: the languages without data, by split, such as Kazakh, Thai, Tagalog and Yoruba in dev sets.
        pools: the tasks whose examples are pooled into one training set with one head. The task then has no layouts of
            its own: the files are found as those of the pooled tasks, while limits and lengths are those of this task.
        folders: the names of the folders below `data` that may contain the files; by default the name of the task.
        hub: the splits on the Hugging Face hub. For each split and language, the first entry that has it is read.
        archives: the name of the official archive (`xstilts.sources.archives`), by split, for each split without an
            official copy on the hub. Its files have one of the layouts of `splits`; the name may contain `{lang}`.
        counts: the number of rows of a complete split, by split and language (for parallel sentences, the rows of both
            sides). Another number in a split that is read completely is reported.
        language_facts: the fields of `xstilts.languages.Language` that the readers use, such as the `name` at the start
            of a TyDiQA question id. Fields that occur only in file names need not be listed.
        manual_download: for a task whose files only the user can obtain, the expected contents of its folder and the
            reason. The error for missing files contains this text instead of the file names.
        title: the name of the data set in the documentation and in model cards.
        licence: the licence of the data.
        citation: authors, year, title and venue of the paper to cite, on one line.
        homepage: the address of the data set.
        notes: remarks for users of the data, or of a model trained on them, as Markdown on one line.
        trained_in: the languages that have training and dev data, if they are not the languages of evaluation.
        translated: the languages whose training data are machine translations.
        overlaps: the splits that have the text of splits of other tasks, possibly in another language, such as
            `{"dev": ("xnli.dev",)}`.
        estimates: approximate sizes for `xstilts plan`, by split. `subwords` is the mean length of a row with a
            tokenizer like XLM-R's, special tokens included and all choices together; `windows` is the mean number of
            windows of a question at 384 sub-words; `rows` is the number of rows in each language that `counts` lacks.

    The last nine fields only describe the data. No fingerprint covers them, so correcting them renames no result.
    """

    name: str
    kind: str
    metric: str
    languages: tuple[str, ...]
    splits: Mapping[str, tuple[Layout, ...]]
    labels: tuple[str, ...] = ()
    unanswerable: bool = False
    parallel: bool = False
    aligned: bool = False
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
    trained_in: tuple[str, ...] = ()
    translated: tuple[str, ...] = ()
    overlaps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    estimates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def parts(self) -> tuple["Task", ...]:
        """The tasks whose files are read: the pooled tasks, or the task itself."""
        return self.pools or (self,)


Folders = list[Path]
"""The folders that are searched for the files of a task, in order."""
