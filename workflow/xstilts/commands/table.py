"""Print the table of differences from the baseline, as far as it is finished."""

from argparse import ArgumentParser, Namespace

import pandas as pd

from xstilts.commands.shell import add_config, open_experiment, show
from xstilts.errors import UserError
from xstilts.experiments import Experiment
from xstilts.reporting import collect, results, tables
from xstilts.reporting.experiment_results import holds_zero
from xstilts.reporting.marks import MISSING
from xstilts.reporting.tables import of_scores
from xstilts.store.entries import finished
from xstilts.store.warned import require, warnings


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config(parser)


def run(arguments: Namespace) -> None:
    """Print a table per encoder, and the warnings about the results.

    Raises:
        UserError: no cell is finished, or the configuration is strict and there is a warning.
    """
    experiment = open_experiment(arguments)
    config, grid = experiment.config, experiment.grid
    require(config, grid)
    done = [cell for cell in grid.cells if finished(config.store, cell.scores)]
    if not done:
        raise UserError(f"no cell of {config.experiment!r} is finished below {config.store}; run snakemake first.")
    scores = collect.collect(config.store, [cell.record for cell in done])
    statistics = _statistics(experiment)
    for encoder, table in of_scores(scores, config).items():
        title = f"{config.experiment}, {encoder}: score of the baseline, and differences from it"
        uncertain = None
        if statistics is not None:
            title += "; grey: the 95 % interval contains 0"
            mine = statistics[statistics["encoder"].eq(encoder) & statistics["language"].eq(collect.ALL)]
            grey = mine.assign(grey=holds_zero(mine))
            uncertain = grey.pivot_table(index="intermediate", columns="target", values="grey", aggfunc="any")
        spread = None
        if len(config.grid.seeds) > 1:
            title += "; ±: standard deviation over seeds"
            spread = tables.spreads(scores, encoder, config.grid)
        show(tables.rich_table(table, title, spread, uncertain))
    for warning in warnings(config.store, grid):
        print(f"warning: {warning}")
    if len(done) < len(grid.cells):
        print(f"{len(done)} of {len(grid.cells)} cells are finished; {MISSING} marks missing scores.")
    else:
        folder = config.store / "experiments" / config.experiment
        reports = [folder / name for name in ("report.html", "tables", "scores.csv")]
        print(", ".join(str(report) for report in reports if report.exists()))


def _statistics(experiment: Experiment) -> pd.DataFrame | None:
    """The statistics of all targets; None if they are not finished."""
    try:
        return results(experiment).statistics
    except UserError:
        return None
