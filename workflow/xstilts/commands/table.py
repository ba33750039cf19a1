"""Print the table of differences from the baseline, as far as it is finished."""

from argparse import ArgumentParser, Namespace

from xstilts.commands.shell import add_config, open_experiment, show
from xstilts.errors import UserError
from xstilts.experiments import Experiment
from xstilts.reporting import collect, results, tables
from xstilts.reporting.experiment_results import Results
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
    scores = collect.collect(config.store, [cell.record for cell in done], experiment.grid.evaluated)
    found = _results(experiment)
    for encoder, table in of_scores(scores, config).items():
        title = f"{config.experiment}, {encoder}: score of the baseline, and differences from it"
        spread = tables.spreads(scores, encoder, config.grid) if len(config.grid.seeds) > 1 else None
        show(tables.rich_table(table, title, spread, found.uncertain(encoder) if found else None, config.grid))
    for warning in warnings(config.store, grid):
        print(f"warning: {warning}")
    if len(done) < len(grid.cells):
        print(f"{len(done)} of {len(grid.cells)} cells are finished; {MISSING} marks missing scores.")
    else:
        folder = config.store / "experiments" / config.experiment
        reports = [folder / name for name in ("report.html", "tables", "scores.csv")]
        print(", ".join(str(report) for report in reports if report.exists()))


def _results(experiment: Experiment) -> Results | None:
    """The results with their statistics; None if they are not finished, or cannot be read, which is printed."""
    try:
        return results(experiment)
    except UserError:
        return None
    except (OSError, ValueError, KeyError) as error:
        print(f"warning: the statistics cannot be read, so no change is marked as uncertain: {error}")
        return None
