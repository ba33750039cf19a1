"""Delete the weights of models that have served, of an experiment with `keep_models: false` that is finished."""

from argparse import ArgumentParser, Namespace

from xstilts import experiments
from xstilts.commands.shell import add_config
from xstilts.config import ConfigError
from xstilts.experiments import open_grid
from xstilts.store import weights


def add_arguments(parser: ArgumentParser) -> None:
    """The command's own arguments."""
    add_config(parser)


def run(arguments: Namespace) -> None:
    """Do what every run does in its end, where nothing is left to run.

    Raises:
        ConfigError: the configuration keeps its models.
    """
    config = experiments.load(arguments.config)
    if config.keep_models:
        raise ConfigError("keep_models", True, "nothing is discarded before it is false")
    grid = open_grid(config)
    weights.delete_unneeded_weights(config, grid, grid.entries.values())
