"""The grammar of the names in a configuration: paths of stages, and splits of a task.

    path = "none" | stage { "/" stage }

This is the only module that parses names.
"""

from collections.abc import Iterable

NO_INTERMEDIATE = "none"
"""The intermediate without stages: the encoder itself."""


def stages_of(intermediate: str) -> tuple[str, ...]:
    """The stages of an intermediate, in order: `squad_v1/mnli` has two, `none` has none."""
    return () if intermediate == NO_INTERMEDIATE else tuple(intermediate.split("/"))


def path_of(stages: Iterable[str]) -> str:
    """The stages of a model joined into one name, in the notation of intermediates."""
    return "/".join(stages)


def split_name(split: str, lang: str) -> str:
    """The name of a split in one language, such as `train.en`."""
    return f"{split}.{lang}"


def split_and_language(name: str) -> tuple[str, str]:
    """The split and the language of a name made by `split_name`."""
    split, _, lang = name.partition(".")
    return split, lang
