"""Print the table of deltas of a finished experiment."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from rich.console import Console

from xstilts.commands.job import load_config
from xstilts.commands.tables import of_experiment
from xstilts.errors import UserError
from xstilts.reporting import tables


def add_arguments(parser: ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("config", type=Path, help="results/experiments/<experiment>/config.json of a run")


def run(arguments: Namespace) -> None:
    """Print one table for each encoder."""
    config = load_config(arguments.config)
    folder = config.store / "experiments" / config.experiment
    if not (folder / "scores.parquet").is_file():
        raise UserError(f"{folder}: the experiment has no scores yet; run snakemake first.")
    for encoder, table in of_experiment(config, folder).items():
        title = f"{config.experiment}, {encoder}: the baseline's score, and the change that each intermediate brings"
        shown = tables.rich_table(table, title)
        # A narrow terminal breaks the lines; rich would cut the numbers.
        Console(width=Console(width=1000).measure(shown).maximum).print(shown)
    print(f"{folder}/tables, {folder}/scores.csv")
