"""The grammar of the names in a configuration, and the names of splits.

    path   = "none" | stage { "/" stage }
    stage  = name [ "@" lang { "+" lang } ]
    target = name [ "@" lang { "+" lang } ]
    lang   = code | code "-" code | "all" | a name of `language_groups`
    name   = [a-z0-9][a-z0-9_.-]*

`{source}` in a name stands for each language of `grid.sources` in turn. This is the only module that parses names.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

NO_INTERMEDIATE = "none"
"""The intermediate without stages: the encoder itself."""

ALL = "all"
"""Stands for all languages in which a task has training data."""

SOURCE = "{source}"
"""Stands for each language of `grid.sources` in turn."""

WORD = r"[a-z0-9][a-z0-9_.-]*"
"""The pattern of a name and of a language."""

_REFERENCE = re.compile(rf"(?P<name>{WORD})(?:@(?P<languages>{WORD}(?:\+{WORD})*))?")

_SHOWN = 3
"""Maximum number of languages that a path shows."""


@dataclass(frozen=True)
class Reference:
    """A stage, a task or a target as it is named in a configuration, such as `mnli@de+zh`.

    Args:
        name: the name before `@`.
        languages: the languages after `@`, as written; empty if there are none.
    """

    name: str
    languages: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}@{'+'.join(self.languages)}" if self.languages else self.name

    @property
    def in_path(self) -> str:
        """The name as a component of a path: `mnli@5langs` for more than three languages."""
        if len(self.languages) <= _SHOWN:
            return str(self)
        return f"{self.name}@{len(self.languages)}langs"


def reference(text: str) -> Reference:
    """Parse the name of a stage, a task or a target.

    Raises:
        ValueError: the name does not have this form, or has a language twice.
    """
    found = _REFERENCE.fullmatch(text)
    if found is None:
        where = f"; {SOURCE} is for names in grid.intermediates and grid.targets" if SOURCE in text else ""
        raise ValueError(f"{text!r} is not a name with optional languages, such as 'mnli' or 'mnli@de+zh'{where}")
    languages = tuple(found["languages"].split("+")) if found["languages"] else ()
    twice = next((lang for lang in languages if languages.count(lang) > 1), None)
    if twice:
        raise ValueError(f"{text!r} has the language {twice!r} twice; remove one")
    return Reference(found["name"], languages)


def is_word(text: str) -> bool:
    """Whether a text can be the name of a stage, a task or a target, to which languages are added with `@`."""
    return re.fullmatch(WORD, text) is not None


def stages_of(intermediate: str) -> tuple[str, ...]:
    """The stages of an intermediate, in order: `squad_v1/mnli` has two, `none` has none."""
    return () if intermediate == NO_INTERMEDIATE else tuple(intermediate.split("/"))


def path_of(stages: Iterable[str]) -> str:
    """The stages of a model joined into one name, in the notation of intermediates."""
    return "/".join(stages)


def shortened(path: str) -> str:
    """A path of stages, or a target, with at most three languages in each name."""
    return path_of(reference(name).in_path for name in path.split("/"))


def of_source(name: str, lang: str) -> str:
    """A name with one of the languages of `grid.sources` in place of `{source}`."""
    return name.replace(SOURCE, lang)


def split_name(split: str, lang: str) -> str:
    """The name of a split in one language, such as `train.en`."""
    return f"{split}.{lang}"


def names_of(files: Iterable[str], split: str) -> list[str]:
    """The names of a split in all its languages, among the names of splits."""
    return [name for name in files if split_and_language(name)[0] == split]


def languages_of(files: Iterable[str], split: str) -> list[str]:
    """The languages of a split, among the names of splits."""
    return [split_and_language(name)[1] for name in names_of(files, split)]


def split_and_language(name: str) -> tuple[str, str]:
    """The split and the language of a name made by `split_name`."""
    split, _, lang = name.partition(".")
    return split, lang
