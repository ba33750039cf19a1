"""Collected results of an experiment, their statistics, and the reports: tables, figures and the page."""

from typing import TYPE_CHECKING

from xstilts.experiments import Experiment

if TYPE_CHECKING:
    from xstilts.reporting.experiment_results import Results


def results(experiment: Experiment) -> "Results":
    """The scores, statistics and trainings of a finished experiment.

    Args:
        experiment: as returned by `xstilts.experiments.load`.

    Raises:
        UserError: the scores or their statistics are not finished.
    """
    # Importing another module of this package should not import pandas.
    from xstilts.reporting.experiment_results import read

    return read(experiment.store, experiment.grid)
