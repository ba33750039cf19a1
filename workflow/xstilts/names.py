"""The grammar of the names in a configuration, and the names of splits.

    path   = "none" | stage { "/" stage }
    stage  = name [ "@" lang { "+" lang } ] { "+" modifier }
    target = name [ "@" lang { "+" lang } ] { "+" modifier }
    lang   = code | code "-" code | "all" | a name of `language_groups`
    name   = [a-z0-9][a-z0-9_.-]*

A modifier of a stage is a name of `objectives`; a modifier of a target is a perturbation of its text. `+` joins both
languages and modifiers. What looks like the code of a language is one, so modifiers have longer names. Canonical names
contain no groups.

`{source}` in a name stands for each language of `grid.sources` in turn. This is the only module that parses names.
"""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass

NO_INTERMEDIATE = "none"
"""The intermediate without stages: the encoder itself."""

ALL = "all"
"""Stands for all languages in which a task has training data."""

SOURCE = "{source}"
"""Stands for each language of `grid.sources` in turn."""

WORD = r"[a-z0-9][a-z0-9_.-]*"
"""The pattern of a name and of a language."""

SHORT_MODIFIERS = ("fgm", "pgd")
"""The modifiers that look like codes of languages. ISO 639-3 has both codes, but no task has these languages."""

_ADDED = rf"{WORD}(?:\+{WORD})*"
_REFERENCE = re.compile(rf"(?P<name>{WORD})(?:@(?P<languages>{_ADDED})|\+(?P<modifiers>{_ADDED}))?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]{2,3})?")

_SHOWN = 3
"""Maximum number of languages that a path shows."""


@dataclass(frozen=True)
class Reference:
    """A stage, a task or a target as it is named in a configuration, such as `mnli@de+zh+freelb`.

    Args:
        name: the name before `@` and `+`.
        languages: the languages after `@`, as written; empty if there are none.
        modifiers: the objectives or perturbations after the languages, as written; empty if there are none.
    """

    name: str
    languages: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self._with("+".join(self.languages))

    @property
    def in_path(self) -> str:
        """The name as a component of a path: `mnli@5langs` for more than three languages."""
        if len(self.languages) <= _SHOWN:
            return str(self)
        return self._with(f"{len(self.languages)}langs")

    def _with(self, languages: str) -> str:
        return "+".join([f"{self.name}@{languages}" if languages else self.name, *self.modifiers])


def reference(text: str, groups: Container[str] = ()) -> Reference:
    """Parse the name of a stage, a task or a target.

    Args:
        groups: the names of groups of languages; canonical names contain none.

    Raises:
        ValueError: the name does not have this form, or has a language or a modifier twice.
    """
    found = _REFERENCE.fullmatch(text)
    if found is None:
        where = f"; {SOURCE} is for names in grid.intermediates and grid.targets" if SOURCE in text else ""
        raise ValueError(
            f"{text!r} is not a name with optional languages and modifiers, such as 'mnli', 'mnli@de+zh' or "
            f"'mnli@de+freelb'{where}"
        )
    joined = found["languages"] or found["modifiers"]
    added = tuple(joined.split("+")) if joined else ()
    languages = tuple(one for one in added if looks_like_language(one) or one in groups)
    modifiers = tuple(one for one in added if one not in languages)
    if languages and not found["languages"]:
        raise ValueError(f"{text!r} has a language after '+'; write {found['name']}@{'+'.join(languages)}")
    if found["languages"] and not languages:
        problem = "is neither the code of a language nor one of language_groups"
        raise ValueError(f"{modifiers[0]!r} in {text!r} {problem}; a modifier follows '+' instead of '@'")
    if languages and added != languages + modifiers:
        ordered = Reference(found["name"], languages, modifiers)
        raise ValueError(f"{text!r} has a language after {modifiers[0]!r}, which is none; write {ordered}")
    twice = next((one for one in added if added.count(one) > 1), None)
    if twice:
        what = "language" if twice in languages else "modifier"
        raise ValueError(f"{text!r} has the {what} {twice!r} twice; remove one")
    return Reference(found["name"], languages, modifiers)


def looks_like_language(text: str) -> bool:
    """Whether a text after `@` is the code of a language, a pair of codes, or `all`, rather than a modifier."""
    return text not in SHORT_MODIFIERS and _LANGUAGE.fullmatch(text) is not None


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
