"""The names by which a configuration speaks of stages, and of the splits of a task.

    path = "none" | stage { "/" stage }

Names are taken apart here and nowhere else.
"""

from collections.abc import Iterable

NO_INTERMEDIATE = "none"
"""The intermediate without any stage: the encoder itself."""


def stages_of(intermediate: str) -> tuple[str, ...]:
    """The stages of an intermediate, in order: `squad_v1/mnli` has two, `none` has none."""
    return () if intermediate == NO_INTERMEDIATE else tuple(intermediate.split("/"))


def path_of(stages: Iterable[str]) -> str:
    """The stages of a model as one name, the way an intermediate is written."""
    return "/".join(stages)


def split_name(split: str, lang: str) -> str:
    """A split in one language: `train.en`."""
    return f"{split}.{lang}"


def split_and_language(name: str) -> tuple[str, str]:
    """The two parts of what `split_name` gives."""
    split, _, lang = name.partition(".")
    return split, lang
