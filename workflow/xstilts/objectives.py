"""Resolves the objective of a stage, and rejects those with which it cannot be trained."""

from collections.abc import Iterator

from xstilts.config import Config, ConfigError, Stage
from xstilts.config.objectives import Objective


def of_stage(config: Config, name: str) -> Objective | None:
    """The objective of the block of a stage; None for plain training, also if the weight of its own term is 0.

    Raises:
        ConfigError: there is no objective of this name.
    """
    written = config.stage(name).objective
    return _effective(named(config, f"stages.{name}.objective", written) if isinstance(written, str) else written)


def named(config: Config, key: str, name: str) -> Objective | None:
    """The objective of a name; None for plain training.

    Args:
        key: the key of the configuration in which the name stands.

    Raises:
        ConfigError: there is no objective of this name.
    """
    if name not in config.objectives:
        raise ConfigError(key, name, "unknown objective; define it under 'objectives'", config.objectives)
    return _effective(config.objectives[name])


def _effective(objective: Objective | None) -> Objective | None:
    return None if objective is None or objective.is_plain else objective


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
