"""Rejects R-Drop on encoders without dropout, whose predictions it would compare with themselves."""

from collections.abc import Callable, Iterator

from xstilts import recipes
from xstilts.config import Config, ConfigError, Encoder
from xstilts.names import reference, stages_of


def check_dropout(config: Config, dropout: Callable[[Encoder], float | None]) -> None:
    """Reject stages that need dropout, on encoders that have none, before any job.

    Args:
        dropout: returns the largest dropout in the layers of an encoder; None if it is unknown.

    Raises:
        ConfigError: the first problem found.
    """
    without = [name for name in config.grid.encoders if dropout(config.encoders[name]) == 0]
    for stage in _stages(config) if without else ():
        recipe = recipes.recipe(config, stage)
        if recipe.robust and recipe.robust.method == "rdrop" and recipe.dropout is None:
            problem = (
                f"the encoder {without[0]!r} has no dropout (from its config.json), so that both passes of rdrop give "
                "the same predictions. Set the dropout of the stage"
            )
            raise ConfigError(f"stages.{reference(stage).name}.dropout", None, problem, ["a number such as 0.1"])


def _stages(config: Config) -> Iterator[str]:
    """The stages of the grid, as they are named in paths."""
    for intermediate in config.grid.intermediates:
        yield from stages_of(intermediate)
    for target in config.grid.targets:
        yield from recipes.target(config, target).stages
