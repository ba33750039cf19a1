"""Delete weights that are no longer needed (keep_models: false)."""

from argparse import ArgumentParser, Namespace

from xstilts.commands.shell import add_config, open_experiment
from xstilts.config import ConfigError
from xstilts.store import weights


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config(parser)


def run(arguments: Namespace) -> None:
    """Delete unneeded weights, as at the end of every run.

    Raises:
        ConfigError: the configuration keeps its models.
    """
    experiment = open_experiment(arguments)
    if experiment.config.keep_models:
        raise ConfigError("keep_models", True, "weights are deleted only if it is false")
    grid = experiment.grid
    weights.delete_unneeded_weights(experiment.config, grid, grid.entries.values())
