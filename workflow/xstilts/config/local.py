"""The settings of a data set without a reader of its own."""

from collections import Counter
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, StrictInt, StrictStr, model_validator

from xstilts.config.settings import NOT_IN_SPECS, InSpecs, Settings

Column = Annotated[StrictInt, Field(ge=1)] | StrictStr
"""The name of a column or a JSON key, or the number of a column, from 1, in a table without a header."""


def _of_pairs(value: Any) -> Any:
    is_pairs = isinstance(value, list) and value and all(isinstance(one, list) and len(one) == 2 for one in value)
    return dict(value) if is_pairs else value


def _in_pairs(value: Any) -> Any:
    return [list(pair) for pair in value.items()] if isinstance(value, dict) else list(value)


ORDERED = BeforeValidator(_of_pairs), PlainSerializer(_in_pairs, when_used="json")
"""A block whose order matters, which JSON files of jobs would sort: they have a list of pairs instead."""

TABLES, OBJECTS = ("tsv", "csv"), ("jsonl", "json")
FORMATS = {
    "classification": (*TABLES, *OBJECTS),
    "multiple_choice": (*TABLES, *OBJECTS),
    "tagging": (*OBJECTS, "conll"),
    "span": ("squad",),
}
"""The formats of each kind."""

FIELDS_NAMED = (*TABLES, *OBJECTS)
"""The formats whose columns or keys are named by settings."""

FIELDS = {
    "classification": (("text_a", "label"), ("text_b", "id")),
    "multiple_choice": (("prompt", "choices", "label"), ("id",)),
    "tagging": (("words", "tags"), ("id",)),
}
"""The fields of each kind that a file has columns for: those that it needs, and those that it may have."""

METRICS = {
    "classification": ("accuracy",),
    "multiple_choice": ("accuracy",),
    "tagging": ("word_accuracy", "chunks"),
    "span": ("squad",),
}
"""The metrics of each kind; the first is the default."""


class Local(Settings):
    """The files of a task without a reader of its own, in a common format."""

    kind: Literal["classification", "multiple_choice", "tagging", "span"]
    """Kind of the task."""
    format: Literal["tsv", "csv", "jsonl", "json", "conll", "squad"]
    """Format of the files. `tsv`: columns separated by TAB, without quotes; `csv`: quoted columns; `jsonl`: an object
    on each line; `json`: a list of objects; `conll`: `word<TAB>tag` on each line, an empty line between sentences;
    `squad`: the JSON of SQuAD. Classification and multiple choice use the first four, tagging `jsonl`, `json` or
    `conll`, and span `squad`."""
    files: Annotated[dict[Literal["train", "dev", "test"], str], NOT_IN_SPECS]
    """Name of the file of each split, relative to the folder of the task; `{lang}` stands for the language."""
    languages: Annotated[tuple[str, ...], NOT_IN_SPECS]
    """Languages of the files."""
    columns: Annotated[dict[str, Column | tuple[Column, ...]], InSpecs(neutral={})] = {}
    """Column or JSON key of each field: `text_a`, `text_b` (for pairs) and `label`; `prompt`, `choices` (a column for
    each choice, or one with a list) and `label`; or `words` and `tags`, which are lists. `id` is optional. Of a `tsv`
    without a header, the numbers of the columns, from 1."""
    labels: Annotated[dict[str, str] | tuple[str, ...], *ORDERED, NOT_IN_SPECS] = ()
    """Words that stand for labels in the files, in the order of the label ids, or the label for each word. For multiple
    choice, a list of the words for the first choice, the second and so on. Tags need none."""
    left_out: Annotated[tuple[str, ...], InSpecs(neutral=())] = ()
    """Words for labels whose rows are left out and counted."""
    unlabelled: Annotated[tuple[Literal["dev", "test"], ...], InSpecs(neutral=())] = ()
    """Splits without labels."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1), InSpecs(neutral=",")] = ","
    """Character between the columns of `csv`."""
    aligned: Annotated[bool, InSpecs(neutral=False)] = False
    """Whether examples with the same id in different languages are translations of each other, for `languages_share`.
    Requires a column for `id`, except in `squad`."""
    metric: Annotated[Literal["accuracy", "word_accuracy", "chunks", "squad"] | None, InSpecs(neutral=None)] = None
    """Metric of the task: `accuracy` of classification and multiple choice, `word_accuracy` or `chunks` (the F1 of
    named entities) of tagging, `squad` of span; `null` for the first of these."""
    stage: Annotated[str | None, NOT_IN_SPECS] = None
    """Task that is trained before this one is evaluated, of the same kind and with the same labels in the same order;
    `null` for this one."""
    title: Annotated[str, NOT_IN_SPECS] = ""
    """Name of the data set in model cards."""
    licence: Annotated[str, NOT_IN_SPECS] = "see its release"
    """Licence of the data."""
    citation: Annotated[str, NOT_IN_SPECS] = ""
    """Paper to cite."""
    homepage: Annotated[str, NOT_IN_SPECS] = ""
    """Address of the data set."""

    @property
    def words(self) -> dict[str, str]:
        """The label for each word in the files, in the order of the label ids."""
        if isinstance(self.labels, dict):
            return self.labels
        if self.kind == "multiple_choice":
            return {word: str(number) for number, word in enumerate(self.labels)}
        return {word: word for word in self.labels}

    @model_validator(mode="after")
    def _files_of_languages(self) -> Self:
        if not self.files or not self.languages:
            raise ValueError(f"{'languages' if self.files else 'files'!r} is empty; expected at least one entry")
        if twice := [lang for lang, count in Counter(self.languages).items() if count > 1]:
            raise ValueError(f"'languages' lists {', '.join(twice)} twice; remove one")
        if "train" not in self.files and self.stage is None:
            raise ValueError("without 'train' in 'files', 'stage' must name the task that is trained for this one")
        for split, name in self.files.items():
            try:
                named = name.format(lang="")
            except (KeyError, IndexError, ValueError):
                raise ValueError(f"files.{split} {name!r} may have nothing but {{lang}} in braces") from None
            if len(self.languages) > 1 and named == name:
                raise ValueError(
                    f"files.{split} {name!r} needs {{lang}}, since there are {len(self.languages)} languages"
                )
        if unread := sorted({*self.unlabelled} - {*self.files}):
            raise ValueError(f"'unlabelled' lists {', '.join(unread)}, which 'files' does not have")
        return self

    @model_validator(mode="after")
    def _of_the_kind(self) -> Self:
        if self.format not in FORMATS[self.kind]:
            raise ValueError(f"the format {self.format!r} is not one of {self.kind}: {', '.join(FORMATS[self.kind])}")
        if self.metric not in (*METRICS[self.kind], None):
            raise ValueError(f"the metric {self.metric!r} is not one of {self.kind}: {', '.join(METRICS[self.kind])}")
        return self

    @model_validator(mode="after")
    def _used_by_the_format(self) -> Self:
        unused = [] if self.format == "csv" or self.delimiter == "," else ["delimiter"]
        if self.format not in FIELDS_NAMED:
            unused += [key for key in ("columns", "labels", "left_out", "unlabelled") if getattr(self, key)]
        if unused:
            raise ValueError(f"the format {self.format!r} does not use {', '.join(unused)}; remove it")
        if self.delimiter in '"\r\n':
            raise ValueError("'delimiter' cannot be a quote or the end of a line")
        if self.aligned and "id" not in self.columns and self.format != "squad":
            raise ValueError("'aligned' requires a column for 'id', by which translations are found")
        return self

    @model_validator(mode="after")
    def _columns_of_the_kind(self) -> Self:
        if self.format not in FIELDS_NAMED:
            return self
        needed, possible = FIELDS[self.kind]
        for field, column in self.columns.items():
            if field not in (*needed, *possible):
                raise ValueError(f"unknown field {field!r} in 'columns'; allowed: {', '.join((*needed, *possible))}")
            if isinstance(column, tuple) and field != "choices":
                raise ValueError(f"columns.{field} is one column, not a list")
        if missing := [field for field in needed if field not in self.columns]:
            raise ValueError(f"'columns' lacks {', '.join(missing)}; {self.kind} needs {', '.join(needed)}")
        numbered = [isinstance(column, int) for column in self.wanted()]
        if any(numbered) and (self.format != "tsv" or not all(numbered)):
            raise ValueError("numbers of columns are for a 'tsv' without a header, and for all of its columns")
        return self

    @model_validator(mode="after")
    def _labels_of_the_kind(self) -> Self:
        if self.kind in ("classification", "multiple_choice") and not self.labels:
            raise ValueError("'labels' is empty; expected the words that stand for labels in the files")
        if self.kind == "multiple_choice":
            if isinstance(self.labels, dict):
                raise ValueError(
                    "'labels' of multiple choice is a list: the word for the first choice, then the second"
                )
            choices = self.columns["choices"]
            if isinstance(choices, tuple) and len(choices) != len(self.labels):
                raise ValueError(f"{len(choices)} columns of choices, but {len(self.labels)} words in 'labels'")
        if unknown := [word for word in self.left_out if word in self.words]:
            raise ValueError(f"{', '.join(unknown)}: both in 'labels' and in 'left_out'")
        return self

    def wanted(self) -> tuple[str | int, ...]:
        """All columns that are read."""
        listed = (one if isinstance(one, tuple) else (one,) for one in self.columns.values())
        return tuple(dict.fromkeys(column for columns in listed for column in columns))
