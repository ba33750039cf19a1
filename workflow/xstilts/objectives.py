"""Resolves the objective of a stage, and rejects those with which it cannot be trained."""

from collections.abc import Iterator

from xstilts.config import Config, ConfigError, Stage
from xstilts.config.objectives import Objective
from xstilts.errors import nearest
from xstilts.names import Reference, looks_like_language
from xstilts.perturbations import names


def require_distinct(config: Config) -> None:
    """Check that the names of objectives are not read as something else after `+` in the name of a stage.

    Raises:
        ConfigError: a name is that of a perturbation or of a group of languages, or looks like the code of a language.
    """
    for name in config.objectives:
        found = {
            "looks like the code of a language": looks_like_language(name),
            "is the name of a group of languages": name in config.language_groups,
            "is the name of a perturbation": names.is_name(name),
        }
        if problem := next((text for text, is_so in found.items() if is_so), None):
            raise ConfigError("objectives", name, f"{problem}; give the objective another name")


def require_names(config: Config, stage: Reference) -> None:
    """Check the modifiers in the name of a stage.

    Raises:
        ValueError: there are several, or one is not the name of an objective.
    """
    known = ", ".join(config.objectives) or "none, since the configuration has no 'objectives'"
    for name in stage.modifiers:
        if names.is_name(name):
            raise ValueError(f"{name!r} in {str(stage)!r} is a perturbation, which modifies a target and not a stage")
        if name not in config.objectives:
            problem = f"{name!r} in {str(stage)!r} is neither one of 'objectives' nor a language"
            raise ValueError(f"{problem}; objectives: {known}{nearest(name, config.objectives)}")
    if len(stage.modifiers) > 1:
        raise ValueError(f"{str(stage)!r} has several objectives; a stage has one")


def of_stage(config: Config, stage: Reference) -> Objective | None:
    """The objective of a stage: that of its name, or else that of its block.

    None for plain training, also if the weight of its own term is 0.

    Raises:
        ConfigError: there is no objective of this name.
    """
    written = stage.modifiers[0] if stage.modifiers else config.stage(stage.name).objective
    if isinstance(written, str):
        if written not in config.objectives:
            problem = "unknown objective; define it under 'objectives'"
            raise ConfigError(f"stages.{stage.name}.objective", written, problem, config.objectives)
        written = config.objectives[written]
    return None if written is None or written.is_plain else written


def problems(name: str, stage: Stage) -> Iterator[ConfigError]:
    """What is wrong with the objective of a stage, whatever the encoder.

    Args:
        name: the name of the block of the stage.
        stage: its complete recipe.
    """
    objective = stage.robust
    if objective is None:
        return
    if objective.needs_float32 and stage.precision == "bf16":
        problem = (
            f"the objective of the stage ({objective.method}) compares predictions that differ by less than the "
            "rounding of bfloat16"
        )
        yield ConfigError(f"stages.{name}.precision", stage.precision, problem, ["mixed", "fp32"])
    if objective.method == "rdrop" and stage.dropout == 0:
        problem = "the objective of the stage (rdrop) compares predictions with different dropout"
        yield ConfigError(f"stages.{name}.dropout", stage.dropout, problem, ["a number such as 0.1"])
